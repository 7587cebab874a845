package publish

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/crash"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// Log is the room's log.
type Log interface {
	Append(ctx context.Context, m rooms.Message) (sequence uint64, known bool, err error)
	Message(ctx context.Context, sequence uint64) (rooms.Message, error)
}

// Memory knows the transactions of the past, beyond what the log itself recognises.
type Memory interface {
	Lookup(txids ...string) (first Known, ok bool, err error)
	Wait(ctx context.Context) error // until it knows all that is in the log now
}

// Known is what is remembered of a transaction.
type Known struct {
	UMID  rooms.UMID
	MHASH string
	Room  rooms.Room
}

// Vault seals and hashes.
type Vault interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	HashAll(purpose string, parts ...string) []vault.Hash
	MAC(purpose string, data []byte) string
}

// Verifier is the part of a vault that recognises a request.
type Verifier interface {
	VerifyMAC(mac, purpose string, data []byte) bool
}

// Policies says under which rules a room's messages are delivered.
type Policies interface {
	Policy(ctx context.Context, room rooms.Room) (rooms.Policy, error)
}

// Publisher accepts messages.
type Publisher struct {
	Log      Log
	Memory   Memory
	Vault    Vault
	Verifier Verifier
	Policies Policies
	Now      func() time.Time // time.Now if nil

	turns   turns
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
}

// Publish accepts a message: first the memory is asked, then the log, which itself recognises
// what the memory has not learnt yet. When it returns without an error the message is durable,
// or was before. See the package's errors for the refusals.
func (p *Publisher) Publish(ctx context.Context, r Request) (Receipt, error) {
	txids := p.txids(r)
	leave, err := p.turns.enter(ctx, txids)
	if err != nil {
		return Receipt{}, ErrUnavailable
	}
	defer leave()
	known, ok, err := p.known(ctx, txids)
	if err != nil {
		return Receipt{}, err
	}
	if ok {
		return p.repeat(r, known)
	}
	m, err := p.message(ctx, r, txids[0])
	if err != nil {
		return Receipt{}, err
	}
	sequence, stands, err := p.Log.Append(ctx, m)
	if err != nil {
		return Receipt{}, refusal(err)
	}
	crash.Point("after-append")
	if stands {
		return p.stands(ctx, r, m, sequence, txids)
	}
	return Receipt{UMID: m.UMID, Room: m.Room, ReceivedAt: m.ReceivedAt}, nil
}

// known asks the memory. While hash keys change, the log may hold the transaction under another
// key's hash and does not recognise it; then the memory is asked again when it knows all of the log.
func (p *Publisher) known(ctx context.Context, txids []string) (Known, bool, error) {
	k, ok, err := p.Memory.Lookup(txids...)
	if err != nil || ok || len(txids) == 1 {
		return k, ok, lookupError(err)
	}
	if err := p.Memory.Wait(ctx); err != nil {
		return Known{}, false, ErrUnavailable
	}
	k, ok, err = p.Memory.Lookup(txids...)
	return k, ok, lookupError(err)
}

func lookupError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("publish: ask the index: %w", err)
}

// stands answers for a transaction id that the log knows: this very message after a lost
// answer, or an earlier one.
func (p *Publisher) stands(ctx context.Context, r Request, m rooms.Message, sequence uint64, txids []string) (Receipt, error) {
	stored, err := p.Log.Message(ctx, sequence)
	if errors.Is(err, stream.ErrGone) {
		return p.remembered(ctx, r, txids)
	}
	if err != nil {
		return Receipt{}, refusal(err)
	}
	if stored.UMID == m.UMID {
		return Receipt{UMID: m.UMID, Room: m.Room, ReceivedAt: m.ReceivedAt}, nil
	}
	return p.repeat(r, Known{UMID: stored.UMID, MHASH: stored.MHASH, Room: stored.Room})
}

// remembered asks the memory once more, about an entry whose body has been erased.
func (p *Publisher) remembered(ctx context.Context, r Request, txids []string) (Receipt, error) {
	if err := p.Memory.Wait(ctx); err != nil {
		return Receipt{}, ErrUnavailable
	}
	known, ok, err := p.Memory.Lookup(txids...)
	if err != nil || !ok {
		return Receipt{}, ErrUnavailable
	}
	return p.repeat(r, known)
}

// repeat gives the first answer again, or says that the request is another one.
func (p *Publisher) repeat(r Request, k Known) (Receipt, error) {
	if k.Room != r.Room || !p.Verifier.VerifyMAC(k.MHASH, requestPurpose(r.Room), r.Raw) {
		return Receipt{}, ErrConflict
	}
	return Receipt{UMID: k.UMID, Room: k.Room, ReceivedAt: k.UMID.Time(), Duplicate: true}, nil
}

func refusal(err error) error {
	switch {
	case errors.Is(err, stream.ErrFull):
		return ErrFull
	case errors.Is(err, stream.ErrUnavailable):
		return ErrUnavailable
	}
	return fmt.Errorf("publish: append: %w", err)
}

// message makes the entry of the log.
func (p *Publisher) message(ctx context.Context, r Request, txid string) (rooms.Message, error) {
	now := p.now()
	policy, err := p.Policies.Policy(ctx, r.Room)
	if err != nil {
		return rooms.Message{}, fmt.Errorf("%w: the policy: %w", ErrUnavailable, err)
	}
	m := rooms.Message{Header: rooms.Header{
		UMID: p.umid(now), Room: r.Room, Type: r.Type, Lane: r.Lane, Direct: r.Direct, Publisher: r.Client,
		MHASH: p.Vault.MAC(requestPurpose(r.Room), r.Raw), TxID: txid, Policy: policy.Revision,
		ReceivedAt: now, ExpiresAt: r.ExpiresAt, Recipients: len(r.Recipients),
		Callback: !r.Callback.IsZero(), Targeted: len(r.Audience) > 0,
	}}
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = policy.Deadline(now)
	}
	err = p.seal(&m, r) // before m is read: the order within a return is not fixed
	return m, err
}

// seal puts the content in: as it is for all subscribers, who read it, and sealed together
// with the recipients for named ones.
func (p *Publisher) seal(m *rooms.Message, r Request) error {
	var err error
	if !r.Direct {
		m.Payload = r.Content
		slip := rooms.Slip{TransactionID: r.TransactionID, Reference: r.Reference, Callback: r.Callback.Reveal(), Audience: r.Audience}
		m.Sealed, err = p.Vault.Seal(slip.Encode(), "slip", string(m.Room), string(m.UMID))
		return err
	}
	plain, err := rooms.Envelope{Content: r.Content, Recipients: r.Recipients, TransactionID: r.TransactionID, Reference: r.Reference, Callback: r.Callback}.Encode()
	if err != nil {
		return err
	}
	m.Payload, err = p.Vault.Seal(plain, "envelope", string(m.Room), string(m.UMID))
	return err
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
