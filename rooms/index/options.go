package index

import (
	"errors"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// Observer hears of every message once, in whatever order, after it was stored and before anybody who waits for it is told;
// and, when the file is begun anew, that all is told again. What was known when the file was opened is not told: see
// [Index.Since].
type Observer interface {
	Accepted(headers []rooms.Header)
	Anew()
}

// Options say where the index is and how it folds. All but Path have defaults.
type Options struct {
	// Path is the file; SQLite puts two more beside it, with -wal and -shm at the end.
	Path string `yaml:"path"`
	// BatchSize is the most entries of the log that one transaction folds: 1000 if zero.
	BatchSize int `yaml:"batchSize"`
	// CacheBytes bounds the values that the writer keeps at hand: 32 MiB if zero.
	CacheBytes int `yaml:"cacheBytes"`
	// Transactions is how many transaction ids are expected within Keep: 10,000,000 if zero.
	// Each takes a little more than a byte of memory; more than expected only cost time.
	Transactions int `yaml:"transactions"`
	// Keep is how long a message is known after its acceptance: 30 days if zero. It is that
	// of the EVENTS stream.
	Keep time.Duration `yaml:"keep"`
	// KeepSent is how long after a message was sent a receipt that names it by the provider's id finds it: 7 days if zero.
	KeepSent time.Duration `yaml:"keepSent"`
	// Gather is how long the fold rests after a small transaction so that the next is larger,
	// unless somebody waits for it: 20 ms if zero.
	Gather time.Duration `yaml:"gather"`
	// Pause is the wait before a tail of the log that failed is tried again: 1 s if zero.
	Pause time.Duration `yaml:"pause"`

	// Observer hears of messages as they become known; nobody if nil.
	Observer Observer `yaml:"-"`
	// Source names the log that is folded, such as its streams' times of creation; a file
	// that was folded from another source is begun anew.
	Source string `yaml:"-"`
	// Logger hears of files begun anew and of tails that failed; silent if nil.
	Logger *slog.Logger `yaml:"-"`
	// Metrics counts what is folded; nowhere if nil.
	Metrics *metrics.Set `yaml:"-"`
	// Now is the clock by which messages grow old; time.Now if nil.
	Now func() time.Time `yaml:"-"`
}

const (
	defaultBatch = 1000
	defaultCache = 32 << 20
	defaultKeep  = 30 * 24 * time.Hour
	defaultPause = time.Second
	defaultSent  = 7 * 24 * time.Hour

	defaultTransactions = 10_000_000

	defaultGather = 20 * time.Millisecond
)

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	setDefault(&o.BatchSize, defaultBatch)
	setDefault(&o.CacheBytes, defaultCache)
	setDefault(&o.Keep, defaultKeep)
	setDefault(&o.KeepSent, defaultSent)
	setDefault(&o.Transactions, defaultTransactions)
	setDefault(&o.Pause, defaultPause)
	setDefault(&o.Gather, defaultGather)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Check names every fault of the options.
func (o Options) Check() []error {
	var faults []error
	if o.Path == "" {
		faults = append(faults, errors.New("index: path is missing"))
	}
	if o.BatchSize < 0 || o.BatchSize > 10_000 {
		faults = append(faults, errors.New("index: batchSize is from 1 to 10000"))
	}
	if o.Transactions < 0 {
		faults = append(faults, errors.New("index: transactions is negative"))
	}
	if o.CacheBytes < 0 {
		faults = append(faults, errors.New("index: cacheBytes is negative"))
	}
	if o.Keep < 0 || o.Pause < 0 || o.Gather < 0 || o.KeepSent < 0 {
		faults = append(faults, errors.New("index: keep and pause are durations above zero"))
	}
	return faults
}
