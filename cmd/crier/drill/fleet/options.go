package fleet

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"

	"github.com/govcrier/crier/broker"
)

// The nodes of a fleet.
const (
	N1      = "n1"
	N2      = "n2"
	Witness = "w"
)

// Room is where the fleet's publisher may publish, to named recipients too, and which it may read. It has no subscribers.
const Room = "drill"

// Options say how a fleet is set up. The zero value works.
type Options struct {
	// Folder takes stores, configurations, keys and logs; it must be empty or absent, and it is kept. By default a
	// temporary one is made, and removed by Close. The path should be short: sockets are made below it.
	Folder string
	// Logs is the folder of the nodes' logs, NAME.log; Folder by default.
	Logs string
	// Program is the crier to run; the running program by default.
	Program string
	// Sink is the URL to which the nodes post what they deliver; without one they keep it.
	Sink string
	// Hosts are machines for the nodes. Without, all share this one's loopback, with Network between them.
	Hosts Hosts
	// Settings are further keys of the nodes' configuration, by path: "raft.scale" is "broker.raft.scale".
	Settings map[string]any
	// Pair leaves out the witness: two nodes, which hold everything twice.
	Pair bool
	// Only are the nodes to start with; by default all. The others can be started later.
	Only []string
	// Log says what is done; nil says nothing.
	Log *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	if o.Program == "" {
		program, err := os.Executable()
		if err != nil {
			return o, fmt.Errorf("fleet: find the program: %w", err)
		}
		o.Program = program
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Only) == 0 {
		o.Only = o.names()
	}
	o.Logs = cmp.Or(o.Logs, o.Folder)
	return o, nil
}

// names are those of all nodes.
func (o Options) names() []string {
	if o.Pair {
		return []string{N1, N2}
	}
	return []string{N1, N2, Witness}
}

func (o Options) topology() string {
	if o.Pair {
		return broker.Pair
	}
	return broker.Cluster
}
