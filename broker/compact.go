package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
)

// compactSubject, in the account SYS, asks every node how far its RAFT log of a stream has come, or to shorten it.
const compactSubject = "crier.compact"

const (
	compactPatience = 5 * time.Second                // for one log of a node
	compactWait     = compactPatience + 2*answerWait // for the answers of all nodes
)

// Compact has the RAFT logs of streams forget, on every node, what they brought about before the call. They hold every
// entry, also one that has been erased since, until the server shortens them by itself, after minutes. It fails if that
// cannot be said of every node: one is away, or more is being written all the time. A single node has no such logs.
func (s *Server) Compact(ctx context.Context, streams ...string) error {
	if !s.options.clustered() {
		return nil
	}
	if here := len(s.present(ctx)); here < s.options.Replicas() {
		return fmt.Errorf("broker: %d of %d nodes are there", here, s.options.Replicas())
	}
	js, err := s.jetStream()
	if err != nil {
		return err
	}
	defer js.Conn().Close()
	var faults []error
	for _, name := range streams {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return fmt.Errorf("broker: look at stream %s: %w", name, err)
		}
		c := stream.CachedInfo().Cluster
		if c == nil || c.RaftGroup == "" {
			continue
		}
		faults = append(faults, s.compactAll(ctx, compactRequest{Stream: name, Group: c.RaftGroup}, len(c.Replicas)+1))
	}
	return errors.Join(faults...)
}

type compactRequest struct {
	Stream string `json:"stream"`
	Group  string `json:"group"`
	UpTo   uint64 `json:"upTo,omitzero"` // what has to be applied before; 0: the question is how far it has come
}

type compacted struct {
	Committed uint64 `json:"committed"`
	Error     string `json:"error,omitzero"`
}

// compactAll asks all nodes how far they have come, then has each catch up with the first of them and shorten its log.
func (s *Server) compactAll(ctx context.Context, r compactRequest, nodes int) error {
	all, err := s.askCompact(ctx, r, nodes)
	if err != nil {
		return err
	}
	for _, one := range all {
		r.UpTo = max(r.UpTo, one.Committed)
	}
	if all, err = s.askCompact(ctx, r, nodes); err != nil {
		return err
	}
	for _, one := range all {
		if one.Error != "" {
			err = errors.Join(err, errors.New(one.Error))
		}
	}
	return err
}

func (s *Server) askCompact(ctx context.Context, r compactRequest, want int) (all []compacted, err error) {
	question, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, compactWait)
	defer cancel()
	err = askAll(ctx, s.sys, compactSubject, question, func(answer []byte) bool {
		var one compacted
		if json.Unmarshal(answer, &one) == nil {
			all = append(all, one)
		}
		return len(all) == want
	})
	if err != nil {
		return nil, fmt.Errorf("%d of %d nodes told of their RAFT logs of %s: %w", len(all), want, r.Stream, err)
	}
	return all, nil
}

// answerCompact has this node shorten its logs.
func (s *Server) answerCompact() error {
	return s.answer(compactSubject, func(question []byte) ([]byte, error) {
		var r compactRequest
		if err := json.Unmarshal(question, &r); err != nil {
			return nil, err
		}
		var c compacted
		g, err := s.raftGroup(r.Group)
		if c.Committed = g.Committed; err == nil && r.UpTo > 0 {
			err = s.compact(r)
		}
		if err != nil {
			c.Error = fmt.Sprintf("%s: %v", s.options.Node, err)
		}
		return json.Marshal(c)
	})
}

// compact shortens a log of this node until nothing is left in it: a part of one may lie in a file with what it has
// dropped.
func (s *Server) compact(r compactRequest) error {
	ctx, cancel := context.WithTimeout(s.running, compactPatience)
	defer cancel()
	return repeat(ctx, func() error {
		g, err := s.raftGroup(r.Group)
		if err != nil {
			return err
		}
		if g.Applied < r.UpTo {
			return fmt.Errorf("broker: stream %s has come to %d of %d", r.Stream, g.Applied, r.UpTo)
		}
		if g.WAL.Msgs == 0 {
			return nil
		}
		failed := s.nats.JetStreamSnapshotStream(coreAccount, r.Stream)
		if g, err = s.raftGroup(r.Group); err != nil || g.WAL.Msgs > 0 {
			return errors.Join(fmt.Errorf("broker: the RAFT log of stream %s holds %d entries", r.Stream, g.WAL.Msgs), failed, err)
		}
		return nil
	})
}

// raftGroup is what this node knows of a RAFT group.
func (s *Server) raftGroup(name string) (server.RaftzGroup, error) {
	for _, groups := range *s.nats.Raftz(&server.RaftzOptions{AccountFilter: coreAccount, GroupFilter: name}) {
		for _, g := range groups {
			return g, nil
		}
	}
	return server.RaftzGroup{}, fmt.Errorf("broker: this node is not in %s", name)
}
