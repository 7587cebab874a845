package stream

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// inboundDuplicates is how long what comes in is known again. Whoever offers it later than that, say because it was never
// told that it had been taken, leaves a second entry with the same id.
const inboundDuplicates = day

// AddReply stores what somebody has written. Offered again within a day it is known: the entry that was stored then counts,
// and known says so. ErrFull at Options.InboundBytes, so that nobody's reply makes way for another; of what belongs to no room,
// which anybody can send, at half of that.
func (l *Log) AddReply(ctx context.Context, r rooms.Reply) (sequence uint64, known bool, err error) {
	data, err := json.Marshal(r)
	if err != nil {
		return 0, false, fmt.Errorf("stream: encode a reply: %w", err)
	}
	if r.Room == "" {
		info, err := l.info(ctx, streamInbound)
		if err == nil && info.State.Bytes >= l.options.InboundBytes/2 {
			err = ErrFull
		}
		if err != nil {
			return 0, false, err
		}
	}
	m := &nats.Msg{Subject: replySubject(r), Data: data, Header: nats.Header{jetstream.MsgIDHeader: {replyID(r)}}}
	err = l.insist(ctx, func(ctx context.Context) error {
		a, err := publish(ctx, l.queue, m)
		sequence, known = a.Sequence, a.Duplicate
		return err
	})
	return sequence, known, err
}

func replySubject(r rooms.Reply) string {
	if r.Room == "" {
		return rooms.UnmatchedSubject(r.Channel)
	}
	return rooms.InboundSubject(r.Room)
}

// replyID has the form of an id whatever the other side calls things. Two providers may call two things the same.
func replyID(r rooms.Reply) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s", r.Channel, r.Provider, r.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// ScanReplies calls fn with what is kept of a room behind a position, in order, at most limit; of no room with what
// belongs to none. next is where to go on; 0 at the end. What nobody can read is reported and left out.
func (l *Log) ScanReplies(ctx context.Context, room rooms.Room, after uint64, limit int, fn func(rooms.Reply) error) (next uint64, err error) {
	filter := rooms.UnmatchedFilter
	if room != "" {
		filter = rooms.InboundSubject(room)
	}
	return l.scanReplies(ctx, filter, after, limit, fn)
}

// ScanInbound calls fn with all that is kept of what people have written, as ScanReplies does.
func (l *Log) ScanInbound(ctx context.Context, after uint64, limit int, fn func(rooms.Reply) error) (next uint64, err error) {
	return l.scanReplies(ctx, everything, after, limit, fn)
}

func (l *Log) scanReplies(ctx context.Context, filter string, after uint64, limit int, fn func(rooms.Reply) error) (next uint64, err error) {
	count, err := l.walk(ctx, streamInbound, filter, after+1, limit, func(s stored) error {
		next = s.sequence
		r, err := decodeReply(s)
		if err != nil {
			l.options.Log.Error("a reply cannot be read; it is left out", "sequence", s.sequence, "error", err)
			return nil
		}
		return fn(r)
	})
	if err != nil || count < limit {
		return 0, err
	}
	return next, nil
}

// Reply reads one as it is now, or says ErrGone.
func (l *Log) Reply(ctx context.Context, sequence uint64) (rooms.Reply, error) {
	s, err := l.sure(ctx, streamInbound, get{Sequence: sequence})
	if err != nil {
		return rooms.Reply{}, err
	}
	return decodeReply(s)
}

// EraseReply overwrites one on disk and removes it, or says ErrGone.
func (l *Log) EraseReply(ctx context.Context, sequence uint64) error {
	return l.remove(ctx, streamInbound, sequence, true)
}

// RemoveReplies overwrites what is kept of a room on disk and removes it, as RemoveSubscribers does.
func (l *Log) RemoveReplies(ctx context.Context, room rooms.Room) error {
	return l.eraseMatching(ctx, streamInbound, rooms.InboundSubject(room))
}

func decodeReply(s stored) (r rooms.Reply, err error) {
	r.Sequence = s.sequence
	if err = json.Unmarshal(s.data, &r); err != nil {
		return r, fmt.Errorf("stream: reply %d: %w", s.sequence, err)
	}
	if r.Room, _, err = rooms.ParseReplySubject(s.subject); err != nil {
		return r, fmt.Errorf("stream: reply %d: %w", s.sequence, err)
	}
	r.At, r.HeardAt = r.At.UTC().Truncate(time.Millisecond), r.HeardAt.UTC().Truncate(time.Millisecond)
	return r, nil
}
