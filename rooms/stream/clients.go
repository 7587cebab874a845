package stream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// ClientEntry is what is kept of a client.
type ClientEntry struct {
	Client   rooms.Client `json:"client"`
	Callback []byte       `json:"callback"` // sealed to the client: where and with which secrets it is told
	Since    time.Time    `json:"since"`
	Nowhere  bool         `json:"nowhere,omitzero"` // it is told only where its messages say
	Revision uint64       `json:"-"`                // of the entry
}

// clientSubject has the client in base64url, as its name may hold anything.
func clientSubject(c rooms.Client) string {
	return clientPrefix + base64.RawURLEncoding.EncodeToString([]byte(c))
}

// Client reads what is kept of a client; ErrGone if nothing is.
func (l *Log) Client(ctx context.Context, c rooms.Client) (ClientEntry, error) {
	s, err := l.sure(ctx, streamClients, get{Last: clientSubject(c)})
	if err != nil {
		return ClientEntry{}, err
	}
	return decodeClient(s)
}

// Clients reads what is kept of all clients.
func (l *Log) Clients(ctx context.Context) (all []ClientEntry, err error) {
	for from, full := uint64(0), true; full; {
		count, err := l.walk(ctx, streamClients, clientPrefix+"*", from, maxBatch, func(s stored) error {
			from = s.sequence + 1
			if e, err := decodeClient(s); err == nil {
				all = append(all, e)
			} else if !errors.Is(err, ErrGone) {
				l.options.Log.Error("a client's entry cannot be read; it is left out", "sequence", s.sequence, "error", err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		full = count == maxBatch
	}
	return all, nil
}

// decodeClient reads an entry; ErrGone if it says that there is none.
func decodeClient(s stored) (e ClientEntry, err error) {
	if s.header.Get(headerOperation) != "" {
		return e, ErrGone
	}
	if err := json.Unmarshal(s.data, &e); err != nil {
		return e, fmt.Errorf("stream: client entry %d: %w", s.sequence, err)
	}
	e.Revision = s.sequence
	return e, nil
}

// PutClient stores an entry if the one of its revision is the latest, 0 for none; else it says
// ErrRevision, and then nothing was stored.
func (l *Log) PutClient(ctx context.Context, e ClientEntry) error {
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("stream: encode a client: %w", err)
	}
	last := e.Revision
	if last == 0 { // one may have been removed
		s, err := l.sure(ctx, streamClients, get{Last: clientSubject(e.Client)})
		switch {
		case err == nil && s.header.Get(headerOperation) == "":
			return ErrRevision
		case err == nil:
			last = s.sequence
		case !errors.Is(err, ErrGone):
			return err
		}
	}
	m := &nats.Msg{Subject: clientSubject(e.Client), Data: data, Header: nats.Header{headerExpectedLast: {strconv.FormatUint(last, 10)}}}
	attempts := 0
	err = l.insist(ctx, func(ctx context.Context) error {
		attempts++
		return l.append(ctx, []*nats.Msg{m})
	})
	switch {
	case errors.Is(err, ErrExists) && attempts > 1 && l.own(ctx, streamClients, m):
		return nil
	case errors.Is(err, ErrExists):
		return ErrRevision
	}
	return err
}

// RemoveClient forgets a client.
func (l *Log) RemoveClient(ctx context.Context, c rooms.Client) error {
	m := &nats.Msg{Subject: clientSubject(c), Header: nats.Header{headerOperation: {operationDelete}}}
	return l.insist(ctx, func(ctx context.Context) error { return l.append(ctx, []*nats.Msg{m}) })
}
