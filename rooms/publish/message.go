package publish

import (
	"cmp"
	"context"
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
)

// message makes the entry of the log.
func (p *Publisher) message(ctx context.Context, r Request, policy rooms.Policy, txid string) (rooms.Message, error) {
	now := p.now()
	m := rooms.Message{Header: rooms.Header{
		UMID: cmp.Or(r.umid, p.umid(now)), Room: r.Room, Type: r.Type, Lane: r.Lane, Direct: r.Direct, Publisher: r.Client,
		MHASH: p.Vault.MAC(requestPurpose(r.Room), r.Raw), TxID: txid, Policy: policy.Revision,
		ReceivedAt: now, ExpiresAt: r.ExpiresAt, Recipients: len(r.Recipients),
		Callback: !r.Callback.IsZero(), Targeted: len(r.Audience) > 0, Event: r.Event,
	}}
	if err := p.hold(ctx, &m, r, policy); err != nil {
		return rooms.Message{}, refusal(err)
	}
	err := p.seal(&m, r) // before m is read: the order within a return is not fixed
	return m, err
}

// seal puts the content in.
func (p *Publisher) seal(m *rooms.Message, r Request) error {
	return m.Enclose(p.Vault, rooms.Envelope{
		Content: r.Content, Recipients: r.Recipients, TransactionID: r.TransactionID, Reference: r.Reference,
		Callback: r.Callback, From: r.From, Audience: r.Audience, Repeat: r.Repeat,
	})
}

// txids are the hashes of the transaction id under every key in use, the primary first.
func (p *Publisher) txids(r Request) []string {
	hashes := p.Vault.HashAll("transaction", string(r.Client), r.TransactionID)
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = string(h)
	}
	return out
}

// requestPurpose makes the hash of a request one of the room that it went to.
func requestPurpose(r rooms.Room) string { return "request " + string(r) }

func (p *Publisher) now() time.Time {
	if p.Now != nil {
		return p.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

// umid makes ids that sort in the order in which they are made on this node.
func (p *Publisher) umid(now time.Time) rooms.UMID {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.entropy == nil {
		p.entropy = ulid.Monotonic(rand.Reader, 0)
	}
	id, err := ulid.New(ulid.Timestamp(now), p.entropy)
	if err != nil { // the millisecond's ids are used up, which takes 2^79 of them
		id = ulid.MustNew(ulid.Timestamp(now), rand.Reader)
	}
	return rooms.UMID(id.String())
}
