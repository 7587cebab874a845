package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/together"
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
	live  *nats.Conn          // following rooms
	work  jetstream.JetStream // pulling jobs and settling them
	apps  jetstream.JetStream // consumers of applications

	messages *committer
	events   *committer
	audit    *committer
	parking  *committer
	parked   *together.Question[uint64] // how many deliveries wait for a later attempt
	aside    *committer                 // jobs whose messages are paused
	claims   *committer                 // attempts that begin
	replica  func(stream string) string // where direct gets are answered
	tails    map[string]*tail           // by stream
	bounds   *together.Question[bounds] // of the log of all rooms
	opened   map[rooms.Lane]uint64      // last sequence of each queue when the log was opened
	resets   chan struct{}              // holds one while a consumer is reset

	closing sync.Once
}

// Open creates what is missing of the streams and consumers and starts the committers.
func Open(ctx context.Context, c Connector, m Manifest, o Options) (*Log, error) {
	l := &Log{
		options: o.WithDefaults(), replica: directSubject, tails: map[string]*tail{},
		opened: map[rooms.Lane]uint64{}, resets: make(chan struct{}, 1),
	}
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
	if l.apps, err = l.jetStream(c, "apps"); err != nil {
		return err
	}
	if l.queue, err = l.connect(c, "queue"); err != nil {
		return err
	}
	if l.live, err = l.connect(c, "live"); err != nil {
		return err
	}
	l.bounds = together.New(l.askBounds)
	l.parked = together.New(l.Parked)
	if err := create(ctx, l.read, l.options, m); err != nil {
		return err
	}
	if err := l.noteQueues(ctx); err != nil {
		return err
	}
	if err := l.openTails(c); err != nil {
		return err
	}
	return l.startCommitters(c)
}

// noteQueues remembers where each queue ended at the start: what stands before may have been
// handed out by a process that was killed.
func (l *Log) noteQueues(ctx context.Context) error {
	for _, lane := range rooms.Lanes() {
		info, err := l.info(ctx, queueName(lane))
		if err != nil {
			return fmt.Errorf("stream: look at the queue of lane %s: %w", lane, err)
		}
		l.opened[lane] = info.State.Last
	}
	return nil
}

// openTails prepares for following streams; that of the rooms, which is small, shares a connection.
func (l *Log) openTails(c Connector) error {
	for _, name := range []string{streamRooms, streamEvents, streamConfig} {
		nc := l.read.Conn()
		if name != streamConfig {
			var err error
			if nc, err = l.connect(c, "tail-"+name); err != nil {
				return err
			}
		}
		t := &tail{stream: name, headersOnly: name == streamRooms, nc: nc, news: newNews(lookEvery)}
		t.end = together.New(func(ctx context.Context) (uint64, error) { return l.lookEnd(ctx, name) })
		l.tails[name] = t
	}
	return nil
}

// lookEnd gives the sequence of a stream's last entry, 0 if there is none.
func (l *Log) lookEnd(ctx context.Context, stream string) (uint64, error) {
	s, err := l.last(ctx, stream, everything)
	if errors.Is(err, ErrGone) {
		return 0, nil
	}
	return s.sequence, err
}

func (l *Log) startCommitters(c Connector) error {
	for name, target := range map[string]**committer{streamRooms: &l.messages, streamEvents: &l.events, streamAudit: &l.audit,
		streamSchedules: &l.parking, streamParked: &l.aside, streamClaims: &l.claims} {
		nc, err := l.connect(c, "commit-"+name)
		if err != nil {
			return err
		}
		stored := func(uint64) {}
		if t := l.tails[name]; t != nil {
			stored = t.news.tell
		}
		*target = newCommitter(nc, l.options.patience(), l.options.flights(), stored)
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
	for _, c := range []*committer{l.messages, l.events, l.audit, l.parking, l.aside, l.claims} {
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
		info, err := l.info(ctx, name)
		if err != nil {
			return "", err
		}
		id += name + " " + info.Created.UTC().Format(time.RFC3339Nano) + " "
	}
	return id, nil
}
