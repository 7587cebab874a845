package index

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// slot is what is known of one delivery. Its times are ticks: see [message.tick].
type slot struct {
	status  byte // position in rooms.Statuses()
	reason  byte // position in rooms.Reasons()
	attempt byte // at most 255
	channel byte // position in rooms.Channels(), from 1; 0 if unknown
	via     byte // the round and attempt that used the channel
	last    byte // what the event that names the channel says: delivered, failed, or neither; see lastWord
	final   bool // sent, and no receipt will follow
	round   byte // how often it was tried anew, at most rooms.MaxRounds
	dropped byte // one more than the round in which a person dropped it last; 0 if nobody did
	at      uint64
	sent    uint64 // when the provider first confirmed it
	retry   uint64 // when the next attempt is to be made; not of what has failed
	entry   uint64 // of what has failed or is undecided: where in EVENTS it says so; 0 if that is not known
}

const (
	slotSize   = 20
	tickSize   = 5 // bytes: 34 years of milliseconds
	maxTick    = 1<<(8*tickSize) - 1
	statuses   = 6
	finalFlag  = 1 << 5 // of what has errored: undecided
	roundBits  = 6      // two of the first byte, above the flag
	lastBits   = 3      // two of the first byte, below the flag
	viaBits    = 6      // of the attempt
	reasonBits = 5      // of the second byte; above them is when it was dropped
)

// statePending and the others are positions in rooms.Statuses().
const (
	statePending byte = iota
	stateQueued
	stateSent
	stateDelivered
	stateErrored
	stateFailed
)

// slotOf is what one event alone says of a delivery; retry is the tick of its RetryAt.
func slotOf(e rooms.Event, at, retry uint64) slot {
	s := slot{
		status:  position(rooms.Statuses(), e.State().Status),
		reason:  position(rooms.Reasons(), e.Reason),
		attempt: byte(min(max(e.Attempt, 0), 255)),
		channel: channelByte(e.Channel),
		at:      at,
		retry:   retry,
	}
	if s.status == stateFailed {
		s.retry = 0
	}
	if s.status == stateFailed || s.undecided() {
		s.entry = min(e.Sequence, maxTick)
	}
	s.round = byte(e.State().Round)
	if e.Kind == rooms.EventDropped {
		s.dropped = s.round + 1
	}
	s.via, s.last = s.round<<viaBits|min(s.attempt, 1<<viaBits-1), s.lastWord()
	switch {
	case s.status == stateSent:
		s.final, s.sent = !e.Receipt, at
	case s.status == stateDelivered && e.ProviderID != "": // the confirmation is the last word
		s.sent = at
	}
	return s
}

// slotOfMark is what a letter of a queued page says of a delivery.
func slotOfMark(mark byte, at uint64) slot {
	switch mark {
	case rooms.MarkSuppressed:
		return slot{status: stateFailed, reason: position(rooms.Reasons(), rooms.Suppressed), at: at}
	case rooms.MarkCancelled:
		return slot{status: stateFailed, reason: position(rooms.Reasons(), rooms.Cancelled), at: at}
	}
	return slot{status: stateQueued, channel: channelByte(rooms.MarkChannel(mark)), at: at}
}

func channelByte(c rooms.Channel) byte {
	return byte(slices.Index(rooms.Channels(), c) + 1)
}

// position is 0, the neutral word of each list, for a word that this version does not know.
func position[T comparable](list []T, word T) byte {
	return byte(max(slices.Index(list, word), 0))
}

// done says that nothing more is awaited.
func (s slot) done() bool {
	return s.status == stateDelivered || s.status == stateFailed || s.status == stateSent && s.final
}

func (s slot) undecided() bool {
	return s.status == stateErrored && s.retry == 0 && rooms.Reasons()[s.reason] == rooms.Unknown
}

// isDropped says that a person has dropped it, and that it has not been tried anew since.
func (s slot) isDropped() bool { return s.dropped == s.round+1 }

// dead says that it went wrong, and that nobody has dropped it.
func (s slot) dead() bool {
	return (s.status == stateFailed || s.status == stateErrored) && !s.isDropped() && s.state(0).Dead()
}

