package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// coreAccount holds every stream.
const coreAccount = "CORE"

// Users of the accounts that nobody else enters.
const (
	coreUser = "crier"
	sysUser  = "sys"
)

// Server is a running NATS server.
type Server struct {
	options  Options
	nats     *server.Server
	manifest *Manifest
	lock     *os.File
	clock    *clock
	password string     // of the accounts' users, known in this process only
	sys      *nats.Conn // into the account SYS; nil for a single node
	door     *door      // nil if nobody is let in
	callout  *nats.Conn // into the account AUTH; nil likewise

	compactions compactions

	running    context.Context // ends with Stop
	end        context.CancelFunc
	background sync.WaitGroup

	stopping sync.Once
	mu       sync.Mutex
	helper   *server.Server // see Promote
}

// Start opens the store and starts the server. A node of several is then on its way to join
// them, which Ready waits for.
func Start(ctx context.Context, o Options) (*Server, error) {
	if faults := o.Check(); len(faults) > 0 {
		return nil, fmt.Errorf("broker: %w", errors.Join(faults...))
	}
	o = o.WithDefaults()
	if err := os.MkdirAll(o.Store, 0o700); err != nil {
		return nil, fmt.Errorf("broker: create the store: %w", err)
	}
	if err := roomLeft(o.Store); err != nil {
		return nil, err
	}
	s := &Server{options: o, password: rand.Text(), clock: newClock()}
	s.running, s.end = context.WithCancel(context.WithoutCancel(ctx))
	var err error
	if s.lock, err = lock(o.Store); err != nil {
		s.end()
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	o := s.options
	key, err := readKey(o.Key, o.KeyFile)
	if err != nil {
		return err
	}
	if s.manifest, err = openManifest(o, key); err != nil {
		return err
	}
	if o.clustered() {
		useTimings(o.Raft.Scale)
		if err := s.meetCluster(ctx); err != nil {
			return err
		}
	}
	opts, err := s.serverOptions(key)
	if err != nil {
		return err
	}
	if s.nats, err = run(opts, o); err != nil {
		return err
	}
	s.warn()
	if s.door != nil {
		if err := s.attend(); err != nil {
			return err
		}
	}
	if !o.clustered() {
		return nil
	}
	if s.sys, err = s.connect(s.nats, sysUser, "system"); err != nil {
		return err
	}
	return errors.Join(s.answerHello(), s.answerCopies(), s.answerCompact(), s.answerConnections(), s.stayUp(ctx))
}

// run starts a server and returns when connections can be made to it.
func run(opts *server.Options, o Options) (*server.Server, error) {
	n, err := server.NewServer(opts)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	l := logger{o.Log, make(chan string, 1)}
	n.SetLoggerV2(l, false, false, false)
	go n.Start()
	ready := make(chan bool, 1)
	go func() { ready <- n.ReadyForConnections(o.StartTimeout) }()
	select {
	case ok := <-ready:
		if !ok {
			err = errors.New("broker: the server did not become ready in time")
		}
	case why := <-l.fatal:
		err = o.gaveUp(why)
	}
	if err != nil {
		n.Shutdown()
		return nil, err
	}
	return n, nil
}

// gaveUp says what to do about a server that ended while it started.
func (o Options) gaveUp(why string) error {
	if strings.Contains(why, "JetStream") && o.clustered() {
		return fmt.Errorf("%w: %s", ErrDamaged, why)
	}
	return fmt.Errorf("broker: the server gave up: %s", why)
}

func (s *Server) warn() {
	if s.options.Durability == "relaxed" {
		s.options.Log.Warn("durability is relaxed: a power cut may lose what was acknowledged within two minutes before it")
	}
	if s.options.Encryption == "off" {
		s.options.Log.Warn("encryption at rest is off: whoever holds the disk can read every message")
	}
}

// Manifest is the record of the streams that the store must hold.
func (s *Server) Manifest() *Manifest { return s.manifest }

// Node is the server's name.
func (s *Server) Node() string { return s.options.Node }

// Connect gives a connection into the CORE account that does not leave the process. name
// tells connections apart in the server's own lists. Work that must not wait for other work
// has a connection of its own.
func (s *Server) Connect(name string) (*nats.Conn, error) { return s.connect(s.nats, coreUser, name) }

func (s *Server) connect(to *server.Server, user, name string) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(to), nats.UserInfo(user, s.password),
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(25*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("broker: connect %s: %w", name, err)
	}
	return nc, nil
}

// Stop hands leadership over to other nodes, stops the server and releases the store. It may
// be called twice.
func (s *Server) Stop() { s.stopping.Do(s.stop) }

func (s *Server) stop() {
	if s.sys != nil && s.clock.hasJumped() {
		s.offerAgain()
	}
	s.end()
	s.background.Wait()
	if s.callout != nil {
		s.shut()
	}
	if s.sys != nil {
		s.sys.Close()
	}
	s.dismissHelper()
	switch {
	case s.nats == nil:
	case s.options.clustered() || s.door != nil:
		s.nats.LameDuckShutdown()
		s.nats.WaitForShutdown()
	default:
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
}
