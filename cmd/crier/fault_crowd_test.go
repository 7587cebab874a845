package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

const (
	crowdSize  = 8
	crowdPause = 150 * time.Millisecond // of a publisher between two messages: about 50 a second in all
)

// crowd publishes through clients that know all full nodes. Each publisher has a message acknowledged before the next.
type crowd struct {
	o          *ordeal
	ctx        context.Context
	stop       context.CancelFunc
	publishers sync.WaitGroup

	mu       sync.Mutex
	began    time.Time // of the fault
	receipts []answered
	wrong    []string
}

// answered is a receipt.
type answered struct {
	delivery
	asked, at time.Time
}

func newCrowd(o *ordeal) *crowd {
	o.t.Helper()
	c := &crowd{o: o}
	o.crowds++
	c.ctx, c.stop = context.WithCancel(o.t.Context())
	o.t.Cleanup(c.finish)
	for i := range crowdSize {
		c.publishers.Go(func() { c.publish(o.Client(fleet.Publisher), fmt.Sprintf("fault-%d-%d", o.crowds, i)) })
	}
	return c
}

// publish goes on until the crowd is told to finish, and then until the last message is acknowledged.
func (c *crowd) publish(gateway *client.Client, name string) {
	for n := 0; c.ctx.Err() == nil; n++ {
		tx := fmt.Sprintf("%s-%d", name, n)
		c.insist(gateway, tx, notice(tx))
		pause(c.ctx, crowdPause)
	}
}

// notice goes to somebody who gets no other.
func notice(tx string) v1.Publish {
	return v1.Publish{
		TransactionID: tx, Type: "reminder", Content: v1.Text{Subject: "Fault", Text: tx}, Recipients: []v1.Contact{{Email: addressOf(tx)}},
	}
}

func addressOf(tx string) string { return tx + "@example.com" }

// insist publishes until there is a receipt, as somebody would who must not lose it.
func (c *crowd) insist(gateway *client.Client, tx string, p v1.Publish) {
	asked := time.Now()
	for end := asked.Add(healing); ; {
		r, err := gateway.Publish(c.o.t.Context(), fleet.Room, p)
		var problem *client.Problem
		switch {
		case err == nil:
			c.note(answered{delivery{r.UMID, addressOf(tx)}, asked, time.Now()})
			return
		case errors.As(err, &problem) && problem.Status < 500, time.Now().After(end):
			c.mu.Lock()
			c.wrong = append(c.wrong, fmt.Sprintf("%s: %v", tx, err))
			c.mu.Unlock()
			return
		}
		pause(c.o.t.Context(), 50*time.Millisecond)
	}
}

func (c *crowd) note(r answered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receipts = append(c.receipts, r)
}

// flows waits until so many more are acknowledged.
func (c *crowd) flows(more int) {
	c.o.t.Helper()
	want := len(c.told()) + more
	await(c.o.t, healing, func() string {
		if n := len(c.told()); n < want {
			return fmt.Sprintf("%d acknowledged, %d are awaited", n, want)
		}
		return ""
	})
}

// faultBegins notes from when on silence counts.
func (c *crowd) faultBegins() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.began = time.Now()
}

// finish has every publisher get his last receipt.
func (c *crowd) finish() {
	c.stop()
	c.publishers.Wait()
}

// told lists the deliveries of all that was acknowledged.
func (c *crowd) told() []delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []delivery
	for _, r := range c.receipts {
		all = append(all, r.delivery)
	}
	return all
}

// silence is the longest time without a receipt since the fault began.
func (c *crowd) silence() (longest time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.began
	for _, r := range slices.SortedFunc(slices.Values(c.receipts), func(a, b answered) int { return a.at.Compare(b.at) }) {
		if r.at.After(last) {
			longest, last = max(longest, r.at.Sub(last)), r.at
		}
	}
	return longest
}

// waited is how long publishers waited for their receipts, at least and at most.
func (c *crowd) waited() (least, most time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	least = healing
	for _, r := range c.receipts {
		least, most = min(least, r.at.Sub(r.asked)), max(most, r.at.Sub(r.asked))
	}
	return least.Round(time.Millisecond), most.Round(time.Millisecond)
}

func (c *crowd) refused() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrong)
}
