package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// Aside tells how far a message is planned whose planning was put off. Each page that becomes jobs later adds an entry, in
// one step with them; the latest counts.
type Aside struct {
	UMID       rooms.UMID `json:"-"`              // stands in the subject
	Message    uint64     `json:"msg"`            // position in the room's log
	Expires    time.Time  `json:"expires"`        // of the message
	Pages      int        `json:"pages"`          // that have become jobs
	Recipients int        `json:"recipients"`     // on them
	Covers     uint64     `json:"seq,omitzero"`   // position of the last subscriber on them
	Last       bool       `json:"last,omitzero"`  // no page follows
	Marks      string     `json:"marks,omitzero"` // of the page that this entry came with
	entry      uint64
}

// SetAside puts the planning of a message off. Doing it again changes nothing. ErrFenced if the turn has ended.
func (t *Turn) SetAside(ctx context.Context, a Aside) error {
	m, err := t.asideEntry(a)
	if err != nil {
		return err
	}
	msgs := []*nats.Msg{turnEntry(t.lane, t.fence), m}
	err = t.log.insist(ctx, func(ctx context.Context) error { return t.log.append(ctx, msgs) })
	if !errors.Is(err, ErrExists) {
		return err
	}
	if t.over(ctx) {
		return ErrFenced
	}
	return nil
}

func (t *Turn) asideEntry(a Aside) (*nats.Msg, error) {
	data, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("stream: put a message aside: %w", err)
	}
	return &nats.Msg{Subject: rooms.AsideSubject(t.lane, a.UMID), Data: data, Header: nats.Header{
		headerExpectedLast: {strconv.FormatUint(a.entry, 10)}, headerTTL: {t.log.options.MarkerTTL.String()}}}, nil
}

// Asides gives the messages of the lane whose planning was put off, each with its entries in order. What cannot be read is
// reported and left out.
func (t *Turn) Asides(ctx context.Context) (map[rooms.UMID][]Aside, error) {
	all := map[rooms.UMID][]Aside{}
	from := uint64(0)
	for count := maxBatch; count == maxBatch; {
		var err error
		count, err = t.log.walk(ctx, queueName(t.lane), rooms.AsideFilter(t.lane), from, maxBatch, func(s stored) error {
			from = s.sequence + 1
			a := Aside{entry: s.sequence}
			err := json.Unmarshal(s.data, &a)
			if err == nil {
				_, a.UMID, err = rooms.ParseAsideSubject(s.subject)
			}
			if err != nil {
				t.log.options.Log.Error("how far a message is planned cannot be read; it is planned no further", "sequence", s.sequence, "error", err)
				return nil
			}
			all[a.UMID] = append(all[a.UMID], a)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// EnqueueAside stores the jobs of a further page of a message that was put aside, and a, which says so, behind before. After
// an error it may be stored or not, which Asides tells. ErrFenced if the turn has ended.
func (t *Turn) EnqueueAside(ctx context.Context, jobs []rooms.Job, before Aside, a *Aside) error {
	a.entry = before.entry
	entry, err := t.asideEntry(*a)
	if err != nil {
		return err
	}
	msgs := make([]*nats.Msg, 0, len(jobs)+1)
	for _, j := range jobs {
		m, err := encodeJob(j)
		if err != nil {
			return err
		}
		msgs = append(msgs, m)
	}
	if len(msgs) == 0 {
		msgs = append(msgs, turnEntry(t.lane, t.fence))
	} else {
		behind(msgs[0], t.lane, t.fence)
	}
	msgs = append(msgs, entry)
	err = t.log.insist(ctx, func(ctx context.Context) error {
		stored, err := publishBatch(ctx, t.log.queue, msgs)
		a.entry = stored.Sequence
		return err
	})
	if errors.Is(err, ErrExists) && t.over(ctx) {
		return ErrFenced
	}
	return err
}

// Settled gives a position of the room's log: every message of the lane up to there was planned or put aside, and will not be
// handed out again.
func (t *Turn) Settled(ctx context.Context) (uint64, error) {
	info, err := t.info(ctx)
	if err != nil {
		return 0, err
	}
	return info.AckFloor.Stream, nil
}

// DropAside forgets a message that was put aside, when it is planned.
func (t *Turn) DropAside(ctx context.Context, u rooms.UMID) error {
	return t.log.purge(ctx, queueName(t.lane), rooms.AsideSubject(t.lane, u), 0)
}
