package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrClock ends a node: deliveries expire, schedules fire and old entries go by the clocks of the
// nodes, so that one whose clock is wrong does harm.
var ErrClock = errors.New("broker: this node's clock is wrong; set it right (NTP), and start the node again")

// Bounds of how far a clock may be off.
const (
	clockNoted = 2 * time.Second  // what is said to people; answers travel for up to answerWait
	clockLimit = 10 * time.Second // what a node may not take part with
)

// clock is a clock that does not jump: that of the machine at the last tick, and the time that
// has passed since.
type clock struct {
	mu     sync.Mutex
	last   time.Time
	jumped bool
}

func newClock() *clock { return &clock{last: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.Add(time.Since(c.last))
}

// tick follows the machine's clock, unless that was set by more than it may be off.
func (c *clock) tick() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if by := now.Round(0).Sub(c.last.Add(now.Sub(c.last)).Round(0)); by.Abs() > clockLimit {
		c.jumped = true
		return fmt.Errorf("%w: it was set by %v while the node ran, or the machine slept", ErrClock, by.Round(time.Second))
	}
	c.last = now
	return nil
}

func (c *clock) hasJumped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.jumped
}

// offerWait bounds how long a node that ends for its clock takes to leave things as they should be.
const offerWait = 10 * time.Second

// offerAgain gives leadership away, and has the consumers offer again what they have handed out
// and not got back: a leader writes down by its clock when it did so, and the next one would wait
// for as long as that was ahead.
func (s *Server) offerAgain() {
	ctx, cancel := context.WithTimeout(s.running, offerWait)
	defer cancel()
	if err := repeat(ctx, func() error { _, err := s.StepDown(ctx, s.options.Node, ""); return err }); err != nil {
		s.options.Log.Warn("this node's clock was set while it led; what it handed out may be late by as much", "error", err)
		return
	}
	core, err := s.Connect("offer again")
	if err != nil {
		return
	}
	defer core.Close()
	var all sync.WaitGroup
	for _, stream := range s.manifest.names() {
		all.Go(func() {
			if err := repeat(ctx, func() error { return s.offerStreamAgain(ctx, core, stream) }); err != nil {
				s.options.Log.Warn("this node's clock was set while it led; what it handed out may be late by as much", "stream", stream, "error", err)
			}
		})
	}
	all.Wait()
}

// offerAnswer is how long one answer is waited for: leaders are being elected, and answers get lost.
const offerAnswer = time.Second

func (s *Server) offerStreamAgain(ctx context.Context, core *nats.Conn, stream string) error {
	js, err := jetstream.New(core)
	if err != nil {
		return err
	}
	brief, cancel := context.WithTimeout(ctx, offerAnswer)
	defer cancel()
	found, err := js.Stream(brief, stream)
	if err != nil {
		return err
	}
	names := found.ConsumerNames(brief)
	for name := range names.Name() {
		err := repeat(ctx, func() error {
			brief, cancel := context.WithTimeout(ctx, offerAnswer)
			defer cancel()
			return ask(brief, core, "$JS.API.CONSUMER.RESET."+stream+"."+name, struct{}{})
		})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return names.Err()
}

// Now is the time. Of a node of several it does not jump when the machine's clock is set; Watch
// then ends the node.
func (s *Server) Now() time.Time {
	if !s.options.clustered() {
		return time.Now()
	}
	return s.clock.now()
}

// sameClock compares this node's clock with those of the others, a second time if it seems wrong.
func (s *Server) sameClock(ctx context.Context) error {
	if !s.options.clustered() {
		return nil
	}
	var err error
	for range 2 {
		all, errAsk := nodes(ctx, s.sys)
		if errAsk != nil {
			return nil // ctx has ended, or there is no connection, which others say
		}
		if err = s.judgeClock(all); err == nil {
			return nil
		}
	}
	return err
}

// clockBeforeStart does the same before the store is opened, since old entries are removed by
// the clock at once. It waits a moment for the others; if they are not there, nobody can judge.
func (s *Server) clockBeforeStart(ctx context.Context, nc *nats.Conn) error {
	for until := time.Now().Add(clockMeeting); ; {
		all, err := nodes(ctx, nc)
		if err != nil {
			return err
		}
		if len(all) >= len(s.options.Cluster.Routes)-1 || time.Now().After(until) {
			return s.judgeClock(all)
		}
	}
}

// clockMeeting is how long a node that starts looks for others to compare clocks with.
const clockMeeting = time.Second

// judgeClock says that this node's clock is wrong if those of more than half of the nodes that
// answer are far from it and close to each other.
func (s *Server) judgeClock(all []node) error {
	off := []time.Duration{0} // our own
	for _, n := range all {
		if n.Name != s.options.Node {
			off = append(off, n.ahead)
		}
	}
	slices.Sort(off)
	if m := len(off) / 2; len(off)%2 == 1 && off[m].Abs() > clockLimit {
		return fmt.Errorf("%w: it is %s the others'", ErrClock, aheadOf(-off[m]))
	}
	return nil
}

// clockWords tell whose clock is not like this node's.
func clockWords(all []node, own string) string {
	for _, n := range all {
		if n.ahead.Abs() > clockNoted {
			return fmt.Sprintf(" The clock of %s is %s that of %s: set it right (NTP).", n.Name, aheadOf(n.ahead), own)
		}
	}
	return ""
}

func aheadOf(d time.Duration) string {
	if d < 0 {
		return fmt.Sprintf("%.0f s behind", -d.Seconds())
	}
	return fmt.Sprintf("%.0f s ahead of", d.Seconds())
}
