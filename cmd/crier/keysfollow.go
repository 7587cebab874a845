package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

const (
	// lookAtKeys is how often the key file is looked at.
	lookAtKeys = time.Second
	// rekeyAgain separates the passes over the subscribers while there is more than one key of a kind.
	rekeyAgain = 10 * time.Minute
	// rekeyPause separates attempts when the log refuses.
	rekeyPause = 5 * time.Second
)

// ring is the vault's keys, which follow their file.
type ring struct {
	*vault.Current
	log     *slog.Logger
	gauges  *keyGauges
	refused *metrics.Counter
	changed chan struct{} // of one place: the keys are others since it was last emptied
	noted   chan struct{} // likewise, for who keeps which keys are in use
}

// openRing opens the vault.
func openRing(ctx context.Context, o vault.Options, log *slog.Logger, set *metrics.Set) (*ring, error) {
	v, err := vault.OpenCurrent(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	r := &ring{
		Current: v, log: log, gauges: &keyGauges{set: set}, changed: make(chan struct{}, 1), noted: make(chan struct{}, 1),
		refused: set.GetOrCreateCounter("crier_vault_refused_total"),
	}
	r.show("keys read")
	return r, nil
}

// show says which keys are in use.
func (r *ring) show(what string) {
	keys := r.Keys()
	r.log.Info(what, "keys", describeKeys(keys))
	r.gauges.show(keys)
}

// describeKeys is like "aead 17 primary, aead 18 enabled, hash 19 primary".
func describeKeys(keys []vault.Key) string {
	all := make([]string, len(keys))
	for i, k := range keys {
		all[i] = fmt.Sprintf("%s %d %s", k.Kind, k.ID, stateOf(k))
	}
	return strings.Join(all, ", ")
}

// follow reads the keys again when their file has changed, and on SIGHUP whatever it looks like, until ctx ends.
func (r *ring) follow(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	tick := time.NewTicker(lookAtKeys)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			r.took(r.Refresh(ctx))
		case <-hup:
			r.took(true, r.Reload(ctx))
		}
	}
}

// took says what has come of reading the keys again.
func (r *ring) took(changed bool, err error) {
	switch {
	case err != nil:
		r.refused.Inc()
		r.log.Error("keys not read again, the old ones stay in use", "error", err, "keys", describeKeys(r.Keys()))
	case changed:
		r.show("keys read again")
		for _, hears := range []chan struct{}{r.changed, r.noted} {
			select {
			case hears <- struct{}{}:
			default:
			}
		}
	}
}

// note keeps in the log which keys are in use, after each change of keys, until ctx ends.
func (r *ring) note(ctx context.Context, k *registry.KeysInUse) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.noted:
		}
		for err := k.Note(ctx, r.Keys()); err != nil && ctx.Err() == nil; err = k.Note(ctx, r.Keys()) {
			r.log.Warn("which keys are in use is not noted yet", "error", err)
			pause(ctx, rekeyPause)
		}
	}
}

// several says whether there is more than one key of a kind in use.
func (r *ring) several() bool {
	enabled := 0
	for _, k := range r.Keys() {
		if k.Enabled {
			enabled++
		}
	}
	return enabled > 2
}

// rekey moves the subscribers to the primary keys after each change of keys, and from time to time while old ones are in
// use, until ctx ends.
func (r *ring) rekey(ctx context.Context, k *registry.Rekeyer, after time.Duration) error {
	defer r.gauges.uses(nil)
	defer r.gauges.whoLeft(nil)
	wait, changed := after, false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.changed:
			wait, changed = after, true
			continue
		case <-time.After(wait):
		}
		wait = rekeyAgain
		switch {
		case !changed && !r.several():
			r.gauges.uses(nil)
			r.gauges.whoLeft(nil)
		case r.pass(ctx, k):
			changed = false
		default:
			wait = rekeyPause
		}
	}
}

// pass moves the subscribers once, and says whether that is done.
func (r *ring) pass(ctx context.Context, k *registry.Rekeyer) bool {
	uses, err := k.Pass(ctx)
	if err != nil {
		r.log.Warn("subscribers are not all moved to the new keys yet", "error", err)
		return false
	}
	left, err := registry.LeftUses(ctx, k.Store)
	if err != nil {
		r.log.Warn("who has left is not counted", "error", err)
		return false
	}
	r.gauges.uses(uses)
	r.gauges.whoLeft(left)
	r.log.Info("subscribers are moved to the primary keys", "uses", fmt.Sprint(uses))
	return true
}
