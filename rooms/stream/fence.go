package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// ErrFenced says that somebody else plans the lane now; nothing was stored.
var ErrFenced = errors.New("stream: somebody else plans this lane")

// headerExpectedSubject lets the condition of headerExpectedLast be about another subject of the
// same stream (nats-server, JSExpectedLastSubjSeqSubj).
const headerExpectedSubject = "Nats-Expected-Last-Subject-Sequence-Subject"

// behind makes the append of a job conditional on the fence of its lane, and with the job the
// batch that it is in.
func behind(m *nats.Msg, lane rooms.Lane, fence uint64) {
	if fence == 0 {
		return
	}
	m.Header.Set(headerExpectedLast, strconv.FormatUint(fence, 10))
	m.Header.Set(headerExpectedSubject, rooms.FenceSubject(lane))
}

// turnEntry carries the condition of a batch that has no job to carry it; a marker has one of its
// own. It is of no use once it is stored.
func turnEntry(lane rooms.Lane, fence uint64) *nats.Msg {
	m := &nats.Msg{Subject: rooms.TurnSubject(lane), Header: nats.Header{"Nats-TTL": {"1s"}}}
	behind(m, lane, fence)
	return m
}

// fence is the last entry of a lane's fence.
type fence struct {
	sequence uint64 // 0: there is none
	epoch    uint64
}

// fence reads the fence of a lane.
func (l *Log) fence(ctx context.Context, lane rooms.Lane) (fence, error) {
	m, err := l.sure(ctx, queueName(lane), get{Last: rooms.FenceSubject(lane)})
	if errors.Is(err, ErrGone) {
		return fence{}, nil
	}
	if err != nil {
		return fence{}, err
	}
	epoch, err := strconv.ParseUint(string(m.data), 10, 64)
	if err != nil {
		return fence{}, fmt.Errorf("stream: read the fence of a lane: %w", err)
	}
	return fence{m.sequence, epoch}, nil
}

// putFence stores a new fence behind the last one, unless that is of a later epoch: ErrFenced.
// What was to be stored under an earlier fence is refused from now on; if ErrFull, too.
func (l *Log) putFence(ctx context.Context, lane rooms.Lane, epoch uint64) (sequence uint64, err error) {
	last, err := l.fence(ctx, lane)
	if err != nil {
		return 0, err
	}
	if last.epoch > epoch {
		return 0, ErrFenced
	}
	sequence, err = l.storeFence(ctx, lane, epoch, last.sequence)
	if errors.Is(err, ErrFull) && last.sequence > 0 { // the last one makes room, and keeps nobody out who is not kept out without it
		if err := l.purge(ctx, queueName(lane), rooms.FenceSubject(lane), last.sequence+1); err != nil {
			return 0, err
		}
		sequence, err = l.storeFence(ctx, lane, epoch, 0)
	}
	if errors.Is(err, ErrExists) {
		return 0, ErrUnavailable // it changed a moment ago: the next attempt sees how
	}
	if err != nil {
		return 0, err
	}
	l.dropFences(ctx, lane, sequence)
	return sequence, nil
}

func (l *Log) storeFence(ctx context.Context, lane rooms.Lane, epoch, last uint64) (uint64, error) {
	m := &nats.Msg{Subject: rooms.FenceSubject(lane), Data: strconv.AppendUint(nil, epoch, 10),
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(last, 10)}}}
	a, err := publish(ctx, l.queue, m)
	return a.Sequence, classify(err)
}

// dropFences removes those before one.
func (l *Log) dropFences(ctx context.Context, lane rooms.Lane, before uint64) {
	if err := l.purge(ctx, queueName(lane), rooms.FenceSubject(lane), before); err != nil {
		l.options.Log.Debug("old fences stay for now", "lane", string(lane), "error", err)
	}
}
