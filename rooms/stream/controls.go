package stream

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
)

// What the bucket of controls is made of (NATS ADR-8): one key for each message of which something was decided.
const (
	streamControls = "KV_" + bucketControls
	controlPrefix  = "$KV." + bucketControls + "."
)

// PutControl stores what was decided about a message. ErrRevision if c.Entry is not the latest, 0 for none.
func (l *Log) PutControl(ctx context.Context, c rooms.Control) (entry uint64, err error) {
	expected := c.Entry
	c.Entry = 0
	data, err := json.Marshal(c)
	if err != nil {
		return 0, fmt.Errorf("stream: encode a control: %w", err)
	}
	m := &nats.Msg{Subject: controlPrefix + string(c.UMID), Data: data,
		Header: nats.Header{headerExpectedLast: {strconv.FormatUint(expected, 10)}}}
	return l.swap(ctx, streamControls, m, expected)
}

// Control reads what was decided about a message, as of the call; ErrGone if nothing was.
func (l *Log) Control(ctx context.Context, u rooms.UMID) (rooms.Control, error) {
	s, err := l.sure(ctx, streamControls, get{Last: controlPrefix + string(u)})
	if err != nil {
		return rooms.Control{}, err
	}
	return decodeControl(s)
}

// Controls gives what was decided from an entry on, of each message the latest. What nobody can read is reported and
// left out.
func (l *Log) Controls(ctx context.Context, from uint64) (all []rooms.Control, err error) {
	err = l.eachEntry(ctx, streamControls, controlPrefix, from, func(s stored) {
		c, err := decodeControl(s)
		if err != nil {
			l.options.Log.Error("a control cannot be read", "sequence", s.sequence, "error", err)
			return
		}
		all = append(all, c)
	})
	return all, err
}

// DropControl forgets what was decided about a message that is done with, unless something else was since.
func (l *Log) DropControl(ctx context.Context, c rooms.Control) error {
	return l.purge(ctx, streamControls, controlPrefix+string(c.UMID), c.Entry+1)
}

func decodeControl(s stored) (c rooms.Control, err error) {
	if err = json.Unmarshal(s.data, &c); err != nil {
		return c, fmt.Errorf("stream: decode a control: %w", err)
	}
	c.Entry = s.sequence
	c.UMID, err = rooms.ParseUMID(strings.TrimPrefix(s.subject, controlPrefix))
	return c, err
}
