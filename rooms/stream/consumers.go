package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Limits of applications' consumers. Their pulls may come through a service import, which answers
// for two minutes and no longer.
const (
	maxAckPending     = 1000
	maxRequestExpires = 110 * time.Second
)

// What a consumer's configuration does not say is kept beside it.
const (
	metaClient = "crier-client"
	metaStart  = "crier-start" // as the client has asked when it was created
	metaReset  = "crier-reset" // and when it was last reset
	metaKeep   = "crier-keep"  // absent: as long as the log
)

const (
	codeConsumerNotFound = 10014
	codeTooManyConsumers = 10026
)

// CreateConsumer makes a durable consumer of a room's messages that stand after a position, where
// the room begins. To make it again with the same settings is no error and changes nothing; ErrExists
// if there is one with others, ErrFull if the engine takes no more.
func (l *Log) CreateConsumer(ctx context.Context, c rooms.ConsumerConfig, after uint64) error {
	config := jetstream.ConsumerConfig{
		Durable: c.ID.String(), FilterSubject: c.Filter(), AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: c.AckWait, MaxDeliver: c.MaxDeliver, MaxAckPending: maxAckPending, MaxRequestExpires: maxRequestExpires,
		Metadata: map[string]string{metaClient: string(c.Client), metaStart: c.Start.String()},
	}
	if c.MaxDeliver == 0 {
		config.MaxDeliver = -1
	}
	pace(&config, c.InOrder, c.Keep)
	if err := l.begin(ctx, &config, c.ID.Room, c.Start, after); err != nil {
		return err
	}
	err := l.makeConsumer(ctx, config)
	if errors.Is(err, ErrExists) { // a time may lead elsewhere by now
		if there, e := l.Consumer(ctx, c.ID); e == nil && there.Same(c) {
			return nil
		}
	}
	return err
}

// pace says whether messages come one by one, and how long they are of use.
func pace(config *jetstream.ConsumerConfig, inOrder bool, keep time.Duration) {
	config.MaxAckPending = maxAckPending
	if inOrder {
		config.MaxAckPending = 1
	}
	delete(config.Metadata, metaKeep)
	if keep > 0 {
		config.Metadata[metaKeep] = keep.String()
	}
}

// PaceConsumer changes whether messages come one by one, and how long they are of use; its position stays. ErrGone if there
// is no such consumer.
func (l *Log) PaceConsumer(ctx context.Context, id rooms.ConsumerID, inOrder bool, keep time.Duration) error {
	info, err := l.consumerInfo(ctx, id)
	if err != nil {
		return err
	}
	config := info.Config
	config.Metadata = maps.Clone(config.Metadata)
	pace(&config, inOrder, keep)
	return orGone(l.insist(ctx, func(ctx context.Context) error {
		_, err := l.apps.UpdateConsumer(ctx, streamRooms, config)
		return err
	}))
}

// begin has a consumer begin where its room did, or later.
func (l *Log) begin(ctx context.Context, config *jetstream.ConsumerConfig, room rooms.Room, s rooms.Start, after uint64) error {
	if s.New {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverNewPolicy, 0
		return nil
	}
	first := s.Sequence
	if !s.Time.IsZero() {
		before, err := l.before(ctx, room, s.Time)
		if err != nil {
			return err
		}
		first = before + 1
	}
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, max(first, after+1)
	return nil
}

// before gives the position before a room's first message that was stored at a time or later. If there
// is none, it is the end of the log as of the call: what comes meanwhile is not skipped.
func (l *Log) before(ctx context.Context, room rooms.Room, t time.Time) (uint64, error) {
	_, last, err := l.Bounds(ctx)
	if err != nil {
		return 0, err
	}
	after, err := l.RoomSince(ctx, room, t)
	if errors.Is(err, ErrGone) {
		return last, nil
	}
	return after, err
}

func (l *Log) makeConsumer(ctx context.Context, config jetstream.ConsumerConfig) error {
	err := l.insist(ctx, func(ctx context.Context) error {
		_, err := l.apps.CreateConsumer(ctx, streamRooms, config)
		return err
	})
	if errors.Is(err, jetstream.ErrConsumerExists) || hasCode(err, codeConsumerExists) {
		return ErrExists
	}
	if hasCode(err, codeTooManyConsumers) {
		return ErrFull
	}
	return err
}

// ResetConsumer has a consumer begin elsewhere: it is removed and made anew with the same settings.
// ErrGone if there is none; if the node dies on the way there is none afterwards. Resets on one node
// follow each other. Of two on different nodes at once one may find none, or say ErrUnavailable.
func (l *Log) ResetConsumer(ctx context.Context, id rooms.ConsumerID, s rooms.Start, after uint64) error {
	select { // a server alone cannot make a consumer while it removes the one before
	case l.resets <- struct{}{}:
		defer func() { <-l.resets }()
	case <-ctx.Done():
		return ErrUnavailable
	}
	err := l.remake(ctx, id, s, after)
	if errors.Is(err, ErrExists) {
		return fmt.Errorf("%w: consumer %s was made anew by another meanwhile", ErrUnavailable, id)
	}
	return err
}

