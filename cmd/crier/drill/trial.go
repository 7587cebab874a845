package drill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// scene is where a trial takes place.
type scene struct {
	target target
	// act is what happens: it calls strikes when it begins and ends when the fault is over.
	act func(context.Context, *trial) error
	// healed waits until the cluster is whole again.
	healed func(context.Context) error
	// arrivals gives what has been delivered of the messages acknowledged.
	arrivals arrivals
	// meter counts repeats, nil where that cannot be known.
	meter *meter
}

// arrivals tells what has been delivered.
type arrivals interface {
	// deliveries are those of a trial so far.
	deliveries(ctx context.Context, receipts []Receipt) ([]Delivery, error)
	// exact says whether each delivery is seen, or only that there was one.
	exact() bool
}

// trial is one fault, measured.
type trial struct {
	options Options
	fault   string
	run     int
	scene   scene
	load    *load

	began  time.Time     // with its load
	struck time.Time     // when the fault began, the first if there are several
	ended  time.Time     // when it was over, the last
	whole  time.Time     // when the cluster had healed, the last
	healed time.Duration // the longest time from an end until then

	deliveries []Delivery
}

// measure does it all: load, fault, healing, waiting for what is under way, counting.
func (t *trial) measure(ctx context.Context) (Result, error) {
	t.say("%s: load for %s", t.fault, t.options.Before)
	t.began = time.Now()
	t.load = newLoad(ctx, t.scene.target, t.prefix(), t.options.Publishers, t.options.Rate)
	count := t.countRepeats(ctx)
	defer count()
	err := t.suffer(ctx)
	refused := t.load.stop(t.options.Grace)
	if err != nil {
		return Result{}, err
	}
	t.say("%d acknowledged; waiting for their deliveries", len(t.load.acked()))
	if err := t.settle(ctx); err != nil {
		return Result{}, err
	}
	return t.result(count()), refused
}

// countRepeats counts until it is told to stop, which may be more than once.
func (t *trial) countRepeats(ctx context.Context) (stop func() *int) {
	if t.scene.meter == nil {
		return func() *int { return nil }
	}
	stopMeter := t.scene.meter.run(ctx)
	return sync.OnceValue(func() *int {
		n := stopMeter()
		return &n
	})
}

// prefix makes transaction ids unlike those of all other trials, of other processes too.
func (t *trial) prefix() string { return fmt.Sprintf("drill-%x-%d", time.Now().UnixNano(), t.run) }

// suffer lets the fault happen under load, and the cluster heal.
func (t *trial) suffer(ctx context.Context) error {
	if err := t.warm(ctx); err != nil {
		return err
	}
	if err := t.scene.act(ctx, t); err != nil {
		return fmt.Errorf("drill: %s: %w", t.fault, err)
	}
	if err := t.heals(ctx); err != nil {
		return err
	}
	sleep(ctx, afterwards)
	return ctx.Err()
}

// afterwards is how long the load goes on when everything has healed.
const afterwards = time.Second

// warm runs the load until it flows.
func (t *trial) warm(ctx context.Context) error {
	sleep(ctx, t.options.Before)
	limit := time.Now().Add(t.options.Grace)
	for len(t.load.acked()) < t.options.Publishers {
		if time.Now().After(limit) {
			return errors.New("drill: hardly a publish is acknowledged even without a fault")
		}
		if !sleep(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// strikes notes that the fault begins now.
func (t *trial) strikes(format string, args ...any) {
	now := time.Now()
	if t.struck.IsZero() {
		t.struck = now
	}
	t.say(format, args...)
}

// ends notes that the fault is over; healing counts from now.
func (t *trial) ends(format string, args ...any) {
	t.ended = time.Now()
	t.say(format, args...)
}

// heals waits until the cluster is whole, and notes how long that took.
func (t *trial) heals(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.options.HealWithin)
	defer cancel()
	if err := t.scene.healed(ctx); err != nil {
		return fmt.Errorf("drill: %s: not healed: %w", t.fault, err)
	}
	t.whole = time.Now()
	took := t.whole.Sub(t.ended)
	t.healed = max(t.healed, took)
	t.say("healed after %s", brief(took))
	return nil
}

const lookEvery = 200 * time.Millisecond

// settle waits until everything acknowledged has been delivered, for Grace at most.
func (t *trial) settle(ctx context.Context) error {
	limit := time.Now().Add(t.options.Grace)
	for {
		var err error
		if t.deliveries, err = t.scene.arrivals.deliveries(ctx, t.load.acked()); err != nil {
			return err
		}
		if len(compare(t.load.acked(), t.deliveries).lost) == 0 || time.Now().After(limit) {
			break
		}
		if !sleep(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	return t.linger(ctx)
}

// linger waits for repeats: a job whose node has died comes back when its time to be acknowledged is over.
func (t *trial) linger(ctx context.Context) error {
	if left := time.Until(t.ended.Add(t.options.Linger)); left > 0 && t.scene.arrivals.exact() {
		t.say("waiting %s more for repeats", brief(left))
		sleep(ctx, left)
	}
	var err error
	t.deliveries, err = t.scene.arrivals.deliveries(ctx, t.load.acked())
	return errors.Join(err, ctx.Err())
}

func (t *trial) result(skipped *int) Result {
	receipts := t.load.acked()
	counted := compare(receipts, t.deliveries)
	r := Result{
		Fault: t.fault, Run: t.run, Rate: t.options.Rate,
		PublishSilence:  millis(silence(acknowledged(receipts), t.struck, t.whole)),
		DeliverySilence: millis(silence(counted.arrivals, t.struck, t.whole)),
		QuietPublish:    millis(silence(before(acknowledged(receipts), t.struck), t.quiet(), t.struck)),
		QuietDelivery:   millis(silence(before(counted.arrivals, t.struck), t.quiet(), t.struck)),
		Acked:           len(receipts),
		Lost:            len(counted.lost),
		Healed:          millis(t.healed),
		LongestPublish:  millis(longestPublish(receipts)),
		LongestDelivery: millis(counted.longest),
	}
	if t.scene.arrivals.exact() {
		r.Duplicated = &counted.duplicated
	}
	if skipped != nil {
		again := *skipped + counted.duplicated
		r.Redelivered = &again
	}
	return r
}

// quiet is when the load had begun to flow: the middle of the time before the fault.
func (t *trial) quiet() time.Time { return t.began.Add(t.struck.Sub(t.began) / 2) }

func (t *trial) say(format string, args ...any) { t.options.Progress(fmt.Sprintf(format, args...)) }

func millis(d time.Duration) int64 { return d.Milliseconds() }

// brief is a duration for people.
func brief(d time.Duration) string { return d.Round(time.Millisecond).String() }
