package broker

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// Options say where and how the server keeps its data.
type Options struct {
	// Store is the folder of everything this node keeps. It is created if absent.
	Store string `yaml:"store"`
	// Node is this server's stable name, a NATS subject token.
	Node string `yaml:"node"`
	// Key encrypts what is stored, at least 32 characters. KeyFile is a file that holds it,
	// outside Store. A store keeps its key for good: the server can change it, but loses a part
	// of the store on the way (2.15.2).
	Key     string `yaml:"key"`
	KeyFile string `yaml:"keyFile"`
	// Encryption is "on" (default) or "off".
	Encryption string `yaml:"encryption"`
	// Cipher is "chacha" (default) or "aes".
	Cipher string `yaml:"cipher"`
	// Durability is "always" (default: on disk before it is acknowledged) or "relaxed" (on
	// disk within two minutes).
	Durability string `yaml:"durability"`
	// MaxStore limits the disk space in bytes; 0 takes what the disk has.
	MaxStore int64 `yaml:"maxStore"`
	// MaxPayload is the largest message in bytes, 8 MiB by default.
	MaxPayload int32 `yaml:"maxPayload"`
	// StartTimeout bounds the start of the server, including recovery; 5 minutes by default.
	StartTimeout time.Duration `yaml:"startTimeout"`
	// Role is "full" (default) or "witness": RAFT and storage only.
	Role string `yaml:"role"`
	// Topology is "single" (default), "cluster" or "pair".
	Topology string `yaml:"topology"`
	// Cluster and Raft matter unless the topology is "single".
	Cluster ClusterOptions `yaml:"cluster"`
	Raft    RaftOptions    `yaml:"raft"`
	// NATS is where others' NATS clients come in.
	NATS NATSOptions `yaml:"nats"`

	// Log receives what the server has to say; nil discards it.
	Log *slog.Logger `yaml:"-"`
}

const minKey = 32

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	if o.Node == "" {
		o.Node = "node-1"
	}
	if o.Encryption == "" {
		o.Encryption = "on"
	}
	if o.Cipher == "" {
		o.Cipher = "chacha"
	}
	if o.Durability == "" {
		o.Durability = "always"
	}
	if o.MaxPayload == 0 {
		o.MaxPayload = 8 << 20
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = 5 * time.Minute
	}
	if o.Role == "" {
		o.Role = Full
	}
	if o.Topology == "" {
		o.Topology = Single
	}
	if o.Raft.Scale == 0 {
		o.Raft.Scale = 0.25
	}
	o.Cluster = o.Cluster.withDefaults()
	o.NATS = o.NATS.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Check names every fault. It reads no file.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(o.Store == "", "store: a folder is needed")
	bad(strings.ContainsAny(o.Node, ".*> \t\r\n"), "node: no '.', '*', '>' or white space")
	bad(o.Cipher != "chacha" && o.Cipher != "aes", `cipher: "chacha" or "aes"`)
	bad(o.Durability != "always" && o.Durability != "relaxed", `durability: "always" or "relaxed"`)
	bad(o.Encryption != "on" && o.Encryption != "off", `encryption: "on" or "off"`)
	bad(o.MaxStore < 0, "maxStore: not below 0")
	bad(o.MaxPayload < 1<<20, "maxPayload: at least 1 MiB")
	return slices.Concat(faults, o.checkKey(), o.checkCluster(), o.NATS.check())
}

func (o Options) checkKey() []error {
	given := o.Key != "" || o.KeyFile != ""
	switch {
	case o.Encryption == "on" && !given:
		return []error{errors.New(`key: needed to encrypt the store (key, keyFile, or encryption: "off" in writing)`)}
	case o.Encryption == "off" && given:
		return []error{errors.New(`key: given although encryption is "off"`)}
	case o.Key != "" && o.KeyFile != "":
		return []error{errors.New("key: key and keyFile are both given")}
	case o.Key != "" && len(o.Key) < minKey:
		return []error{fmt.Errorf("key: at least %d characters", minKey)}
	case o.KeyFile != "" && within(o.KeyFile, o.Store):
		return []error{errors.New("keyFile: lies inside the store that it protects")}
	}
	return nil
}

// CheckKeyFile says what is wrong with the file of the storage key, if there is one.
func (o Options) CheckKeyFile() error {
	_, err := readKey("", o.KeyFile)
	return err
}

// readKey gives the key that stands in the configuration or in a file. A key file that group or
// others may read is refused.
func readKey(key, file string) (string, error) {
	if file == "" {
		return key, nil
	}
	if info, err := os.Stat(file); err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("broker: the key file %s has mode %04o, want 0600", file, info.Mode().Perm())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("broker: read the key file: %w", err)
	}
	key = strings.TrimSpace(string(b))
	if len(key) < minKey {
		return "", fmt.Errorf("broker: the key file %s holds fewer than %d characters", file, minKey)
	}
	return key, nil
}
