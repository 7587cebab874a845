package stream

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Connector gives connections to the broker; each kind of work has its own, so that none
// waits behind another's bytes.
type Connector interface {
	Connect(name string) (*nats.Conn, error)
}

// Log is the log of a node.
type Log struct {
	options Options
	conns   []*nats.Conn

	read  jetstream.JetStream // reading, pulling
	queue *nats.Conn          // jobs and pages
	work  jetstream.JetStream // pulling jobs and settling them

	messages *committer
	events   *committer
	audit    *committer
	kv       jetstream.KeyValue
	opened   map[rooms.Lane]uint64 // last sequence of each queue when the log was opened

	closing sync.Once
	mu      sync.Mutex
	handles map[string]jetstream.Stream
}

// Open creates what is missing of the streams and consumers and starts the committers.
func Open(ctx context.Context, c Connector, m Manifest, o Options) (*Log, error) {
	l := &Log{options: o.WithDefaults(), opened: map[rooms.Lane]uint64{}, handles: map[string]jetstream.Stream{}}
	if err := l.open(ctx, c, m); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Log) open(ctx context.Context, c Connector, m Manifest) error {
	var err error
	if l.read, err = l.jetStream(c, "read"); err != nil {
		return err
	}
	if l.work, err = l.jetStream(c, "work"); err != nil {
		return err
	}
	if l.queue, err = l.connect(c, "queue"); err != nil {
		return err
	}
	if err := create(ctx, l.read, l.options, m); err != nil {
		return err
	}
	if l.kv, err = l.read.KeyValue(ctx, bucketRooms); err != nil {
		return fmt.Errorf("stream: open the bucket of rooms: %w", err)
	}
	if err := l.noteQueues(ctx); err != nil {
		return err
	}
	return l.startCommitters(c)
}

// noteQueues remembers where each queue ended at the start: what stands before may have been
// handed out by a process that was killed.
func (l *Log) noteQueues(ctx context.Context) error {
	for _, lane := range rooms.Lanes() {
		s, err := l.read.Stream(ctx, queueName(lane))
		if err != nil {
			return fmt.Errorf("stream: look at the queue of lane %s: %w", lane, err)
		}
		l.opened[lane] = s.CachedInfo().State.LastSeq
	}
	return nil
}

func (l *Log) startCommitters(c Connector) error {
	for name, target := range map[string]**committer{streamRooms: &l.messages, streamEvents: &l.events, streamAudit: &l.audit} {
		nc, err := l.connect(c, "commit-"+name)
		if err != nil {
			return err
		}
		*target = newCommitter(nc, l.options.CommitTimeout)
	}
	return nil
}

func (l *Log) connect(c Connector, name string) (*nats.Conn, error) {
	nc, err := c.Connect(name)
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, nc)
	return nc, nil
}

func (l *Log) jetStream(c Connector, name string) (jetstream.JetStream, error) {
	nc, err := l.connect(c, name)
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return js, nil
}

// AckWait is how long an entry of a queue may be held without a sign of life.
func (l *Log) AckWait() time.Duration { return l.options.AckWait }

// Close ends the committers, then the connections. What waits for a commit is refused.
func (l *Log) Close() { l.closing.Do(l.close) }

func (l *Log) close() {
	for _, c := range []*committer{l.messages, l.events, l.audit} {
		if c != nil {
			c.close()
		}
	}
	for _, nc := range l.conns {
		nc.Close()
	}
}

// Identity tells this log from any other: when its streams were created. What was derived from
// another log is of no use with this one.
func (l *Log) Identity(ctx context.Context) (string, error) {
	id := ""
	for _, name := range []string{streamRooms, streamEvents} {
		s, err := l.handle(ctx, name)
		if err != nil {
			return "", err
		}
		id += name + " " + s.CachedInfo().Created.UTC().Format(time.RFC3339Nano) + " "
	}
	return id, nil
}
