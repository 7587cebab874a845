package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// claimKills is how often each point is tried, with each rule.
const claimKills = 3

// claimRule is what a policy may say, and what may come of it.
type claimRule struct {
	name        string
	points      []string
	set         []string
	mayDouble   bool
	mayBeUnsure bool
}

func claimRules() []claimRule {
	return []claimRule{
		{name: "unclaimed", mayDouble: true},
		{name: "hold", points: []string{"before-claim", "after-claim", "after-send", "after-event"}, set: []string{"--set", "policy.duplicates=avoid"}, mayBeUnsure: true},
		{name: "resend", points: []string{"after-claim", "after-send"}, mayDouble: true,
			set: []string{"--set", "policy.duplicates=avoid", "--set", "policy.unknown=resend", "--set", "policy.retry=1s"}},
	}
}

// TestNothingIsSentTwiceWhenTheProcessIsKilled kills the gateway where attempts are claimed, made and recorded. Where a person
// decides what becomes of those that nobody knows of, nothing comes twice, and they are at most what was at the provider in
// those moments; where they are sent again, nothing is lost, and at most those come twice.
func TestNothingIsSentTwiceWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel() // most of it is waiting
	program := buildProgram(t, "crashpoints")
	for _, rule := range claimRules() {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			for _, point := range rule.points {
				t.Run(point, func(t *testing.T) {
					t.Parallel() // most of it is waiting
					s := &claimSeries{T: t, rule: rule, program: program, store: filepath.Join(t.TempDir(), "store"), sink: newSink(t)}
					s.run(point)
				})
			}
		})
	}
}

type claimSeries struct {
	*testing.T
	rule           claimRule
	program, store string
	sink           *sink
	kills          int
}

// midFlight is how many deliveries there are when the process is killed in the middle of them.
const midFlight = 10_000

// TestKilledInMidFlight kills the gateway once, while it delivers to many.
func TestKilledInMidFlight(t *testing.T) {
	t.Parallel() // most of it is waiting
	program := buildProgram(t, "")
	for _, rule := range claimRules() {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			s := &claimSeries{T: t, rule: rule, program: program, store: filepath.Join(t.TempDir(), "store"), sink: newSink(t), kills: 1}
			g := s.start("CRIER_TEST=")
			l := &load{receipts: map[string]string{}}
			l.at(g)
			s.publish(l)
			eventually(t, busyFor, func() string {
				if n := s.sink.count(); n < midFlight/3 {
					return fmt.Sprint(n, " have come")
				}
				return ""
			})
			g.kill()
			g = s.start("CRIER_TEST=")
			if s.count(g, l) > 0 {
				s.decide(g, l)
			}
		})
	}
}

// publish sends messages of a hundred recipients each, all of them people who get no other.
func (s *claimSeries) publish(l *load) {
	s.Helper()
	for n := 0; n < midFlight; n += 100 {
		var to []string
		for i := range 100 {
			to = append(to, fmt.Sprintf("+9995%08d", n+i))
		}
		tx := fmt.Sprintf("tx-%d", n)
		umid, again, fault := l.try(publishBody(tx, to))
		if again || fault != "" {
			s.Fatalf("message %d: %v %s", n, again, fault)
		}
		l.note(umid, tx, to, "")
	}
}

// count is how many deliveries have come.
func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (s *claimSeries) start(env string) *gateway {
	args := append([]string{"--set", "sandbox.url=" + s.sink.url, "--set", "sandbox.receipts=none", "--set", "log.ackWait=2s",
		"--set", fmt.Sprintf("bridge.workers.normal=%d", crashWorkers)}, s.rule.set...)
	return startGateway(s.T, s.program, s.store, env, args...)
}

