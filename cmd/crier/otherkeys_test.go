package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// TestOtherKeysAreRefusedAtTheStart starts a node on a store that was written with another key file.
func TestOtherKeysAreRefusedAtTheStart(t *testing.T) {
	s := newStand(t, nil, nil)
	s.room("ward", demoPublisher)
	s.stop()
	own := s.home.keysFile + ".own"
	if err := errors.Join(os.Rename(s.home.keysFile, own), vault.Create(s.home.keysFile)); err != nil {
		t.Fatal(err)
	}
	again := func() error {
		logger := slog.New(slog.NewJSONHandler(&s.log, nil))
		s.crew, s.app = newCrew(logger), newApp(s.app.config, logger)
		_, err := s.app.openStore(t.Context(), s.crew)
		s.stop()
		return err
	}
	if err := again(); !errors.Is(err, registry.ErrOtherKeys) || !strings.Contains(err.Error(), "restore its key file") {
		t.Errorf("with another key file: %v", err)
	}
	if err := os.Rename(own, s.home.keysFile); err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Errorf("with its own: %v", err)
	}
}
