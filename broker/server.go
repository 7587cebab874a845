package broker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/crypto/bcrypt"
)

// coreUser is the one user of the account CORE.
const coreUser = "crier"

// accounts of the server, in its own configuration language: JetStream cannot be granted to
// an account in any other way before the start.
const accounts = `
system_account: SYS
accounts {
  SYS {}
  CORE { jetstream: enabled, users: [ { user: "crier", password: "%s" } ] }
}`

// lameDuck is how long a stop may take to hand clients and leaders over; nothing listens
// outside the process, so little time is enough.
const (
	lameDuck      = 2 * time.Second
	lameDuckGrace = 500 * time.Millisecond
)

// Server is a running NATS server.
type Server struct {
	nats     *server.Server
	manifest *Manifest
	lock     *os.File
	password string // of the CORE account's one user, known in this process only
	node     string
}

// Start opens the store and starts the server. It returns once JetStream answers and
// everything that the manifest names is there.
func Start(ctx context.Context, o Options) (*Server, error) {
	if faults := o.Check(); len(faults) > 0 {
		return nil, fmt.Errorf("broker: %w", errors.Join(faults...))
	}
	o = o.WithDefaults()
	key, err := o.readKey()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Store, 0o700); err != nil {
		return nil, fmt.Errorf("broker: create the store: %w", err)
	}
	s := &Server{password: rand.Text(), node: o.Node}
	if s.lock, err = lock(o.Store); err != nil {
		return nil, err
	}
	if err := s.start(ctx, o, key); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, o Options, key string) error {
	var err error
	if s.manifest, err = openManifest(o.Store, key); err != nil {
		return err
	}
	opts, err := s.serverOptions(o, key)
	if err != nil {
		return err
	}
	if s.nats, err = server.NewServer(opts); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	s.nats.SetLoggerV2(logger{o.Log}, false, false, false)
	go s.nats.Start()
	if !s.nats.ReadyForConnections(o.StartTimeout) {
		return errors.New("broker: the server did not become ready in time")
	}
	if o.Durability == "relaxed" {
		o.Log.Warn("durability is relaxed: a power cut may lose what was acknowledged within two minutes before it")
	}
	if o.Encryption == "off" {
		o.Log.Warn("encryption at rest is off: whoever holds the disk can read every message")
	}
	return s.verify(ctx)
}

// verify compares what JetStream found on disk with the manifest.
func (s *Server) verify(ctx context.Context) error {
	nc, err := s.Connect("verify")
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	var found []string
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		found = append(found, name)
	}
	if err := names.Err(); err != nil {
		return fmt.Errorf("broker: list the streams: %w", err)
	}
	missing := slices.DeleteFunc(slices.Clone(s.manifest.Streams), func(name string) bool {
		return slices.Contains(found, name)
	})
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s", ErrMissing, strings.Join(missing, ", "))
	}
	return nil
}

func (s *Server) serverOptions(o Options, key string) (*server.Options, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(s.password), bcrypt.MinCost) // random: no guess to slow down
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	opts := &server.Options{}
	if err := opts.ProcessConfigString(fmt.Sprintf(accounts, hash)); err != nil {
		return nil, fmt.Errorf("broker: accounts: %w", err)
	}
	return &server.Options{
		ServerName:             o.Node,
		DontListen:             true,
		NoSigs:                 true,
		StoreDir:               o.Store,
		JetStream:              true,
		JetStreamKey:           key,
		JetStreamCipher:        cipher(o.Cipher),
		JetStreamMaxStore:      o.MaxStore,
		SyncAlways:             o.Durability == "always",
		MaxPayload:             o.MaxPayload,
		MaxPending:             256 << 20,
		LameDuckDuration:       lameDuck,
		LameDuckGracePeriod:    lameDuckGrace,
		DisableJetStreamBanner: true,
		SystemAccount:          opts.SystemAccount,
		Accounts:               opts.Accounts,
		Users:                  opts.Users,
	}, nil
}

func cipher(name string) server.StoreCipher {
	if name == "aes" {
		return server.AES
	}
	return server.ChaCha
}

// Manifest is the record of the streams that the store must hold.
func (s *Server) Manifest() *Manifest { return s.manifest }

// Node is the server's name.
func (s *Server) Node() string { return s.node }

// Connect gives a connection into the CORE account that does not leave the process. name
// tells connections apart in the server's own lists. Work that must not wait for other work
// has a connection of its own.
func (s *Server) Connect(name string) (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s.nats), nats.UserInfo(coreUser, s.password),
		nats.Name(name), nats.MaxReconnects(-1), nats.ReconnectWait(25*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("broker: connect %s: %w", name, err)
	}
	return nc, nil
}

// Stop hands over, stops the server and releases the store. It may be called twice.
func (s *Server) Stop() {
	if s.nats != nil {
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}
	if s.lock != nil {
		_ = s.lock.Close()
	}
}
