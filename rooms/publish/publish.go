package publish

import (
	"context"
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

// Quotas bound what a client publishes.
type Quotas interface {
	// Take counts a message that is about to be accepted, and says what is left; or it refuses, with a *rooms.QuotaError or
	// rooms.ErrQuotaUnknown, and counts nothing.
	Take(ctx context.Context, h rooms.Header, rules rooms.PolicyRules) (rooms.Allowance, error)
	// Give takes back what was taken for a message that was not accepted.
	Give(h rooms.Header)
}

// Publisher accepts messages.
type Publisher struct {
	Log      Log
	Memory   Memory
	Vault    Vault
	Verifier Verifier
	Policies Policies
	Rules    Rules            // nil: every message is let in
	Quotas   Quotas           // none if nil
	Holder   Holder           // nil: nothing waits, and what would is refused
	Limit    int              // the most bytes of what is stored of a message; 0: whatever the log takes
	Now      func() time.Time // time.Now if nil

	turns   turns
	mu      sync.Mutex
	entropy *ulid.MonotonicEntropy
}

// Publish accepts a message: first the memory is asked, then the log, which itself recognises
// what the memory has not learnt yet. Of what neither knows the rules are asked. When it returns without an error the message is durable,
// or was before. See the package's errors for the refusals.
func (p *Publisher) Publish(ctx context.Context, r Request) (Receipt, error) {
	if r.TransactionID == "" {
		r.umid = p.umid(p.now())
		r.TransactionID = string(r.umid)
	}
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
	if r.Earlier != nil {
		if err := r.Earlier(ctx); err != nil {
			return Receipt{}, err
		}
	}
	policy, err := p.Policies.Policy(ctx, r.Room)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: the policy: %w", ErrUnavailable, err)
	}
	m, err := p.message(ctx, r, policy, txids[0])
	if err != nil {
		return Receipt{}, err
	}
	if p.Limit > 0 && len(m.Payload) > p.Limit {
		return Receipt{}, ErrTooLarge
	}
	allowance, err := p.take(ctx, r, m.Header, policy)
	if err != nil {
		return p.refused(ctx, r, txids, err)
	}
	receipt, err := p.judged(ctx, r, policy, m, txids)
	switch {
	case receipt.UMID == m.UMID:
		receipt.Allowance = allowance
	case p.Quotas != nil && !r.Own:
		p.Quotas.Give(m.Header) // should it be in the log all the same, it is counted when it is read there
	}
	return receipt, err
}

// judged asks the rules, whose answer may take its time, about a message that its publisher may send, and puts it in the log.
func (p *Publisher) judged(ctx context.Context, r Request, policy rooms.Policy, m rooms.Message, txids []string) (Receipt, error) {
	known, ok, err := p.judge(ctx, r, policy, txids)
	if err != nil {
		return Receipt{}, err
	}
	if ok {
		return p.repeat(r, known)
	}
	return p.append(ctx, r, m, txids)
}

// append puts a message in the log, unless that knows its transaction already.
func (p *Publisher) append(ctx context.Context, r Request, m rooms.Message, txids []string) (Receipt, error) {
	sequence, stands, err := p.Log.Append(ctx, m)
	if err != nil {
		return Receipt{}, refusal(err)
	}
	crash.Point("after-append")
	if stands {
		return p.stands(ctx, r, m, sequence, txids)
	}
	if m.Held {
		m.Sequence = sequence
		p.Holder.Accepted(ctx, m)
	}
	return receipt(m.Header), nil
}

func receipt(h rooms.Header) Receipt {
	r := Receipt{UMID: h.UMID, Room: h.Room, ReceivedAt: h.ReceivedAt}
	if h.Held {
		r.SendAt, r.Awaits = h.SendAt, h.Awaits
	}
	return r
}

func (p *Publisher) take(ctx context.Context, r Request, h rooms.Header, policy rooms.Policy) (rooms.Allowance, error) {
	if p.Quotas == nil || r.Own {
		return rooms.Allowance{}, nil
	}
	return p.Quotas.Take(ctx, h, policy.PolicyRules)
}

// refused says that a quota is used up, unless the request is a repeat of one that the memory has only learnt meanwhile.
func (p *Publisher) refused(ctx context.Context, r Request, txids []string, why error) (Receipt, error) {
	var over *rooms.QuotaError
	if !errors.As(why, &over) || p.Memory.Wait(ctx) != nil {
		return Receipt{}, why
	}
	if known, ok, err := p.Memory.Lookup(txids...); err == nil && ok {
		return p.repeat(r, known)
	}
	return Receipt{}, why
}

// known asks the memory. While hash keys change, the log may hold the transaction under another
// key's hash and does not recognise it; then the memory is asked again when it knows all of the log.
func (p *Publisher) known(ctx context.Context, txids []string) (Known, bool, error) {
	k, ok, err := p.Memory.Lookup(txids...)
	if err != nil || ok || len(txids) == 1 {
		return k, ok, lookupError(err)
	}
	return p.whole(ctx, txids)
}

// whole asks the memory when it knows all of the log.
func (p *Publisher) whole(ctx context.Context, txids []string) (Known, bool, error) {
	if err := p.Memory.Wait(ctx); err != nil {
		return Known{}, false, ErrUnavailable
	}
	k, ok, err := p.Memory.Lookup(txids...)
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
		if m.Held {
			p.Holder.Accepted(ctx, stored)
		}
		return receipt(m.Header), nil
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
	case errors.Is(err, ErrNever), errors.Is(err, ErrFull), errors.Is(err, ErrUnavailable):
		return err
	}
	return fmt.Errorf("publish: append: %w", err)
}