// join gives what both say together. It is commutative, associative and idempotent.
func (s slot) join(t slot) slot {
	w := s.winner(t)
	w.sent, w.dropped = earliest(s.sent, t.sent), max(s.dropped, t.dropped)
	w.channel, w.via, w.last = s.channel, s.via, s.last
	if t.channel != 0 && (s.channel == 0 || s.compareChannel(t) < 0) {
		w.channel, w.via, w.last = t.channel, t.via, t.last
	}
	if w.channel == 0 {
		w.via, w.last = 0, 0
	}
	return w
}

// lastWord is 2 of what is delivered, 1 of what has failed, and else 0.
func (s slot) lastWord() byte {
	switch s.status {
	case stateDelivered:
		return 2
	case stateFailed:
		return 1
	}
	return 0
}

// compareChannel is negative if the channel that t names counts: that on which it was delivered or has failed, whatever was
// sent on another since, and else that of the latest attempt. It orders events as [rooms.State.Join] does.
func (s slot) compareChannel(t slot) int {
	return cmp.Or(cmp.Compare(s.last/2, t.last/2), cmp.Compare(s.via>>viaBits, t.via>>viaBits), cmp.Compare(s.last, t.last),
		cmp.Compare(s.via, t.via), cmp.Compare(s.channel, t.channel))
}

// winner is the one whose state counts by [rooms.State.Join]; of two that Join holds equal,
// the later attempt.
func (s slot) winner(t slot) slot {
	same := s.status == t.status && s.reason == t.reason && s.at == t.at && s.retry == t.retry && s.round == t.round
	switch {
	case same && s.attempt == t.attempt:
		s.final, s.entry = s.final || t.final, earliest(s.entry, t.entry)
		return s
	case same && s.attempt > t.attempt:
		return s
	case same:
		return t
	}
	if own := s.state(0); own.Join(t.state(0)) == own {
		return s
	}
	return t
}

// state is the slot in words; base is the message's time in Unix milliseconds.
func (s slot) state(base int64) rooms.State {
	return rooms.State{
		Status:  rooms.Statuses()[s.status],
		Reason:  rooms.Reasons()[s.reason],
		Attempt: int(s.attempt),
		Round:   int(s.round),
		At:      tickTime(base, s.at),
		RetryAt: tickTime(base, s.retry),
	}
}

func (s slot) channelName() rooms.Channel {
	if s.channel == 0 {
		return ""
	}
	return rooms.Channels()[s.channel-1]
}

// put writes the slot into slotSize bytes.
func (s slot) put(b []byte) {
	b[0] = s.status | s.last<<lastBits | s.round<<roundBits
	if s.final || s.undecided() {
		b[0] |= finalFlag
	}
	b[1], b[2], b[3] = s.reason|s.dropped<<reasonBits, s.attempt, s.via
	putTick(b[4:], s.at)
	putTick(b[4+tickSize:], s.sent)
	putTick(b[4+2*tickSize:], max(s.retry, s.entry)) // one of them is 0
	b[4+3*tickSize] = s.channel
}

func getSlot(b []byte) slot {
	s := slot{
		status:  b[0] & 7,
		channel: b[4+3*tickSize],
		final:   b[0]&finalFlag != 0,
		last:    b[0] >> lastBits & 3,
		round:   b[0] >> roundBits,
		reason:  b[1] & (1<<reasonBits - 1),
		dropped: b[1] >> reasonBits,
		attempt: b[2],
		via:     b[3],
		at:      getTick(b[4:]),
		sent:    getTick(b[4+tickSize:]),
		retry:   getTick(b[4+2*tickSize:]),
	}
	if s.status == stateFailed || s.status == stateErrored && s.final {
		s.retry, s.entry, s.final = 0, s.retry, false
	}
	return s
}

func putTick(b []byte, tick uint64) {
	b[0] = byte(tick >> 32)
	binary.BigEndian.PutUint32(b[1:], uint32(tick))
}

func getTick(b []byte) uint64 {
	return uint64(b[0])<<32 | uint64(binary.BigEndian.Uint32(b[1:]))
}

// earliest of two ticks, of which 0 is none.
func earliest(a, b uint64) uint64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// tickTime is the moment of a tick; the zero time if it is none.
func tickTime(base int64, tick uint64) time.Time {
	if tick == 0 {
		return time.Time{}
	}
	return time.UnixMilli(base + int64(tick) - 1).UTC()
}
