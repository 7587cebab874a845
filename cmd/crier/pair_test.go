package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// pair is two nodes as processes.
type pair struct {
	tb      testing.TB
	program string
	sent    int
	*fleet.Fleet
}

func startPair(tb testing.TB) *pair {
	tb.Helper()
	p := &pair{tb: tb, program: buildProgram(tb, "")}
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	var err error
	if p.Fleet, err = fleet.Start(ctx, fleet.Options{Program: p.program, Pair: true}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// publish has a message taken by a node, or says why it was not.
func (p *pair) publish(node string, within time.Duration) error {
	p.sent++
	ctx, cancel := context.WithTimeout(p.tb.Context(), within)
	defer cancel()
	text, phone := "hello", fmt.Sprintf("+9995%08d", p.sent)
	_, err := p.Client(fleet.Publisher, node).Publish(ctx, fleet.Room, v1.Publish{
		TransactionID: fmt.Sprintf("pair-%d", p.sent), Type: "reminder",
		Content: v1.Content{SMS: text}, Recipients: []v1.Recipient{{Phone: phone}},
	})
	return err
}

// promote runs the command on a node and says how long it took until a message was taken.
func (p *pair) promote(node, dead string) time.Duration {
	p.tb.Helper()
	began := time.Now()
	out, err := exec.Command(p.program, "promote", "--peer-is-dead", dead, "--yes", "--store", p.Node(node).Store()).CombinedOutput()
	if err != nil {
		p.tb.Fatalf("promote: %v\n%s", err, out)
	}
	if err := p.publish(node, 30*time.Second); err != nil {
		p.tb.Fatalf("nothing was taken after the promotion: %v\n%s", err, out)
	}
	took := time.Since(began)
	p.tb.Logf("first message taken %v after the command\n%s", took.Round(time.Millisecond), out)
	return took
}

// killed ends a node, and holds that the other does not go on by itself.
func (p *pair) killed(node, other string) {
	p.tb.Helper()
	if err := p.Node(node).Kill(); err != nil {
		p.tb.Fatal(err)
	}
	if err := p.publish(other, 5*time.Second); err == nil {
		p.tb.Error("half of a pair took a message by itself")
	}
}

// back starts a node again and waits until everything is held twice.
func (p *pair) back(node string) {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.tb.Context(), 3*time.Minute)
	defer cancel()
	if err := p.Node(node).Start(); err != nil {
		p.tb.Fatal(err)
	}
	if err := p.Healed(ctx); err != nil {
		p.tb.Fatal(err)
	}
}

// TestPairIsPromotedByAPerson kills either node of a pair in turn; the other takes messages again after the command, and
// everything is held twice again when the dead one is back.
func TestPairIsPromotedByAPerson(t *testing.T) {
	t.Parallel() // most of it is waiting
	p := startPair(t)
	if err := p.publish(fleet.N1, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	alive := exec.Command(p.program, "promote", "--peer-is-dead", fleet.N1, "--yes", "--store", p.Node(fleet.N2).Store())
	if out, err := alive.CombinedOutput(); err == nil || !strings.Contains(string(out), "answers") {
		t.Errorf("promotion beside a living node: %v\n%s", err, out)
	}
	for _, turn := range [][2]string{{fleet.N1, fleet.N2}, {fleet.N2, fleet.N1}} {
		p.killed(turn[0], turn[1])
		p.promote(turn[1], turn[0])
		p.back(turn[0])
		if err := p.publish(turn[0], 20*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.Alike(ctx); err != nil {
		t.Error(err)
	}
}

// BenchmarkPromote measures how long the command takes until a message is taken again.
func BenchmarkPromote(b *testing.B) {
	var worst time.Duration
	p := startPair(b)
	for range 3 {
		p.killed(fleet.N1, fleet.N2)
		worst = max(worst, p.promote(fleet.N2, fleet.N1))
		p.back(fleet.N1)
	}
	fmt.Printf("\npair: from `crier promote` to the first message taken: %.1f s, the longest of 3\n", worst.Seconds())
	b.ReportMetric(worst.Seconds(), "s-promote")
	b.ReportMetric(0, "ns/op")
}
