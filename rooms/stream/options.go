package stream

import (
	"errors"
	"log/slog"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Options are the limits of the streams.
type Options struct {
	// MessageAge is how long the room's log keeps a message, 7 days by default.
	MessageAge time.Duration `yaml:"messageAge"`
	// EventAge is how long events are kept, and with them the memory of transaction ids; 30
	// days by default.
	EventAge time.Duration `yaml:"eventAge"`
	// InboundAge is how long what people write is kept until it is taken, 30 days by default.
	InboundAge time.Duration `yaml:"inboundAge"`
	// InboundBytes limits what of it is kept; 1 GiB by default. What belongs to no room is taken while less than half is used.
	InboundBytes int64 `yaml:"inboundBytes"`
	// AuditAge is how long the audit log is kept, 365 days by default.
	AuditAge time.Duration `yaml:"auditAge"`
	// LeftAge is how long it is remembered that somebody has left a room, so that no list of people brings him back;
	// 87600h by default, ten years.
	LeftAge time.Duration `yaml:"leftAge"`
	// ReceiptAge is how long a receipt is kept of which nobody knows the delivery, 72 hours by default.
	ReceiptAge time.Duration `yaml:"receiptAge"`
	// Duplicates is the window in which JetStream itself knows an identity again; 10 minutes
	// by default.
	Duplicates time.Duration `yaml:"duplicates"`
	// QueueBytes limits each lane's queue; 256 MiB, 1 GiB and 2 GiB by default.
	QueueBytes map[rooms.Lane]int64 `yaml:"queueBytes"`
	// AckWait is how long a job may be held without a sign of life; 30 seconds by default.
	AckWait time.Duration `yaml:"ackWait"`
	// MaxParked is the most deliveries that wait for a later attempt; 2,000,000 by default.
	MaxParked uint64 `yaml:"maxParked"`
	// MarkerTTL is how long it is remembered at most that a page has become jobs; longer than
	// any message lives; 9 days by default.
	MarkerTTL time.Duration `yaml:"markerTTL"`
	// CommitTimeout bounds how long an append, or any other call, is tried; 10 seconds by
	// default.
	CommitTimeout time.Duration `yaml:"commitTimeout"`
	// AnswerTimeout is how long one answer is waited for before the call is repeated: the
	// server that was to give it may have died. 5 seconds by default, 1 second where there are
	// several.
	AnswerTimeout time.Duration `yaml:"answerTimeout"`

	// Replicas is how many servers keep each entry; 1 if zero.
	Replicas int `yaml:"-"`
	// Encrypted says that the store is, and that the server therefore overwrites nothing that it removes.
	Encrypted bool `yaml:"-"`
	// Log receives what goes wrong in the background; nil discards it.
	Log *slog.Logger `yaml:"-"`
}

const day = 24 * time.Hour

// minQueue leaves room for many pages of jobs with the longest contacts, so that a queue is never
// full of what cannot be worked on.
const minQueue = 64 << 20

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&o.MessageAge, 7*day)
	set(&o.EventAge, 30*day)
	set(&o.InboundAge, 30*day)
	set(&o.AuditAge, 365*day)
	set(&o.LeftAge, 3650*day)
	set(&o.ReceiptAge, 3*day)
	set(&o.Duplicates, 10*time.Minute)
	set(&o.AckWait, 30*time.Second)
	set(&o.MarkerTTL, 9*day)
	set(&o.CommitTimeout, 10*time.Second)
	o.Replicas = max(o.Replicas, 1)
	if o.replicated() {
		set(&o.AnswerTimeout, time.Second)
	}
	set(&o.AnswerTimeout, 5*time.Second)
	if o.InboundBytes == 0 {
		o.InboundBytes = 1 << 30
	}
	if o.MaxParked == 0 {
		o.MaxParked = 2_000_000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// replicated says whether an entry stands on several servers.
func (o Options) replicated() bool { return o.Replicas > 1 }

// queueBytes is the limit of a lane's queue.
func (o Options) queueBytes(l rooms.Lane) int64 {
	if b := o.QueueBytes[l]; b > 0 {
		return b
	}
	switch l {
	case rooms.Emergency:
		return 256 << 20
	case rooms.Bulk:
		return 2 << 30
	}
	return 1 << 30
}

// Check names every fault.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(o.MessageAge < time.Hour, "messageAge: at least 1h")
	bad(o.EventAge < o.MessageAge, "eventAge: at least messageAge, since events remember transaction ids")
	bad(o.InboundAge < time.Hour, "inboundAge: at least 1h")
	bad(o.InboundBytes < minQueue, "inboundBytes: at least 64 MiB")
	bad(o.AuditAge < day, "auditAge: at least 24h")
	bad(o.LeftAge < day, "leftAge: at least 24h")
	bad(o.ReceiptAge < time.Hour, "receiptAge: at least 1h")
	bad(o.Duplicates < time.Minute || o.Duplicates > o.MessageAge, "duplicates: from 1m to messageAge")
	bad(o.AckWait < time.Second, "ackWait: at least 1s")
	bad(o.MarkerTTL <= o.MessageAge, "markerTTL: longer than messageAge")
	bad(o.CommitTimeout < time.Second, "commitTimeout: at least 1s")
	bad(o.AnswerTimeout < 100*time.Millisecond, "answerTimeout: at least 100ms")
	for l, b := range o.QueueBytes {
		_, err := rooms.ParseLane(string(l))
		bad(err != nil || l == "", "queueBytes: the lanes are emergency, normal and bulk")
		bad(b < minQueue, "queueBytes: at least 64 MiB each")
	}
	return faults
}
