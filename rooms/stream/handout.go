package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Handout is a message as a consumer has handed it out.
type Handout struct {
	rooms.Header
	Handle
	Content []byte // as it was published
}

// maxPull is how long one question to a consumer's leader waits: a leader may die without a word.
const maxPull = 5 * time.Second

// lateBy is how long messages are waited for after the end of an answer: where there are several servers
// a message is sent once they agree that it is, and the end may overtake it.
const lateBy = 200 * time.Millisecond

// errEnded ends a question that was answered.
var errEnded = errors.New("the question is answered")

// Pull asks a consumer for at most max messages of maxBytes together, and waits until there is one. It
// gives what is there then, nothing if wait is over. What comes after ctx has ended is given back at
// once, to be handed out again. ErrGone if there is no such consumer. One that has as much unacknowledged as it may does not
// answer without a wait.
func (l *Log) Pull(ctx context.Context, id rooms.ConsumerID, max, maxBytes int, wait time.Duration) (got []Handout, err error) {
	until := time.Now().Add(wait)
	silent := time.Now()
	for {
		p := pull{Batch: max, MaxBytes: maxBytes, NoWait: true}
		p.within(min(time.Until(until), maxPull), l.options)
		got, err = l.ask(ctx, id, p)
		if !errors.Is(err, ErrUnavailable) {
			silent = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			l.giveBack(id, got)
			return nil, ctx.Err()
		case len(got) > 0:
			return got, nil
		case errors.Is(err, ErrUnavailable) && l.isGone(ctx, id):
			return nil, ErrGone
		case err != nil && (!errors.Is(err, ErrUnavailable) || time.Since(silent) > l.options.CommitTimeout):
			return nil, err
		case err == nil && time.Until(until) <= 0:
			return nil, nil
		}
		pause(ctx, retryPause)
	}
}

// isGone says whether there is certainly no such consumer: nobody answers for it either.
func (l *Log) isGone(ctx context.Context, id rooms.ConsumerID) bool {
	_, err := l.consumerInfo(ctx, id)
	return errors.Is(err, ErrGone)
}

// pull is a question to a consumer (NATS ADR-37). Without wait it is answered at once; with one, when
// there is a message. Times are in nanoseconds.
type pull struct {
	Batch    int   `json:"batch"`
	MaxBytes int   `json:"max_bytes,omitzero"`
	NoWait   bool  `json:"no_wait"`
	Expires  int64 `json:"expires,omitzero"`
	Beat     int64 `json:"idle_heartbeat,omitzero"`

	silence time.Duration // after which the leader counts as dead
}

// within has the question wait. Of several servers the leader says now and then that it is there.
func (p *pull) within(wait time.Duration, o Options) {
	p.silence = o.AnswerTimeout
	if wait < time.Millisecond {
		return
	}
	p.Expires = int64(wait)
	p.silence += wait
	if o.replicated() && wait >= 2*pullBeat {
		p.Beat, p.silence = int64(pullBeat), max(3*pullBeat, o.AnswerTimeout)
	}
}

// ask puts a question and collects the answer. What comes too late for it is given back.
func (l *Log) ask(ctx context.Context, id rooms.ConsumerID, p pull) (got []Handout, err error) {
	request, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	nc := l.apps.Conn()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	defer func() { go l.withdraw(id, sub) }()
	if err := nc.PublishRequest(jetstream.DefaultAPIPrefix+"CONSUMER.MSG.NEXT."+streamRooms+"."+id.String(), inbox, request); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	ended := false
	for len(got) < p.Batch {
		m, err := nextWithin(ctx, sub, p.silence)
		switch {
		case err != nil && ended && ctx.Err() == nil:
			return got, nil
		case err != nil:
			return got, classify(err)
		}
		if status := m.Header.Get("Status"); m.Subject == inbox && status != "" {
			err := pullStatus(status, m.Header.Get("Description"))
			if ended = errors.Is(err, errEnded); ended && l.options.replicated() {
				p.silence = lateBy
			} else if err != nil {
				return got, unlessEnded(err)
			}
			continue
		}
		if h, ok := l.handout(id, m); ok {
			got = append(got, h)
		}
	}
	return got, nil
}

func nextWithin(ctx context.Context, sub *nats.Subscription, silence time.Duration) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return sub.NextMsgWithContext(ctx)
}

// pullStatus reads what a leader says of a question: nil for a sign of life, errEnded at its end.
func pullStatus(status, description string) error {
	switch {
	case status == "100":
		return nil
	case status == "404", status == "408":
		return errEnded
	case status == "409" && description == "Consumer Deleted":
		return ErrGone
	case status == "409" && (description == "Message Size Exceeds MaxBytes" || description == "Batch Completed"):
		return errEnded
	}
	return fmt.Errorf("%w: %s %s", ErrUnavailable, status, description)
}

func unlessEnded(err error) error {
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// handout reads a message. One that cannot be read is reported and never handed out again.
func (l *Log) handout(id rooms.ConsumerID, m *nats.Msg) (Handout, bool) {
	meta, err := m.Metadata()
	if err != nil {
		l.options.Log.Error("what a consumer gave is no message", "consumer", id, "error", err)
		return Handout{}, false
	}
	handle := Handle{Deliveries: meta.NumDelivered, Sequence: meta.Sequence.Stream, Number: meta.Sequence.Consumer}
	header, err := decodeHeader(m.Subject, handle.Sequence, m.Header)
	if err != nil {
		l.options.Log.Error("a message cannot be read", "consumer", id, "error", err)
		_ = m.Term() // without it, the message would come again
		return Handout{}, false
	}
	return Handout{header, handle, m.Data}, true
}

// withdraw ends a question and gives back what was on its way.
func (l *Log) withdraw(id rooms.ConsumerID, sub *nats.Subscription) {
	if sub.Drain() != nil {
		return // the connection is closed
	}
	for {
		m, err := sub.NextMsg(l.options.AnswerTimeout)
		if err != nil {
			return
		}
		if m.Reply == "" {
			continue // what the leader says of the question
		}
		if h, ok := l.handout(id, m); ok {
			l.giveBack(id, []Handout{h})
		}
	}
}

// giveBack has messages handed out again at once, without waiting for an answer: without it, the
// acknowledgement wait does the same later.
func (l *Log) giveBack(id rooms.ConsumerID, all []Handout) {
	for _, h := range all {
		_ = l.apps.Conn().Publish(h.ackSubject(id), []byte(nacked))
	}
}
