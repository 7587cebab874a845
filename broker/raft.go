package broker

import (
	"sync"
	"time"
	_ "unsafe" // for go:linkname
)

// The server has no option for the times of its elections, only package variables; they are
// reached by name. A test holds that the names exist and have an effect.
var (
	//go:linkname minElectionTimeout github.com/nats-io/nats-server/v2/server.minElectionTimeout
	minElectionTimeout time.Duration //nolint:gochecknoglobals // the server's own
	//go:linkname maxElectionTimeout github.com/nats-io/nats-server/v2/server.maxElectionTimeout
	maxElectionTimeout time.Duration //nolint:gochecknoglobals // the server's own
	//go:linkname hbInterval github.com/nats-io/nats-server/v2/server.hbInterval
	hbInterval time.Duration //nolint:gochecknoglobals // the server's own
	//go:linkname lostQuorumInterval github.com/nats-io/nats-server/v2/server.lostQuorumInterval
	lostQuorumInterval time.Duration //nolint:gochecknoglobals // the server's own
	//go:linkname lostQuorumCheck github.com/nats-io/nats-server/v2/server.lostQuorumCheck
	lostQuorumCheck time.Duration //nolint:gochecknoglobals // the server's own
	//go:linkname peerRemoveTimeout github.com/nats-io/nats-server/v2/server.peerRemoveTimeout
	peerRemoveTimeout time.Duration //nolint:gochecknoglobals // the server's own
)

// Bounds of RaftOptions.Scale. Below a tenth, elections begin while nodes are only slow.
const (
	minScale = 0.1
	maxScale = 4
)

// timings are the times of elections in this process.
type timings struct {
	elect      [2]time.Duration // the shortest and the longest silence before an election
	heartbeat  time.Duration
	lostQuorum time.Duration // after which a leader that hears from no majority steps down
	removed    time.Duration // for which a removed node is not taken back
}

// scaled gives the times of NATS, multiplied. A removed node may come back after seconds: in a
// pair, its return is what restores the second copy.
func scaled(scale float64) timings {
	times := func(d time.Duration) time.Duration { return time.Duration(float64(d) * scale) }
	return timings{
		elect:     [2]time.Duration{times(4 * time.Second), times(9 * time.Second)},
		heartbeat: times(time.Second), lostQuorum: times(10 * time.Second), removed: times(40 * time.Second),
	}
}

func presentTimings() timings {
	return timings{
		elect:     [2]time.Duration{minElectionTimeout, maxElectionTimeout},
		heartbeat: hbInterval, lostQuorum: lostQuorumInterval, removed: peerRemoveTimeout,
	}
}

// settingTimings is held while the times are compared and set: they belong to the process.
var settingTimings sync.Mutex //nolint:gochecknoglobals // guards what the server keeps for the whole process

// useTimings sets the times of elections for a server that is about to start. All servers of a
// process share them.
func useTimings(scale float64) {
	settingTimings.Lock()
	defer settingTimings.Unlock()
	if want := scaled(scale); presentTimings() != want {
		want.set()
	}
}

func (t timings) set() {
	minElectionTimeout, maxElectionTimeout = t.elect[0], t.elect[1]
	hbInterval = t.heartbeat
	lostQuorumInterval, lostQuorumCheck = t.lostQuorum, t.lostQuorum
	peerRemoveTimeout = t.removed
}
