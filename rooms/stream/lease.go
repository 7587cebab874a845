package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Lease says who does something that only one may do.
type Lease struct {
	Node     string `json:"node"`          // the holder, or the last one
	Process  string `json:"process"`       // one life of that node
	Free     bool   `json:"free,omitzero"` // it was given back
	TTL      int64  `json:"ttl,omitzero"`  // in milliseconds, if its holder asks for more than all nodes have agreed on
	Revision uint64 `json:"-"`             // counts up with each change, over all leases
}

// Leases keep who holds what. They have a connection of their own: a sign of life must not wait
// behind the bytes of any work.
type Leases struct {
	nc *nats.Conn
	js jetstream.JetStream
	kv jetstream.KeyValue
}

// A start waits so long for one answer, and in all: servers have only just met then, and answers get lost.
const (
	leaseAnswer = time.Second
	leaseTotal  = time.Minute
)

// OpenLeases opens the leases of a log that has been opened.
func OpenLeases(ctx context.Context, c Connector) (*Leases, error) {
	nc, err := c.Connect("leases")
	if err != nil {
		return nil, err
	}
	l := &Leases{nc: nc}
	if l.js, err = jetstream.New(nc); err == nil {
		err = patience{leaseAnswer, leaseTotal}.insist(ctx, nil, func(ctx context.Context) (err error) {
			l.kv, err = l.js.KeyValue(ctx, bucketLeases)
			return err
		})
	}
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("stream: open the leases: %w", err)
	}
	return l, nil
}

// Lease reads a lease; its revision is 0 if nobody has ever held it. The answer may be a little
// old, which Change notices.
func (l *Leases) Lease(ctx context.Context, name string) (Lease, error) {
	e, err := l.kv.Get(ctx, name)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Lease{}, nil
	}
	if err != nil {
		return Lease{}, classify(err)
	}
	lease := Lease{Revision: e.Revision()}
	if err := json.Unmarshal(e.Value(), &lease); err != nil {
		return lease, fmt.Errorf("stream: read a lease: %w", err)
	}
	return lease, nil
}

// Change writes a lease if its revision is still the latest, and gives the new one. ErrRevision
// says that it is not: nothing was written. After any other error it may have been.
func (l *Leases) Change(ctx context.Context, name string, lease Lease) (revision uint64, err error) {
	data, err := json.Marshal(lease)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a lease: %w", err)
	}
	m := &nats.Msg{
		Subject: "$KV." + bucketLeases + "." + name, Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(lease.Revision, 10)}},
	}
	a, err := l.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0))
	if hasCode(err, codeWrongSequence) {
		return 0, ErrRevision
	}
	if err != nil {
		return 0, classify(err)
	}
	return a.Sequence, nil
}

// Close ends the connection.
func (l *Leases) Close() { l.nc.Close() }
