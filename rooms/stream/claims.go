package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	"github.com/govcrier/crier/rooms"
)

// claimMargin is how long a claim outlives the deadline of its attempt.
const claimMargin = time.Hour

// Claim makes durable that an attempt begins, which nobody else can say until its deadline is over. ErrExists if somebody
// has: then nobody knows what became of it. Attempts that begin at the same time share a commit, and one that was claimed
// before does not hold up the others.
func (l *Log) Claim(ctx context.Context, a rooms.AttemptID, deadline time.Time) (claim uint64, err error) {
	keep := max(time.Until(deadline), 0) + claimMargin
	mine := nuid.Next()
	m := &nats.Msg{Subject: rooms.ClaimSubject(a), Data: []byte(mine), Header: nats.Header{
		headerExpectedLast: {"0"}, headerTTL: {keep.Truncate(time.Second).String()},
	}}
	done := l.claims.append(ctx, m)
	if !errors.Is(done.err, ErrExists) {
		return done.sequence, done.err
	}
	s, err := l.sure(ctx, streamClaims, get{Last: m.Subject})
	switch {
	case errors.Is(err, ErrGone): // whoever claimed it has given it back
		return 0, ErrUnavailable
	case err != nil:
		return 0, err
	case string(s.data) != mine: // it is not ours, of which the answer was lost
		return 0, ErrExists
	}
	return s.sequence, nil
}

// Claimed says whether an attempt is claimed. It is certain: what was claimed or given back before the call is seen.
func (l *Log) Claimed(ctx context.Context, a rooms.AttemptID) (bool, error) {
	_, err := l.sure(ctx, streamClaims, get{Last: rooms.ClaimSubject(a)})
	if errors.Is(err, ErrGone) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stream: look for a claim: %w", err)
	}
	return true, nil
}

// Unclaim gives an attempt back of which it is certain that nothing was sent. One that has gone is no error.
func (l *Log) Unclaim(ctx context.Context, claim uint64) error {
	if err := l.remove(ctx, streamClaims, claim, false); err != nil && !errors.Is(err, ErrGone) {
		return fmt.Errorf("stream: give a claim back: %w", err)
	}
	return nil
}
