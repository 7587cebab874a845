package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// answer is what every answer of the JetStream API may hold. Calls that name a stream are
// answered by its leader alone, which has applied all that was ever acknowledged.
type answer struct {
	Error *jetstream.APIError `json:"error"`
}

func (a *answer) failure() *jetstream.APIError { return a.Error }

// api asks the JetStream API once.
func (l *Log) api(ctx context.Context, call string, question any, a interface{ failure() *jetstream.APIError }) error {
	request, err := json.Marshal(question)
	if err != nil {
		return err
	}
	reply, err := l.read.Conn().RequestWithContext(ctx, jetstream.DefaultAPIPrefix+call, request)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(reply.Data, a); err != nil {
		return fmt.Errorf("an answer to %s that cannot be read: %w", call, err)
	}
	if fault := a.failure(); fault != nil {
		return fault
	}
	return nil
}

// sure reads one entry of the one replica that knows: what was stored or removed before the call
// is seen. ErrGone if it is not there.
func (l *Log) sure(ctx context.Context, stream string, g get) (stored, error) {
	if l.options.replicated() {
		return l.leader(ctx, stream, g)
	}
	return l.atHand(ctx, stream, g)
}

// leader asks a stream's leader for one entry.
func (l *Log) leader(ctx context.Context, stream string, g get) (s stored, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		s, err = l.askLeader(ctx, stream, g)
		return err
	})
	return s, err
}

func (l *Log) askLeader(ctx context.Context, stream string, g get) (stored, error) {
	var a struct {
		answer
		Message struct {
			Subject  string `json:"subject"`
			Sequence uint64 `json:"seq"`
			Header   []byte `json:"hdrs"`
			Data     []byte `json:"data"`
		} `json:"message"`
	}
	if err := l.api(ctx, "STREAM.MSG.GET."+stream, g, &a); err != nil {
		return stored{}, err
	}
	m := a.Message
	if len(m.Header) == 0 {
		return stored{m.Subject, m.Sequence, nil, m.Data}, nil
	}
	header, err := nats.DecodeHeadersMsg(m.Header)
	if err != nil {
		return stored{}, fmt.Errorf("the header of entry %d of %s: %w", m.Sequence, stream, err)
	}
	return stored{m.Subject, m.Sequence, header, m.Data}, nil
}

// last is the latest entry of a stream, or, where that has been removed, the latest of those
// that match a filter. ErrGone if there is none.
func (l *Log) last(ctx context.Context, stream, filter string) (stored, error) {
	s, err := l.sure(ctx, stream, get{Last: ">"}) // quick, but blind for what stands before a removed end
	if errors.Is(err, ErrGone) {
		return l.sure(ctx, stream, get{Last: filter})
	}
	return s, err
}

// everything is a filter that matches all subjects, with the patience to look for them.
const everything = "*.>"

// streamInfo is a part of what is known of a stream.
type streamInfo struct {
	answer
	Created time.Time `json:"created"`
	State   struct {
		Messages uint64 `json:"messages"`
		Subjects uint64 `json:"num_subjects"`
		Bytes    int64  `json:"bytes"`
		First    uint64 `json:"first_seq"`
		Last     uint64 `json:"last_seq"`
	} `json:"state"`
}

func (l *Log) info(ctx context.Context, stream string) (info streamInfo, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		info = streamInfo{}
		return l.api(ctx, "STREAM.INFO."+stream, struct{}{}, &info)
	})
	return info, err
}

// remove takes one entry away, and overwrites it on disk if it is to be erased. ErrGone if it is
// not there; one that went by an attempt whose answer was lost was there.
func (l *Log) remove(ctx context.Context, stream string, sequence uint64, erase bool) error {
	question := struct {
		Sequence uint64 `json:"seq"`
		NoErase  bool   `json:"no_erase"`
	}{sequence, !erase}
	attempts := 0
	err := l.insist(ctx, func(ctx context.Context) error {
		attempts++
		return l.api(ctx, "STREAM.MSG.DELETE."+stream, question, &answer{})
	})
	if errors.Is(err, ErrGone) && attempts > 1 {
		return nil
	}
	return err
}

// purge removes what matches a filter, up to before a sequence, or all if that is 0.
func (l *Log) purge(ctx context.Context, stream, filter string, before uint64) error {
	question := struct {
		Filter string `json:"filter"`
		Before uint64 `json:"seq,omitzero"`
	}{filter, before}
	return l.insist(ctx, func(ctx context.Context) error {
		return l.api(ctx, "STREAM.PURGE."+stream, question, &answer{})
	})
}
