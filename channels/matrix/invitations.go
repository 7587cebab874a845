package matrix

import (
	"context"
	"errors"
	"time"
)

// invitation is one into a room that somebody wants to have with us alone.
type invitation struct {
	room, from string
	tried      int
}

// Of invitations, which anybody may send, only so many wait, and so much time is spent on them.
const (
	maxInvitations = 1000
	acceptors      = 4 // at once
	maxTries       = 3
	acceptTime     = 10 * time.Second // of one try
	acceptPause    = 5 * time.Second  // between two, at most
)

// invite has invitations accepted by and by. It never waits: what there is no room for is dropped.
func (r *reader) invite(all map[string]invited) {
	dropped := 0
	for room, i := range all {
		from, ok := r.asked(i)
		if ok && !r.queue(invitation{room: room, from: from}) {
			dropped++
		}
	}
	if dropped > 0 {
		r.deps.Log.Warn("invitations to rooms of Matrix are dropped, since too many wait", "dropped", dropped)
	}
}

func (r *reader) queue(i invitation) bool {
	select {
	case r.invitations <- i:
		return true
	default:
		return false
	}
}

// asked says who wants to begin a conversation.
func (r *reader) asked(i invited) (from string, ok bool) {
	if r.options.RefuseInvitations {
		return "", false
	}
	for _, e := range i.State.Events {
		c := e.content()
		if e.Type == typeMember && e.key() == r.options.UserID && c.Membership == "invite" && c.Direct {
			return e.Sender, true
		}
	}
	return "", false
}

// acceptAll accepts one invitation after the other until ctx ends.
func (r *reader) acceptAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case i := <-r.invitations:
			r.tryAccept(ctx, i)
		}
	}
}

// tryAccept has an invitation that may be accepted later tried again, after the others, but not for ever.
func (r *reader) tryAccept(ctx context.Context, i invitation) {
	err := r.accept(ctx, i)
	if err == nil || ctx.Err() != nil || r.skips("an invitation", err) {
		return
	}
	pause := readSoon
	if f := (*fault)(nil); errors.As(err, &f) {
		pause = min(max(f.after, readSoon), acceptPause)
	}
	if i.tried++; i.tried < maxTries {
		sleep(ctx, pause)
		if r.queue(i) {
			return
		}
	}
	r.deps.Log.Warn("an invitation to a room of Matrix could not be accepted", "error", err)
}

// accept enters the room, which is from then on the one that is used for who has begun it.
func (r *reader) accept(ctx context.Context, i invitation) error {
	ctx, cancel := context.WithTimeout(ctx, acceptTime)
	defer cancel()
	err := r.client.do(ctx, request{method: "POST", path: at("join", i.room), body: struct{}{}}, nil)
	if err != nil {
		return err
	}
	return r.directs.adopt(ctx, i.from, i.room)
}
