package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// WrittenStore is where it is kept what people write.
type WrittenStore interface {
	ScanInbound(ctx context.Context, after uint64, limit int, fn func(rooms.Reply) error) (next uint64, err error)
	EraseReply(ctx context.Context, sequence uint64) error
}

// Written is what a person has written.
type Written struct {
	rooms.Reply
	rooms.Letter
}

// written finds what a person has written from an address. What cannot be opened is nobody's.
func (p *Persons) written(ctx context.Context, at rooms.Endpoint) (all []Written, err error) {
	if p.Written == nil {
		return nil, nil
	}
	for after, more := uint64(0), true; more; more = after > 0 {
		after, err = p.Written.ScanInbound(ctx, after, lookedAtOnce, func(r rooms.Reply) error {
			plain, err := p.Subscribers.vault.Unseal(r.Sealed, r.Bound()...)
			if err != nil {
				return ctx.Err()
			}
			l, err := rooms.DecodeLetter(plain)
			if err == nil && r.Channel == at.Channel && l.From.Same() == at.Address.Same() {
				all = append(all, Written{r, l})
			}
			return ctx.Err()
		})
		if err != nil {
			return nil, fmt.Errorf("registry: look through what people have written: %w", err)
		}
	}
	return all, nil
}

// eraseWritten erases what is there now.
func (p *Persons) eraseWritten(ctx context.Context, at rooms.Endpoint) error {
	found, err := p.written(ctx, at)
	if err != nil {
		return err
	}
	for _, one := range found {
		if err := p.Written.EraseReply(ctx, one.Sequence); err != nil && !errors.Is(err, stream.ErrGone) {
			return fmt.Errorf("registry: erase what a person has written: %w", err)
		}
	}
	return nil
}
