package broker

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
)

// copySubject, in the account SYS, asks every node for a digest of its copy of a stream.
const copySubject = "crier.copy"

// digestWait is how long nodes may take for a digest of one stream.
const digestWait = 30 * time.Second

// Copy is what a node holds of a stream.
type Copy struct {
	Node     string `json:"node"`
	Stream   string `json:"stream"`
	Messages uint64 `json:"messages"`
	Last     uint64 `json:"last"`            // sequence of the last message
	Digest   string `json:"digest,omitzero"` // of sequences, subjects, headers and contents up to Last
	Error    string `json:"error,omitzero"`
}

// Alike says whether two nodes hold the same.
func (c Copy) Alike(other Copy) bool {
	return c.Error == "" && other.Error == "" && c.Digest == other.Digest && c.Messages == other.Messages
}

// Copies compares what the nodes hold of every stream, entry by entry, as far as the stream's
// leader has come now. It reads all of it, on every node: for quiet hours. A stream that is
// written to or erased from meanwhile may differ for that reason; ask again.
func (s *Server) Copies(ctx context.Context) ([]Copy, error) {
	ctx, cancel := context.WithTimeout(ctx, 4*digestWait)
	defer cancel()
	js, err := s.jetStream()
	if err != nil {
		return nil, err
	}
	defer js.Conn().Close()
	var all []Copy
	streams := js.ListStreams(ctx)
	for info := range streams.Info() {
		copies, err := s.gather(ctx, copyRequest{info.Config.Name, info.State.LastSeq}, len(info.Cluster.Replicas)+1)
		if err != nil {
			return nil, err
		}
		all = append(all, copies...)
	}
	if err := streams.Err(); err != nil {
		return nil, fmt.Errorf("broker: list the streams: %w", err)
	}
	return all, nil
}

type copyRequest struct {
	Stream string `json:"stream"`
	Last   uint64 `json:"last"`
}

func (s *Server) gather(ctx context.Context, r copyRequest, want int) ([]Copy, error) {
	question, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, digestWait)
	defer cancel()
	var all []Copy
	err = askAll(ctx, s.sys, copySubject, question, func(answer []byte) bool {
		var c Copy
		if json.Unmarshal(answer, &c) == nil {
			all = append(all, c)
		}
		return len(all) == want
	})
	if err != nil {
		return nil, fmt.Errorf("%d of %d nodes told what they hold of %s: %w", len(all), want, r.Stream, err)
	}
	slices.SortFunc(all, func(a, b Copy) int { return strings.Compare(a.Node, b.Node) })
	return all, nil
}

// answerCopies has this node tell what it holds.
func (s *Server) answerCopies() error {
	return s.answer(copySubject, func(question []byte) ([]byte, error) {
		var r copyRequest
		if err := json.Unmarshal(question, &r); err != nil {
			return nil, err
		}
		return json.Marshal(s.copyOf(r))
	})
}

func (s *Server) copyOf(r copyRequest) Copy {
	c := Copy{Node: s.options.Node, Stream: r.Stream, Last: r.Last}
	store, err := s.localStore(r.Stream)
	if err == nil {
		err = c.read(s.running, store)
	}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}

// read digests what this node holds itself: what clients read may come from any replica.
func (c *Copy) read(ctx context.Context, store server.StreamStore) error {
	ctx, cancel := context.WithTimeout(ctx, digestWait)
	defer cancel()
	if err := arrived(ctx, store, c.Last); err != nil {
		return err
	}
	sum := sha256.New()
	var m server.StoreMsg
	for next := uint64(1); next <= c.Last && ctx.Err() == nil; {
		found, sequence, err := store.LoadNextMsg(">", true, next, &m)
		if errors.Is(err, server.ErrStoreEOF) || err == nil && sequence > c.Last {
			break
		}
		if err != nil {
			return fmt.Errorf("broker: entry %d or after: %w", next, err)
		}
		c.Messages++
		e := held(found)
		_, _ = fmt.Fprintf(sum, "%d %d %q %d %d\n", sequence, e.ts, e.subj, len(e.hdr), len(e.msg)) // a hash takes everything
		sum.Write(e.hdr)
		sum.Write(e.msg)
		next = sequence + 1
	}
	c.Digest = base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
	return ctx.Err()
}

// arrived waits until a replica has come as far as its leader had.
func arrived(ctx context.Context, store server.StreamStore, last uint64) error {
	return repeat(ctx, func() error {
		if state := store.State(); state.LastSeq < last {
			return fmt.Errorf("broker: the copy ends at %d, the leader's at %d", state.LastSeq, last)
		}
		return nil
	})
}
