package config

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox"
	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/lease"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/quota"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/release"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/retention"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// Config is everything that an operator decides.
type Config struct {
	Broker    broker.Options    `yaml:"broker"`
	Log       stream.Options    `yaml:"log"`
	Lease     lease.Options     `yaml:"lease"`
	Vault     vault.Options     `yaml:"vault"`
	Index     index.Options     `yaml:"index"`
	Consumers consumers.Options `yaml:"consumers"`
	Retention retention.Options `yaml:"retention"`
	Release   release.Options   `yaml:"release"`
	API       API               `yaml:"api"`
	Live      live.Options      `yaml:"live"`
	OIDC      oidc.Options      `yaml:"oidc"`
	Policy    Policy            `yaml:"policy"`
	Alerts    Alerts            `yaml:"alerts"`
	Operators Operators         `yaml:"operators"`

	Inbound      replies.Options             `yaml:"inbound"`
	Invitations  registry.InvitationOptions  `yaml:"invitations"`
	Suppressions registry.SuppressionOptions `yaml:"suppressions"`

	Bridge    channels.Options `yaml:"bridge"`
	Providers Providers        `yaml:"providers"`
	Sandbox   sandbox.Options  `yaml:"sandbox"`
	Mailbox   mailbox.Options  `yaml:"mailbox"`
	Metrics   Metrics          `yaml:"metrics"`
	Logging   Logging          `yaml:"logging"`
}

// API is the HTTP API with the address that it is served on.
type API struct {
	Listen      string `yaml:"listen"` // host:port
	api.Options `yaml:",inline"`
	Quotas      quota.Options `yaml:"quotas"`
}

// Alerts say how alerts are told apart, and what those of the Common Alerting Protocol come to.
type Alerts struct {
	Exercise    string `yaml:"exercise"` // the word with which every text of a drill begins
	cap.Options `yaml:",inline"`
}

// Metrics say where the metrics are served.
type Metrics struct {
	Listen string `yaml:"listen"` // host:port, without TLS; empty: none, but for api.metrics
}

// New is the configuration in which nothing has been decided. The policy has its defaults from the start, since its zeros
// say something; Complete fills in the others.
func New() Config { return Config{Policy: standardPolicy()} }

// Complete fills in what was left out.
func (c Config) Complete() Config {
	if c.Broker.NATS.TLS == (servercert.Files{}) && !c.Broker.NATS.Insecure {
		c.Broker.NATS.TLS = c.API.TLS.Files
	}
	c.Broker = c.Broker.WithDefaults()
	c.Log.Replicas = c.Broker.Replicas()
	c.Log.Encrypted = c.Broker.Encryption != "off"
	c.Log = c.Log.WithDefaults()
	c.Vault = c.Vault.WithDefaults()
	c.Log.QueueBytes = queueBytes(c.Log.QueueBytes)
	c.Lease.TTL = c.Lease.WithDefaults().TTL
	c.Index.Keep = cmp.Or(c.Index.Keep, c.Log.EventAge)
	if c.Index.Path == "" && c.Broker.Store != "" {
		c.Index.Path = filepath.Join(c.Broker.Store, "index", "index.db")
	}
	c.Index = c.Index.WithDefaults()
	c.Consumers = c.Consumers.WithDefaults()
	c.Retention = c.Retention.WithDefaults()
	c.Release = c.Release.WithDefaults()
	c.API.Listen = cmp.Or(c.API.Listen, ":8443")
	c.API.Options = c.API.WithDefaults()
	c.API.Quotas = c.API.Quotas.WithDefaults()
	c.Live = c.Live.WithDefaults()
	c.OIDC.Audience = cmp.Or(c.OIDC.Audience, "crier")
	c.Alerts.Exercise = cmp.Or(c.Alerts.Exercise, "EXERCISE")
	c.Alerts.Options = c.Alerts.Options.WithDefaults()
	c.Operators = c.Operators.WithDefaults()
	c.Invitations = c.Invitations.WithDefaults()
	c.Inbound = c.Inbound.WithDefaults()
	c.Suppressions = c.Suppressions.WithDefaults()
	c.Bridge = c.Bridge.WithDefaults()
	c.Providers = c.Providers.withDefaults()
	c.Sandbox = c.Sandbox.WithDefaults()
	c.Mailbox = c.Mailbox.WithDefaults()
	c.Logging.Level = cmp.Or(c.Logging.Level, "info")
	c.Logging.Format = cmp.Or(c.Logging.Format, "text")
	return c
}

// queueBytes completes the limits of the lanes' queues, so that they can be described.
func queueBytes(given map[rooms.Lane]int64) map[rooms.Lane]int64 {
	all := map[rooms.Lane]int64{rooms.Emergency: 256 << 20, rooms.Normal: 1 << 30, rooms.Bulk: 2 << 30}
	for lane, limit := range given {
		all[lane] = limit
	}
	return all
}

// Format prints no configuration, whatever the verb: it may hold keys.
func (c Config) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, "[configuration]") }