// remake says ErrExists if somebody else has made the consumer anew meanwhile.
func (l *Log) remake(ctx context.Context, id rooms.ConsumerID, s rooms.Start, after uint64) error {
	info, err := l.consumerInfo(ctx, id)
	if err != nil {
		return err
	}
	config := info.Config
	config.OptStartTime = nil
	config.Metadata = maps.Clone(config.Metadata)
	config.Metadata[metaReset] = s.String()
	if err := l.begin(ctx, &config, id.Room, s, after); err != nil {
		return err
	}
	if err := l.DeleteConsumer(ctx, id); err != nil {
		return err
	}
	return l.makeConsumer(ctx, config)
}

// Consumer reads a consumer as its leader knows it; ErrGone if there is none.
func (l *Log) Consumer(ctx context.Context, id rooms.ConsumerID) (rooms.Consumer, error) {
	info, err := l.consumerInfo(ctx, id)
	if err != nil {
		return rooms.Consumer{}, err
	}
	return decodeConsumer(id, info)
}

func (l *Log) consumerInfo(ctx context.Context, id rooms.ConsumerID) (info *jetstream.ConsumerInfo, err error) {
	err = l.insist(ctx, func(ctx context.Context) error {
		c, err := l.apps.Consumer(ctx, streamRooms, id.String())
		if err == nil {
			info = c.CachedInfo()
		}
		return err
	})
	return info, orGone(err)
}

func decodeConsumer(id rooms.ConsumerID, info *jetstream.ConsumerInfo) (rooms.Consumer, error) {
	c := rooms.Consumer{
		ConsumerConfig: rooms.ConsumerConfig{
			ID: id, Client: rooms.Client(info.Config.Metadata[metaClient]),
			AckWait: info.Config.AckWait, MaxDeliver: max(info.Config.MaxDeliver, 0), InOrder: info.Config.MaxAckPending == 1,
		},
		Created: info.Created, Delivered: info.Delivered.Stream, Acked: info.AckFloor.Stream,
		Pending: info.NumPending, AckPending: info.NumAckPending, Redelivered: info.NumRedelivered,
	}
	var err error
	if keep, ok := info.Config.Metadata[metaKeep]; ok {
		c.Keep, err = time.ParseDuration(keep)
	}
	if reset, ok := info.Config.Metadata[metaReset]; ok {
		var e error
		c.Reset = new(rooms.Start)
		*c.Reset, e = rooms.ParseStart(reset)
		err = errors.Join(err, e)
	}
	if err == nil {
		c.Start, err = rooms.ParseStart(info.Config.Metadata[metaStart])
	}
	if err == nil {
		c.Lane, c.Type, err = rooms.ParseConsumerFilter(info.Config.FilterSubject)
	}
	if err != nil || rooms.OwnerOf(c.Client) != id.Owner {
		return rooms.Consumer{}, fmt.Errorf("stream: consumer %s cannot be read", id)
	}
	return c, nil
}

// DeleteConsumer removes a consumer and its position. To delete what is gone is no error.
func (l *Log) DeleteConsumer(ctx context.Context, id rooms.ConsumerID) error {
	err := orGone(l.insist(ctx, func(ctx context.Context) error {
		return l.apps.DeleteConsumer(ctx, streamRooms, id.String())
	}))
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

// orGone knows the consumer that is not there.
func orGone(err error) error {
	if errors.Is(err, jetstream.ErrConsumerNotFound) || hasCode(err, codeConsumerNotFound) {
		return ErrGone
	}
	return err
}

// ConsumerIDs lists the consumers of all rooms, in the order of their names: those that were there
// before the call and still are, without exception.
func (l *Log) ConsumerIDs(ctx context.Context) (ids []rooms.ConsumerID, err error) {
	var names []string
	err = l.insist(ctx, func(ctx context.Context) error {
		names = nil
		for more := true; more; {
			if names, more, err = l.moreNames(ctx, names); err != nil {
				return err
			}
		}
		return nil
	})
	for _, name := range names {
		if id, err := rooms.ParseConsumerID(name); err == nil {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// moreNames reads the next page of names. It begins with the last one that is known, so that a name
// which slipped from one page to another meanwhile is noticed; then all is read again.
func (l *Log) moreNames(ctx context.Context, names []string) (_ []string, more bool, err error) {
	from := max(len(names)-1, 0)
	var page struct {
		answer
		Total     int      `json:"total"`
		Consumers []string `json:"consumers"`
	}
	question := struct {
		Offset int `json:"offset"`
	}{from}
	if err := l.api(ctx, "CONSUMER.NAMES."+streamRooms, question, &page); err != nil {
		return nil, false, err
	}
	if len(names) > 0 && (len(page.Consumers) == 0 || page.Consumers[0] != names[from]) {
		return nil, false, fmt.Errorf("%w: the consumers changed while they were read", ErrUnavailable)
	}
	names = append(names[:from:from], page.Consumers...)
	return names, len(names) < page.Total && len(page.Consumers) > 1, nil
}

// Readings gives the consumers of a room as they stand.
func (l *Log) Readings(ctx context.Context, room rooms.Room) ([]rooms.Consumer, error) {
	ids, err := l.ConsumerIDs(ctx)
	if err != nil {
		return nil, err
	}
	var all []rooms.Consumer
	for _, id := range ids {
		if id.Room != room {
			continue
		}
		c, err := l.Consumer(ctx, id)
		switch {
		case errors.Is(err, ErrGone):
		case err != nil:
			return nil, err
		default:
			all = append(all, c)
		}
	}
	return all, nil
}
