package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"
)

// crashKills is how often each point is tried.
const crashKills = 20

// crashWorkers is how many deliveries of a lane and channel may be at a provider at once.
const crashWorkers = 16

// TestNothingIsLostWhenTheProcessIsKilled kills the gateway 20 times at each of its weak points
// and 20 times anywhere, under load, and counts afterwards: every message that was acknowledged
// has reached its recipients, and what came twice is at most what was at the provider in those
// moments.
func TestNothingIsLostWhenTheProcessIsKilled(t *testing.T) {
	t.Parallel() // most of it is waiting
	program := buildProgram(t, "crashpoints")
	for _, point := range []string{"after-append", "after-planning", "after-send", "after-event", "index-write", "anywhere"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			crashSeries(t, program, point, crashKills)
		})
	}
}

func crashSeries(t *testing.T, program, point string, kills int) {
	t.Helper()
	s := newSink(t)
	l := newLoad(t, 8)
	store := filepath.Join(t.TempDir(), "store")
	start := func(env string) *gateway {
		g := startGateway(t, program, store, env, "--set", "sandbox.url="+s.url, "--set", "log.ackWait=5s",
			"--set", fmt.Sprintf("bridge.workers.normal=%d", crashWorkers))
		l.at(g)
		return g
	}
	for kill := range kills {
		g := start(crashAt(point))
		if point == "anywhere" {
			g.exited(time.Duration(50+rand.IntN(700)) * time.Millisecond)
			g.kill()
		}
		if !g.exited(busyFor) {
			t.Fatalf("kill %d: the process lives on, point %s was not passed often enough:\n%s", kill, point, g.log.String())
		}
	}
	start("")
	l.finish()
	count(t, point, kills, l, s)
}

// crashAt is the environment that kills a process at its n-th passage through a point.
func crashAt(point string) string {
	if point == "anywhere" {
		return "CRIER_CRASH="
	}
	return fmt.Sprintf("CRIER_CRASH=%s:%d", point, 1+rand.IntN(40))
}

// count compares what clients were told with what the sink got.
func count(t *testing.T, point string, kills int, l *load, s *sink) {
	t.Helper()
	expected, mayDouble := l.expected(), kills*crashWorkers
	s.await(t, expected, 2*time.Minute)
	lost, doubled, foreign := s.compare(expected)
	t.Logf("%s: %d kills, %d messages acknowledged, %d deliveries, %d lost, %d doubled (at most %d were at the provider)",
		point, kills, l.acknowledged(), len(expected), len(lost), doubled, mayDouble)
	for what, list := range map[string][]string{"lost": lost, "never asked for": foreign, "refused": l.refused()} {
		if len(list) > 0 {
			t.Errorf("%d %s, such as %s", len(list), what, list[0])
		}
	}
	if doubled > mayDouble {
		t.Errorf("%d came twice, at most %d were at the provider", doubled, mayDouble)
	}
}
