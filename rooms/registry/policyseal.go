package registry

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// Sealer seals what is stored, and opens it again.
type Sealer interface {
	Seal(plaintext []byte, associated ...string) ([]byte, error)
	Unseal(sealed []byte, associated ...string) ([]byte, error)
}

// checkOf is what the URL of a policy's check is sealed to.
func checkOf(r rooms.Revision) []string {
	return []string{"policy", r.Name, strconv.Itoa(r.Revision)}
}

func sealCheck(s Sealer, one rooms.PolicyRevision) (rooms.PolicyRevision, error) {
	one.Sealed = nil
	if one.Check.URL.IsZero() {
		return one, nil
	}
	var err error
	one.Sealed, err = s.Seal([]byte(one.Check.URL.Reveal()), checkOf(one.Revision)...)
	if err != nil {
		return one, fmt.Errorf("registry: seal a policy: %w", err)
	}
	return one, nil
}

// openCheck gives a revision the URL of its check. If that cannot be opened, the check remains, and nobody is there to
// answer it.
func openCheck(s Sealer, one rooms.PolicyRevision) (rooms.PolicyRevision, error) {
	if one.Sealed == nil {
		return one, nil
	}
	one.Check.Timeout = max(one.Check.Timeout, time.Second)
	plain, err := s.Unseal(one.Sealed, checkOf(one.Revision)...)
	if err != nil {
		return one, fmt.Errorf("registry: open a policy: %w", err)
	}
	one.Check.URL, err = rooms.ParseURL(string(plain))
	return one, err
}

// PolicyMover is what re-keying needs of the policies.
type PolicyMover interface {
	Policies(ctx context.Context, from uint64) ([]rooms.PolicyRevision, error)
	PutPolicy(ctx context.Context, p rooms.PolicyRevision) (entry uint64, err error)
}

// policies seals anew whom policies ask. One that is changed meanwhile is sealed by that.
func (p *pass) policies(ctx context.Context) error {
	all, err := p.Policies.Policies(ctx, 1)
	if err != nil {
		return fmt.Errorf("registry: read the policies: %w", err)
	}
	for _, one := range all {
		if one.Sealed == nil {
			continue
		}
		by, _ := vault.SealedBy(one.Sealed)
		if by != p.seals {
			if by, err = p.policy(ctx, one, by); err != nil {
				return err
			}
		}
		p.uses[by]++
	}
	return nil
}

// policy gives the key under which the entry is sealed now.
func (p *pass) policy(ctx context.Context, one rooms.PolicyRevision, by uint32) (uint32, error) {
	one, err := openCheck(p.Ring, one)
	if err == nil {
		one, err = sealCheck(p.Ring, one)
	}
	if err != nil {
		p.unreadable, p.why = p.unreadable+1, err
		return by, nil
	}
	if _, err := p.Policies.PutPolicy(ctx, one); err != nil && !errors.Is(err, stream.ErrRevision) {
		return by, wrapMove(err)
	}
	return p.seals, nil
}
