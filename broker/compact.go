package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"
)

// compactSubject, in the account SYS, asks every node how far its RAFT log of a stream has come, or to shorten it.
const compactSubject = "crier.compact"

const (
	compactPatience = 5 * time.Second                // for one log of a node
	compactWait     = compactPatience + 2*answerWait // for the answers of all nodes
)

// Compact has the RAFT logs of streams forget, on every node, what they brought about before the call. They hold every
// entry, also one that has been erased since, until the server shortens them by itself, after minutes. It fails at the
// first stream of which that cannot be said of every node: one is away, or what is written keeps an old file of the log
// in use. A single node has no such logs.
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
	for _, name := range streams {
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return fmt.Errorf("broker: look at stream %s: %w", name, err)
		}
		c := stream.CachedInfo().Cluster
		if c == nil || c.RaftGroup == "" {
			continue
		}
		if err := s.compactAll(ctx, compactRequest{Stream: name, Group: c.RaftGroup}, holders(c)); err != nil {
			return err
		}
	}
	return nil
}

// holders are the names of the nodes that hold a stream.
func holders(c *jetstream.ClusterInfo) map[string]bool {
	names := map[string]bool{c.Leader: true}
	for _, r := range c.Replicas {
		names[r.Name] = true
	}
	return names
}

type compactRequest struct {
	Stream string `json:"stream"`
	Group  string `json:"group"`
	UpTo   uint64 `json:"upTo,omitzero"`   // what has to be applied before; 0: the question is how far it has come
	Within int64  `json:"within,omitzero"` // for how many milliseconds the answer is waited for; 0: compactPatience
}

func (r compactRequest) patience() time.Duration {
	return min(cmp.Or(time.Duration(r.Within)*time.Millisecond, compactPatience), compactPatience)
}

type compacted struct {
	Node      string `json:"node"`
	Committed uint64 `json:"committed"`
	Error     string `json:"error,omitzero"`
}

// compactAll asks the nodes of a stream how far they have come, then has each catch up with the first of them and shorten
// its log.
func (s *Server) compactAll(ctx context.Context, r compactRequest, nodes map[string]bool) error {
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

// askCompact waits for the answers of some nodes: also those answer that do not hold the stream.
func (s *Server) askCompact(ctx context.Context, r compactRequest, nodes map[string]bool) (map[string]compacted, error) {
	ctx, cancel := context.WithTimeout(ctx, compactWait)
	defer cancel()
	end, _ := ctx.Deadline()
	if r.Within = (time.Until(end) - 2*answerWait).Milliseconds(); r.Within <= 0 {
		return nil, fmt.Errorf("broker: no time is left for the RAFT logs of %s: %w", r.Stream, context.DeadlineExceeded)
	}
	question, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	all := map[string]compacted{}
	err = askAll(ctx, s.sys, compactSubject, question, func(answer []byte) bool {
		var one compacted
		if json.Unmarshal(answer, &one) == nil && nodes[one.Node] {
			all[one.Node] = one
		}
		return len(all) == len(nodes)
	})
	if err != nil {
		return nil, fmt.Errorf("%d of %d nodes told of their RAFT logs of %s: %w", len(all), len(nodes), r.Stream, err)
	}
	return all, nil
}

// answerCompact has this node shorten its logs.
func (s *Server) answerCompact() error {
	return s.answerAside(compactSubject, func(question []byte) ([]byte, error) {
		var r compactRequest
		if err := json.Unmarshal(question, &r); err != nil {
			return nil, err
		}
		c := compacted{Node: s.options.Node}
		g, err := s.raftGroup(r.Group)
		if c.Committed = g.Committed; err == nil && r.UpTo > 0 {
			ctx, cancel := context.WithTimeout(s.running, r.patience())
			defer cancel()
			err = s.compactions.join(ctx, r.Group, r.UpTo, func() (uint64, error) { return s.shorten(ctx, r) })
		}
		if err != nil {
			c.Error = fmt.Sprintf("%s: %v", s.options.Node, err)
		}
		return json.Marshal(c)
	})
}
