package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// publisher is what a load publishes with.
type publisher interface {
	Publish(ctx context.Context, room string, p v1.Publish) (v1.Receipt, error)
}

// target is where a load goes.
type target struct {
	room       string
	publisher  func(i int) publisher
	recipients func(tx string) []v1.Contact
}

// load publishes at a steady rate, with several publishers that each wait for a receipt before they go on. What was not
// acknowledged they publish again under the same transaction id.
type load struct {
	target target
	prefix string // of transaction ids

	stopping  chan struct{}
	abandoned context.CancelFunc
	working   sync.WaitGroup

	mu       sync.Mutex
	next     int
	receipts []Receipt
	refused  []error
	open     int // published and not acknowledged
}

// newLoad begins at once. The first receipts come after a moment.
func newLoad(ctx context.Context, t target, prefix string, publishers int, rate float64) *load {
	l := &load{target: t, prefix: prefix, stopping: make(chan struct{})}
	ctx, l.abandoned = context.WithCancel(ctx)
	period := time.Duration(float64(publishers) / rate * float64(time.Second))
	begin := time.Now()
	for i := range publishers {
		first := begin.Add(period * time.Duration(i) / time.Duration(publishers))
		l.working.Go(func() { l.work(ctx, t.publisher(i), first, period) })
	}
	return l
}

// work publishes once in each period, at its own moment, so that publishers never march in step. What an outage has left
// out is not made good.
func (l *load) work(ctx context.Context, p publisher, next time.Time, period time.Duration) {
	for l.pauseUntil(ctx, next) {
		l.publish(ctx, p)
		missed := max(time.Since(next), 0) / period
		next = next.Add((missed + 1) * period)
	}
}

func (l *load) pauseUntil(ctx context.Context, at time.Time) bool {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.stopping:
		return false
	case <-ctx.Done():
		return false
	}
	select {
	case <-l.stopping:
		return false
	default:
		return true
	}
}

// publish has one message acknowledged, however long that takes.
func (l *load) publish(ctx context.Context, p publisher) {
	tx := l.begin()
	message := v1.Publish{
		TransactionID: tx, Type: "drill", Content: v1.Text{Subject: "Drill", Text: tx}, Recipients: l.target.recipients(tx),
	}
	began := time.Now()
	for ctx.Err() == nil {
		r, err := p.Publish(ctx, l.target.room, message)
		if again, wait := worthwhile(err); again {
			sleep(ctx, wait)
			continue
		}
		l.note(Receipt{Tx: tx, UMID: r.UMID, Recipients: len(message.Recipients), Began: began, At: time.Now()}, err)
		return
	}
}

// worthwhile says whether the same request may succeed later, and after how long.
func worthwhile(err error) (bool, time.Duration) {
	var p *client.Problem
	switch {
	case err == nil:
		return false, 0
	case errors.As(err, &p):
		return p.Status == 429 || p.Status >= 500, 100 * time.Millisecond
	}
	return !errors.Is(err, client.ErrServer), 100 * time.Millisecond // no answer, or no token
}

func (l *load) begin() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	l.open++
	return fmt.Sprintf("%s-%d", l.prefix, l.next)
}

func (l *load) note(r Receipt, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if err != nil {
		l.refused = append(l.refused, err)
		return
	}
	l.receipts = append(l.receipts, r)
}

// acked gives the receipts so far.
func (l *load) acked() []Receipt {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.receipts)
}

// stop has every publisher get his last receipt, in the time given; what is then without one is given up. Its error says
// what was refused for good, and what was given up.
func (l *load) stop(within time.Duration) error {
	close(l.stopping)
	giveUp := time.AfterFunc(within, l.abandoned)
	l.working.Wait()
	giveUp.Stop()
	l.abandoned()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open > 0 {
		l.refused = append(l.refused, fmt.Errorf("%d messages were never acknowledged", l.open))
	}
	if len(l.refused) > 0 {
		return fmt.Errorf("drill: %d publishes failed, such as: %w", len(l.refused), l.refused[0])
	}
	return nil
}

// sleep waits, and says whether ctx lives.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
