package publish

import (
	"context"

	"github.com/govcrier/crier/rooms"
)

// Rules says why a policy does not let a message in; nil if it does. Its errors are handed on as they are.
type Rules interface {
	Check(ctx context.Context, p rooms.Policy, r Request, id string) error
}

// judge asks the rules about a message. One that they let in before is known, whatever they say of it now, and nobody
// outside is asked about it again: therefore the memory is asked once more, when it knows all of the log.
func (p *Publisher) judge(ctx context.Context, r Request, policy rooms.Policy, txids []string) (Known, bool, error) {
	if p.Rules == nil || r.Own {
		return Known{}, false, nil
	}
	if policy.Check.Asks() {
		if known, ok, err := p.whole(ctx, txids); ok || err != nil {
			return known, ok, err
		}
	}
	why := p.Rules.Check(ctx, policy, r, txids[0])
	if why == nil {
		return Known{}, false, nil
	}
	if known, ok, err := p.whole(ctx, txids); ok || err != nil {
		return known, ok, err
	}
	return Known{}, false, why
}
