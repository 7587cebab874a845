package drill

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// Run starts a cluster of its own and has the faults happen to it, one after the other, each when the one before it has
// healed. It gives what was measured also with an error, which says that a fault could not be measured, or that a
// publish was refused.
func Run(ctx context.Context, o Options) (results []Result, err error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	s, err := newSink("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	o.Progress("starting two full nodes and a witness")
	f, err := start(ctx, o, s.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return repeat(ctx, o, func(ctx context.Context, name string) (scene, error) { return ownScene(ctx, o, f, s, name) })
}

// start waits for a cluster as long as it may take to heal.
func start(ctx context.Context, o Options, sink string) (*fleet.Fleet, error) {
	ctx, cancel := context.WithTimeout(ctx, o.HealWithin)
	defer cancel()
	return fleet.Start(ctx, fleetOptions(o, sink))
}

func fleetOptions(o Options, sink string) fleet.Options {
	c := fleet.Options{Program: o.Program, Sink: sink, Settings: map[string]any{}}
	for path, value := range o.Settings {
		c.Settings[path] = value
	}
	if o.Scale != 0 {
		c.Settings["broker.raft.scale"] = o.Scale
	}
	if o.Evidence != "" {
		c.Logs = filepath.Join(o.Evidence, "logs")
	}
	return c
}

// repeat goes through the faults, as often as there are runs, and keeps what was measured.
func repeat(ctx context.Context, o Options, set func(ctx context.Context, fault string) (scene, error)) ([]Result, error) {
	var results []Result
	for run := range o.Runs {
		for _, name := range o.Faults {
			s, err := set(ctx, name)
			if err != nil {
				return results, err
			}
			t := &trial{options: o, fault: name, run: run + 1, scene: s}
			r, err := t.measure(ctx)
			if err = errors.Join(err, t.keep(r)); r.Fault != "" {
				results = append(results, r)
				o.Measured(r)
			}
			if err != nil {
				return results, err
			}
		}
	}
	return results, nil
}

// ownScene prepares the cluster for a fault.
func ownScene(ctx context.Context, o Options, f *fleet.Fleet, s *sink, name string) (scene, error) {
	ctx, cancel := context.WithTimeout(ctx, o.HealWithin)
	defer cancel()
	o.Progress(name + ": " + Describe(name))
	if err := f.Healed(ctx); err != nil {
		return scene{}, fmt.Errorf("drill: before %s: %w", name, err)
	}
	if err := f.Lead(ctx, fleet.N1); err != nil {
		return scene{}, fmt.Errorf("drill: before %s: %w", name, err)
	}
	var urls []string
	for _, n := range f.Nodes() {
		if n.Full() {
			urls = append(urls, n.URL())
		}
	}
	what := find(name)
	return scene{
		target: target{
			room:       fleet.Room,
			publisher:  func(int) publisher { return f.Client(fleet.Publisher) },
			recipients: func(tx string) []v1.Contact { return invented(tx, o.Recipients) },
		},
		act:      func(ctx context.Context, t *trial) error { return what.strike(ctx, t, f) },
		healed:   f.Healed,
		arrivals: seen{s, s.count()},
		meter:    newMeter(f.HTTPClient(), urls),
	}, nil
}

// invented are recipients whom nobody knows: example.com is reserved (RFC 2606).
func invented(tx string, n int) []v1.Contact {
	var all []v1.Contact
	for i := range n {
		all = append(all, v1.Contact{Email: fmt.Sprintf("%s.%d@example.com", tx, i)})
	}
	return all
}

// seen are deliveries that a sink has seen since a trial began.
type seen struct {
	sink  *sink
	since int
}

func (s seen) deliveries(context.Context, []Receipt) ([]Delivery, error) {
	return s.sink.since(s.since), nil
}

func (s seen) exact() bool { return true }
