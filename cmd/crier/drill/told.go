package drill

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// reader says what became of a message.
type reader interface {
	Message(ctx context.Context, umid string) (v1.Message, error)
}

// readers is how many messages are asked for at once.
const readers = 16

// told are deliveries of which the gateway itself says that they were sent. Their time is that of the receipt, and as
// much later as the nodes' clocks say that the first of the message was sent.
type told struct {
	reader reader

	mu   sync.Mutex
	sent map[string][]Delivery // by transaction id
}

func newTold(r reader) *told { return &told{reader: r, sent: map[string][]Delivery{}} }

func (t *told) exact() bool { return false }

// deliveries asks for what is not known to be sent yet.
func (t *told) deliveries(ctx context.Context, receipts []Receipt) ([]Delivery, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, r := range receipts {
		if t.has(r.Tx) {
			continue
		}
		group.Go(func() error { return t.ask(ctx, r) })
	}
	err := group.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Delivery
	for _, list := range t.sent {
		all = append(all, list...)
	}
	return all, err
}

func (t *told) has(tx string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sent[tx] != nil
}

// ask reads one message. That it could not be read now is no error: it is read again.
func (t *told) ask(ctx context.Context, r Receipt) error {
	m, err := t.reader.Message(ctx, r.UMID)
	var p *client.Problem
	switch {
	case errors.As(err, &p) && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden):
		return err
	case err != nil || m.FirstSentAt == nil || m.Status.Sent+m.Status.Delivered < r.Recipients:
		return ctx.Err()
	}
	var list []Delivery
	for n := range r.Recipients {
		list = append(list, Delivery{Tx: r.Tx, N: n, UMID: r.UMID, Attempt: 1, At: r.At.Add(m.FirstSentAt.Sub(m.ReceivedAt))})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent[r.Tx] = list
	return nil
}
