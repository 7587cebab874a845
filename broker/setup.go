package broker

import (
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"golang.org/x/crypto/bcrypt"
)

// accounts of the server, in its own configuration language: JetStream cannot be granted to
// an account in any other way before the start.
const accounts = `
system_account: SYS
accounts {
  SYS { users: [ { user: "sys", password: "%[1]s" } ] }
  AUTH { users: [ { user: "auth", password: "%[1]s" } ] }
  CORE { jetstream: enabled, users: [ { user: "crier", password: "%[1]s" } ] }
  EDGE { }
}`

// lameDuck is how long a stop may take to hand clients and leaders over; nobody but this
// process is a client, so little time is enough.
const (
	lameDuck      = 2 * time.Second
	lameDuckGrace = 500 * time.Millisecond
)

// serverOptions are those of the node.
func (s *Server) serverOptions(key string) (*server.Options, error) {
	o := s.options
	opts, err := s.plainOptions(o.Node)
	if err != nil {
		return nil, err
	}
	opts.StoreDir = o.Store
	opts.JetStream = true
	opts.JetStreamKey = key
	opts.JetStreamCipher = cipher(o.Cipher)
	opts.JetStreamMaxStore = o.MaxStore
	opts.SyncAlways = o.Durability == "always"
	if !o.NATS.open() {
		return opts, nil
	}
	if s.door, err = newDoor(o); err != nil {
		return nil, err
	}
	return opts, s.door.options(opts, o.NATS)
}

// plainOptions are those of a server without JetStream, with routes if there are other nodes.
func (s *Server) plainOptions(name string) (*server.Options, error) {
	o := s.options
	hash, err := bcrypt.GenerateFromPassword([]byte(s.password), bcrypt.MinCost) // random: no guess to slow down
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	parsed := &server.Options{}
	if err := parsed.ProcessConfigString(fmt.Sprintf(accounts, hash)); err != nil {
		return nil, fmt.Errorf("broker: accounts: %w", err)
	}
	for _, u := range parsed.Users {
		u.AllowedConnectionTypes = map[string]struct{}{jwt.ConnectionTypeInProcess: {}}
	}
	opts := &server.Options{
		ServerName:             name,
		DontListen:             true,
		NoSigs:                 true,
		MaxPayload:             o.MaxPayload,
		MaxPending:             256 << 20,
		LameDuckDuration:       lameDuck,
		LameDuckGracePeriod:    lameDuckGrace,
		DisableJetStreamBanner: true,
		JetStreamLimits:        server.JSLimitOpts{DefaultMaxConsumers: -1}, // of a stream; crier has quotas of its own
		SystemAccount:          parsed.SystemAccount,
		Accounts:               parsed.Accounts,
		Users:                  parsed.Users,
	}
	if o.clustered() {
		err = o.routing(opts)
	}
	return opts, err
}

func cipher(name string) server.StoreCipher {
	if name == "aes" {
		return server.AES
	}
	return server.ChaCha
}