func (s *claimSeries) run(point string) {
	l := newLoad(s.T, 8)
	for s.kills = range claimKills {
		g := s.start(fmt.Sprintf("CRIER_CRASH=%s:%d", point, 1+rand.IntN(40)))
		l.at(g)
		if !g.exited(busyFor) {
			s.Fatalf("kill %d: the process lives on:\n%s", s.kills, g.log.String())
		}
	}
	s.kills = claimKills
	g := s.start("CRIER_TEST=")
	l.at(g)
	l.finish()
	s.count(g, l)
}

// count compares what came with what was asked for, when nothing is under way any more.
func (s *claimSeries) count(g *gateway, l *load) (undecided int) {
	s.Helper()
	expected := l.expected()
	undecided = s.settled(g, l)
	lost, doubled, foreign := s.sink.compare(expected)
	most := s.kills * crashWorkers
	s.Logf("%d kills, %d deliveries: %d did not come, %d came twice, of %d nobody knows (at most %d were at the provider)",
		s.kills, len(expected), len(lost), doubled, undecided, most)
	switch {
	case len(foreign) > 0 || len(l.refused()) > 0:
		s.Errorf("never asked for: %v; refused: %v", foreign, l.refused())
	case !s.rule.mayDouble && doubled > 0, doubled > most:
		s.Errorf("%d came twice", doubled)
	case !s.rule.mayBeUnsure && (len(lost) > 0 || undecided > 0), len(lost) > undecided, undecided > most:
		s.Errorf("%d did not come, of %d nobody knows", len(lost), undecided)
	}
	return undecided
}

// decide has a person look at those that nobody knows of: one is dropped, the others are sent again.
func (s *claimSeries) decide(g *gateway, l *load) {
	s.Helper()
	c := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.Token))})
	before := s.sink.count()
	var open []v1.FailedDelivery
	for d, err := range c.Failed(s.Context(), g.Room, v1.FailedSweep{Reasons: []v1.DeliveryReason{v1.DeliveryReasonUnknown}}) {
		if err != nil || d.Status != v1.Errored || !d.Resendable || d.Code == "" {
			s.Fatalf("%+v, %v", d, err)
		}
		open = append(open, d)
	}
	dropped, err := c.DropDeliveries(s.Context(), open[0].UMID, v1.FailedSelection{Deliveries: []int{open[0].Number}})
	if err != nil || dropped.Dropped != 1 {
		s.Fatalf("%+v, %v", dropped, err)
	}
	swept, err := c.ResendFailed(s.Context(), g.Room, v1.FailedSweep{})
	if err != nil || swept.Deliveries != len(open)-1 || swept.Next != nil {
		s.Fatalf("%+v, %v", swept, err)
	}
	eventually(s.T, busyFor, func() string {
		sent, failed := 0, 0
		for _, umid := range l.umids() {
			m, err := c.Message(s.Context(), umid)
			if err != nil {
				return err.Error()
			}
			sent, failed = sent+m.Status.Sent+m.Status.Delivered, failed+m.Status.Failed
		}
		if sent != midFlight-1 || failed != 1 {
			return fmt.Sprintf("%d are sent, %d failed", sent, failed)
		}
		return ""
	})
	s.Logf("of %d that nobody knew of one was dropped, the others were sent again: %d more have come", len(open), s.sink.count()-before)
}

// settled waits until each delivery is sent or undecided, and gives how many are.
func (s *claimSeries) settled(g *gateway, l *load) (undecided int) {
	s.Helper()
	c := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.Token))})
	eventually(s.T, 2*time.Minute, func() string {
		undecided = 0
		for _, umid := range l.umids() {
			m, err := c.Message(s.Context(), umid)
			if err != nil {
				return err.Error()
			}
			if m.Recipients == 0 || m.Status.Sent+m.Status.Delivered+m.Undecided < m.Recipients {
				return fmt.Sprintf("%s: %+v, %d undecided", umid, m.Status, m.Undecided)
			}
			undecided += m.Undecided
		}
		return ""
	})
	return undecided
}

// umids are those of all that was acknowledged.
func (l *load) umids() (all []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, u := range l.receipts {
		all = append(all, u)
	}
	return all
}
