package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors for which a node is not promoted.
var (
	ErrNotPair   = errors.New("broker: only a node of a pair is promoted; three nodes choose a leader by themselves")
	ErrPeerAlive = errors.New("broker: that node answers, so it is not dead; promoting this one would split the data in two")
	ErrNotPeer   = errors.New("broker: that is not the other node of this pair")
)

// promotePatience bounds a promotion. The engine keeps its rescue up for five minutes.
const promotePatience = 2 * time.Minute

// Promote lets this node of a pair go on alone, after a person has made sure that its peer is
// off and stays off: if both run apart, each takes writes that the other never gets. say is
// called with each step as it begins.
//
// In the engine's words: its meta group is told that one vote is enough
// ($JS.API.META.RESCUE), the dead peer is removed ($JS.API.SERVER.REMOVE), and all streams
// and consumers shrink to this node. When the peer comes back with its store it is taken in
// again, and all is held twice as before.
func (s *Server) Promote(ctx context.Context, peer string, say func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, promotePatience)
	defer cancel()
	if err := s.mayPromote(ctx, peer); err != nil {
		return err
	}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"giving the engine somebody to talk to, without which it does not begin to vote", s.summonHelper},
		{"telling the engine that one vote is enough", s.rescue},
		{"removing " + peer + " from the cluster", func(ctx context.Context) error { return s.removeDead(ctx, peer) }},
		{"waiting until every stream and consumer is led by this node", s.waitAlone},
	}
	for _, step := range steps {
		say(step.what)
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("broker: %s: %w", step.what, err)
		}
	}
	if err := s.manifest.setAlone(true); err != nil {
		return err
	}
	s.background.Go(s.awaitPeer)
	return nil
}

func (s *Server) mayPromote(ctx context.Context, peer string) error {
	if s.options.Topology != Pair {
		return ErrNotPair
	}
	if peer == s.options.Node || peer == "" {
		return ErrNotPeer
	}
	running, err := nodes(ctx, s.sys)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(running, func(n node) bool { return n.Name != s.options.Node }) {
		return ErrPeerAlive
	}
	return nil
}

// summonHelper gives the server a route: without any, its RAFT groups do not start after a boot.
func (s *Server) summonHelper(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.helper != nil {
		return nil
	}
	var err error
	s.helper, err = s.startHelper()
	return err
}

func (s *Server) dismissHelper() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.helper != nil {
		s.helper.Shutdown()
		s.helper = nil
	}
}

// rescue asks until it is accepted: it is refused while the node still believes in a leader,
// itself perhaps, which is why it is made to step down.
func (s *Server) rescue(ctx context.Context) error {
	return repeat(ctx, func() error {
		brief, cancel := context.WithTimeout(ctx, answerWait)
		defer cancel()
		_ = ask(brief, s.sys, "$JS.API.META.LEADER.STEPDOWN", struct{}{})
		request := struct {
			Quorum int `json:"quorum_needed"`
		}{1}
		return ask(ctx, s.sys, "$JS.API.META.RESCUE", request)
	})
}

// removeDead removes the other node, by its id: after a boot the engine does not know its name.
func (s *Server) removeDead(ctx context.Context, peer string) error {
	return repeat(ctx, func() error {
		list, err := members(ctx, s.sys)
		if err != nil {
			return err
		}
		for _, m := range list {
			if m.Name == s.options.Node {
				continue
			}
			if m.Name != peer && !strings.Contains(m.Name, m.Peer) { // its id stands for a name that is not known
				return final{fmt.Errorf("%w: it is %s", ErrNotPeer, m.Name)}
			}
			if err := s.removePeer(ctx, m.Peer); err != nil {
				return err
			}
		}
		if len(list) > 1 {
			return errors.New("not removed yet")
		}
		return nil
	})
}

func (s *Server) removePeer(ctx context.Context, id string) error {
	request := struct {
		Peer string `json:"peer"`
		ID   string `json:"peer_id"`
	}{"", id}
	return ask(ctx, s.sys, "$JS.API.SERVER.REMOVE", request)
}

// shortLook is how long the first look at the groups may take.
const shortLook = 300 * time.Millisecond

// waitAlone returns when every group has a leader, this node. The engine answers at once if all have
// one, else after four seconds: it is asked again rather than waited for, each time a little longer.
func (s *Server) waitAlone(ctx context.Context) error {
	look := shortLook
	return repeat(ctx, func() error {
		brief, cancel := context.WithTimeout(ctx, look)
		defer cancel()
		look += look / 2
		groups, err := s.groups(brief)
		if err != nil {
			return err
		}
		for _, g := range groups {
			if g.Leader != s.options.Node {
				return fmt.Errorf("%s has no leader yet", g)
			}
		}
		return nil
	})
}

// stayUp keeps a promoted node working across restarts.
func (s *Server) stayUp(ctx context.Context) error {
	if !s.manifest.isAlone() {
		return nil
	}
	s.options.Log.Warn("this node was promoted and works alone; nothing is held twice until its peer is back")
	s.background.Go(s.awaitPeer)
	return s.summonHelper(ctx)
}

// awaitPeer notices when a promoted node is not alone any more.
func (s *Server) awaitPeer() {
	err := repeat(s.running, func() error {
		st, err := s.Status(s.running)
		if err == nil && !(st.Healed && len(st.Nodes) > 1) {
			err = errors.New("alone")
		}
		return err
	})
	if err != nil || s.running.Err() != nil {
		return
	}
	s.dismissHelper()
	if err := s.manifest.setAlone(false); err != nil {
		s.options.Log.Error("the manifest still says that this node is alone", "error", err)
		return
	}
	s.options.Log.Info("the peer is back, and everything is held twice again")
}

// final is an error after which a repetition is of no use.
type final struct{ error }

// repeat calls fn until it succeeds, or ctx ends, which gives the last error.
func repeat(ctx context.Context, fn func() error) error {
	for {
		err := fn()
		var f final
		if err == nil || errors.As(err, &f) {
			return err
		}
		if pause(ctx, readyPause) != nil {
			return err
		}
	}
}
