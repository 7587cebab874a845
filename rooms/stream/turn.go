package stream

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

const (
	// comeBack is how long messages may take to come that were just asked back.
	comeBack = 100 * time.Millisecond
	// turnAnswer is how long one answer is waited for: whoever was to give it may have died.
	turnAnswer = time.Second
)

// Turn is a planner's turn at a lane. While it lasts nobody else's jobs get into the queue, and
// its messages come in the order of the log, from the first on that is not settled, whoever had
// them before.
type Turn struct {
	log    *Log
	lane   rooms.Lane
	intake *Intake
	fence  uint64
	next   uint64 // number of the next delivery, if all come to us; 0: not known
}

// Turn begins a turn of an epoch, which ends all turns of earlier epochs. ErrFenced if there has
// been one of a later epoch; after any other error it may be tried again.
func (l *Log) Turn(ctx context.Context, lane rooms.Lane, epoch uint64) (*Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, turnAnswer)
	defer cancel()
	sequence, err := l.putFence(ctx, lane, epoch)
	if err != nil {
		return nil, err
	}
	intake, err := l.Intake(ctx, lane)
	return &Turn{log: l, lane: lane, intake: intake, fence: sequence}, err
}

// Enqueue stores the jobs of pages as Log.Enqueue does, if the turn has not ended: ErrFenced.
func (t *Turn) Enqueue(ctx context.Context, pages []PageJobs) error {
	for i := range pages {
		pages[i].fence = t.fence
	}
	err := t.log.Enqueue(ctx, t.lane, pages)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if t.over(ctx) {
		return ErrFenced
	}
	return err
}

// over says whether the fence is known to be another's, or taken away to make room for it.
func (t *Turn) over(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, turnAnswer)
	defer cancel()
	last, err := t.log.fence(ctx, t.lane)
	return err == nil && (last.sequence > t.fence || last.sequence == 0)
}

// Fetch gives the messages that wait, at most max, or more if others had some of them; if none
// waits, it waits for one.
func (t *Turn) Fetch(ctx context.Context, max int, wait time.Duration) ([]Received, error) {
	if t.next == 0 {
		return t.collect(ctx, nil)
	}
	got, err := t.intake.Fetch(ctx, max, wait)
	switch {
	case err != nil && len(got) == 0:
		return nil, err
	case len(got) > 0 && t.follow(got):
		return got, err
	case len(got) == 0:
		info, err := t.info(ctx)
		if err != nil {
			return nil, err
		}
		if info.NumAckPending == 0 && info.Delivered.Consumer+1 == t.next {
			return nil, nil
		}
	}
	return t.collect(ctx, got)
}

// follow says whether nobody else was given anything between these and what came before.
func (t *Turn) follow(got []Received) bool {
	for _, m := range got {
		if m.meta.Sequence.Consumer != t.next {
			return false
		}
		t.next++
	}
	return true
}

// collect asks back whatever others have been given and have not settled: they may be gone. It
// returns it with what is here, in the order of the log.
func (t *Turn) collect(ctx context.Context, got []Received) ([]Received, error) {
	here := map[uint64]Received{}
	t.next = 0
	for {
		for _, m := range got {
			here[m.Sequence] = m
		}
		info, err := t.info(ctx)
		if err != nil {
			return nil, err
		}
		missing := info.NumAckPending - len(here)
		if missing <= 0 {
			t.next = info.Delivered.Consumer + 1
			return inOrder(here), nil
		}
		if err := t.askBack(ctx, info, here); err != nil {
			return nil, err
		}
		if got, err = t.intake.await(ctx, missing, comeBack); err != nil && len(got) == 0 {
			return nil, err
		}
	}
}

func (t *Turn) info(ctx context.Context) (*jetstream.ConsumerInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, turnAnswer)
	defer cancel()
	info, err := t.intake.consumer.Info(ctx)
	return info, classify(err)
}

func inOrder(all map[uint64]Received) []Received {
	out := make([]Received, 0, len(all))
	for _, m := range all {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Received) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return out
}

// askBack refuses in the name of whoever has them the messages that are handed out and not
// settled, but those that are here; so they are handed out again at once, and not when AckWait is
// over by the clocks of servers that may differ. It returns when this has been noted. A refusal of
// what was settled, or never handed out, changes nothing.
func (t *Turn) askBack(ctx context.Context, info *jetstream.ConsumerInfo, here map[uint64]Received) error {
	elsewhere, err := t.elsewhere(ctx, info, here)
	if err != nil || len(elsewhere) == 0 {
		return err
	}
	nc := t.log.work.Conn()
	refusal := func(sequence uint64) *nats.Msg {
		return &nats.Msg{Data: []byte("-NAK"), Subject: fmt.Sprintf("$JS.ACK.%s.%s.1.%d.%d.0.0", info.Stream, info.Name, sequence, info.Delivered.Consumer)}
	}
	last := len(elsewhere) - 1
	for _, sequence := range elsewhere[:last] {
		if err := nc.PublishMsg(refusal(sequence)); err != nil {
			return fmt.Errorf("stream: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, turnAnswer)
	defer cancel()
	_, err = nc.RequestMsgWithContext(ctx, refusal(elsewhere[last]))
	return classify(err)
}

// elsewhere are the messages of the lane that may be handed out and are not here. There may be very
// many of other lanes between them. Where some have been erased meanwhile, it is every position.
func (t *Turn) elsewhere(ctx context.Context, info *jetstream.ConsumerInfo, here map[uint64]Received) (all []uint64, err error) {
	after, upTo := info.AckFloor.Stream, info.Delivered.Stream
	for _, filter := range rooms.LaneFilters(t.lane) {
		err := t.log.each(ctx, streamRooms, filter, after+1, upTo, func(s stored) {
			if _, ok := here[s.sequence]; !ok {
				all = append(all, s.sequence)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if len(all) >= info.NumAckPending-len(here) {
		slices.Sort(all)
		return all, nil
	}
	all = nil
	for sequence := after + 1; sequence <= upTo; sequence++ {
		if _, ok := here[sequence]; !ok {
			all = append(all, sequence)
		}
	}
	return all, nil
}
