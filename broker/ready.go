package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	readyPause = 100 * time.Millisecond // between two looks
	saidEvery  = 10 * time.Second       // between two lines that say what is waited for
	settling   = 15 * time.Second       // for which streams may seem to be missing after a start
)

// Ready returns once JetStream answers and everything that the manifest names is there. For a
// node of several it waits for a majority, as long as that takes, and logs what it waits for.
func (s *Server) Ready(ctx context.Context) error {
	if s.options.clustered() {
		if err := s.waitForMajority(ctx); err != nil {
			return err
		}
	}
	found, err := s.verify(ctx)
	if err != nil {
		return err
	}
	for _, name := range found {
		if err := s.manifest.Add(name); err != nil {
			return err
		}
	}
	return s.manifest.joined()
}

func (s *Server) waitForMajority(ctx context.Context) error {
	said := time.Now()
	for {
		err := s.agree(ctx)
		if err == nil && s.nats.JetStreamIsCurrent() {
			return nil
		}
		if errors.Is(err, ErrDisagree) {
			return err
		}
		if time.Since(said) > saidEvery {
			said = time.Now()
			s.options.Log.Warn("waiting for a majority of the nodes", "present", strings.Join(s.present(ctx), " "), "advice", s.advice())
		}
		if err := pause(ctx, readyPause); err != nil {
			return err
		}
	}
}

// advice is what a person can do while a node waits.
func (s *Server) advice() string {
	if s.options.Topology == Pair {
		return "start the other node; if it is lost for good: crier promote --peer-is-dead NODE"
	}
	return "start the other nodes; more than half of them are needed"
}

// verify compares what JetStream found with the manifest, and gives what it found.
func (s *Server) verify(ctx context.Context) ([]string, error) {
	nc, err := s.Connect("verify")
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	until := time.Now().Add(settling)
	for {
		found, err := streamNames(ctx, js)
		missing := s.missing(found)
		switch {
		case err == nil && len(missing) == 0:
			return found, nil
		case err == nil && (!s.options.clustered() || time.Now().After(until)):
			return nil, fmt.Errorf("%w: %s", ErrMissing, strings.Join(missing, ", "))
		case err != nil && !s.options.clustered():
			return nil, fmt.Errorf("broker: list the streams: %w", err)
		}
		if err := pause(ctx, readyPause); err != nil {
			return nil, err
		}
	}
}

func streamNames(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	var found []string
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		found = append(found, name)
	}
	return found, names.Err()
}

func (s *Server) missing(found []string) []string {
	return slices.DeleteFunc(s.manifest.names(), func(name string) bool { return slices.Contains(found, name) })
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
