package config

import (
	"errors"
	"io"
	"log/slog"
)

// Logging says what is logged, and how.
type Logging struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
}

// Logger writes to w as the options say; they have no fault.
func (l Logging) Logger(w io.Writer) *slog.Logger {
	level, err := l.level()
	if err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func (l Logging) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(l.Level))
	return level, err
}

// Check names every fault.
func (l Logging) Check() []error {
	var faults []error
	if _, err := l.level(); err != nil {
		faults = append(faults, errors.New("level: one of debug, info, warn, error"))
	}
	if l.Format != "text" && l.Format != "json" {
		faults = append(faults, errors.New("format: text or json"))
	}
	return faults
}
