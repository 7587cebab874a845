package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Errors of membership.
var (
	ErrNotMember = errors.New("broker: no member has that name")
	ErrRunning   = errors.New("broker: that node answers; stop it first, and keep it stopped")
	ErrTooFew    = errors.New("broker: too few nodes would be left to decide anything")
)

// Remove takes a node that is off out of the cluster. Its replicas move to nodes that have
// none, as soon as there are such. The node must not come back with its old store for ten
// seconds (raft.scale 0.25), and need not come back at all.
func (s *Server) Remove(ctx context.Context, name string) error {
	running, err := nodes(ctx, s.sys)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(running, func(n node) bool { return n.Name == name }) {
		return ErrRunning
	}
	list, err := members(ctx, s.sys)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(m member) bool { return m.Name == name || m.Peer == name })
	switch {
	case i < 0:
		return ErrNotMember
	case len(list) <= 2:
		return ErrTooFew
	}
	ctx, cancel := context.WithTimeout(ctx, promotePatience)
	defer cancel()
	return repeat(ctx, func() error {
		if err := s.removePeer(ctx, list[i].Peer); err != nil {
			return err
		}
		now, err := members(ctx, s.sys)
		if err == nil && slices.ContainsFunc(now, func(m member) bool { return m.Peer == list[i].Peer }) {
			err = errors.New("broker: not removed yet")
		}
		return err
	})
}

// Await returns when a node has joined and everything is whole again. say is called with how
// things stand whenever that changes.
func (s *Server) Await(ctx context.Context, name string, say func(string)) error {
	said := ""
	for {
		st, err := s.Status(ctx)
		now := st.Words
		if err != nil {
			now = err.Error()
		} else if !st.has(name) {
			now = fmt.Sprintf("%s has not joined yet", name)
		} else if st.Healed {
			return nil
		}
		if now != said {
			said = now
			say(now)
		}
		if err := pause(ctx, awaitPause); err != nil {
			return err
		}
	}
}

func (s *Status) has(name string) bool {
	return slices.ContainsFunc(s.Nodes, func(n NodeStatus) bool { return n.Name == name && n.Present && n.Member })
}

const awaitPause = 5 * readyPause
