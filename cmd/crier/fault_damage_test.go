package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/control"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// TestNothingIsLostWhenFilesAreDamaged damages what a node has on its disk, while the node is down: bits flip, files end
// early. What was acknowledged stays with the cluster, whichever node is the first to come back, and the damaged node gets
// it from the others, or says what a person has to do.
func TestNothingIsLostWhenFilesAreDamaged(t *testing.T) {
	t.Parallel() // most of it is waiting
	o := newOrdeal(t, newSink(t), nil)
	o.suffer([]fault{
		{"flipped", 2, flipped},
		{"damaged-leader-first", 2, damagedAmongAll(true)},
		{"damaged-leader-last", 2, damagedAmongAll(false)},
		{"flipped-for-good", 2, flippedForGood},
	})
}

// Files of a node, as patterns below its store.
var (
	streamBlocks = []string{"jetstream/CORE/streams/ROOMS/msgs/*.blk", "jetstream/CORE/streams/EVENTS/msgs/*.blk"}
	raftBlocks   = []string{"jetstream/SYS/_js_/S-*/msgs/*.blk", "jetstream/SYS/_js_/C-*/msgs/*.blk", "jetstream/SYS/_js_/_meta_/msgs/*.blk"}
	snapshots    = []string{"jetstream/SYS/_js_/_meta_/snapshots/*"}
)

// flip turns one bit round in the middle of a file.
func flip(file string) error {
	b, err := os.ReadFile(file)
	if err != nil || len(b) == 0 {
		return err
	}
	b[len(b)/2] ^= 1
	return os.WriteFile(file, b, 0o600)
}

// truncate takes the second half of a file away.
func truncate(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.Truncate(file, info.Size()/2)
}

// flipped kills a node while another leads everything, and turns bits round before it is started again: first in the
// streams, then in the logs of RAFT.
func flipped(o *ordeal) {
	o.lead(fleet.N1)
	n := o.Node(fleet.N2)
	for _, files := range [][]string{streamBlocks, raftBlocks} {
		o.must(n.Kill())
		o.damage(n, files, flip)
		o.lasts(down / 2)
		o.must(n.Start())
		o.kept()
	}
}

// damagedAmongAll kills all nodes, damages the one that led everything, and starts it before or after the others.
func damagedAmongAll(first bool) func(*ordeal) {
	return func(o *ordeal) {
		n := o.Node(fleet.N1)
		o.lead(n.Name)
		o.must(o.KillAll())
		o.damage(n, streamBlocks, truncate)
		o.damage(n, raftBlocks, truncate)
		if first {
			o.must(n.Start())
			o.lasts(down)
		}
		for _, other := range o.Nodes() {
			if other != n {
				o.must(other.Start())
			}
		}
		if !first {
			o.lasts(2 * down)
			o.must(n.Start())
		}
		o.kept()
	}
}

// flippedForGood turns a bit round in a store that was closed in good order, which is not read again at the start: the
// comparison finds it. Then one in what the node knows of the cluster as a whole, without which it cannot start. It is
// replaced as its last words say.
func flippedForGood(o *ordeal) {
	o.lead(fleet.N1)
	n := o.Node(fleet.N2)
	o.within(ending, n.Terminate)
	o.damage(n, streamBlocks[:1], flip)
	o.must(n.Start())
	o.whole()
	o.unlike(n, "ROOMS")
	o.must(n.Kill())
	o.damage(n, snapshots, flip)
	o.must(n.Start())
	o.endsWith(n, broker.ErrDamaged)
	o.missed(fleet.N1, n.Name)
	o.replace(n)
	o.kept()
}

// unlike wants the comparison to find that a node's copy of a stream is not like another's, and not only for a moment.
func (o *ordeal) unlike(n *fleet.Node, stream string) {
	o.t.Helper()
	inRow := 0
	await(o.t, busyFor, func() string {
		found, err := control.Dial(o.Node(fleet.N1).Store()).Verify(o.t.Context())
		if err != nil {
			return err.Error()
		}
		i := slices.IndexFunc(found, func(c broker.Copy) bool { return c.Node == n.Name && c.Stream == stream })
		if inRow++; i < 0 {
			inRow = 0
		}
		if inRow < 5 {
			return "the comparison has not found it"
		}
		o.t.Logf("found %+v, which is not like %+v", found[i], found[i-1])
		return ""
	})
}

// replace does what a person is told to do about a node whose store is damaged.
func (o *ordeal) replace(n *fleet.Node) {
	o.t.Helper()
	o.must(os.Rename(n.Store(), fmt.Sprintf("%s.was-%d", n.Store(), time.Now().UnixNano())))
	other := map[string]string{fleet.N1: fleet.N2, fleet.N2: fleet.N1, fleet.Witness: fleet.N1}[n.Name]
	await(o.t, busyFor, func() string {
		if err := control.Dial(o.Node(other).Store()).Remove(o.t.Context(), n.Name, func(string) {}); err != nil {
			return err.Error() // nobody leads for a moment
		}
		return ""
	})
	o.must(n.Start())
}

// damage does something to the last file of each folder that fits a pattern.
func (o *ordeal) damage(n *fleet.Node, patterns []string, how func(string) error) {
	o.t.Helper()
	last := map[string]string{}
	for _, p := range patterns {
		files, err := filepath.Glob(filepath.Join(n.Store(), p))
		o.must(err)
		for _, f := range files {
			if d := filepath.Dir(f); len(f) > len(last[d]) || f > last[d] {
				last[d] = f
			}
		}
	}
	if len(last) < len(patterns) {
		o.t.Fatalf("of %v only %v are there", patterns, last)
	}
	for _, f := range last {
		o.must(how(f))
	}
	o.t.Logf("%d files of %s were damaged", len(last), n.Name)
}

// kept wants everything that was acknowledged before this fault to be in the log still.
func (o *ordeal) kept() {
	o.t.Helper()
	o.whole()
	copies, err := control.Dial(o.Node(fleet.N2).Store()).Copies(o.t.Context())
	o.must(err)
	for _, c := range copies {
		if c.Stream != "ROOMS" && c.Stream != "EVENTS" {
			continue
		}
		if want := uint64(len(o.told)); c.Messages < want {
			o.t.Errorf("%s holds %d entries of %s, %d were acknowledged: %s", c.Node, c.Messages, c.Stream, want, c.Error)
		}
	}
}

// ending is how long a node may take to end by itself when it must not go on: to notice, and to stop in an orderly way.
const ending = time.Minute

// endsWith wants a node to end by itself and to say why, as one of some errors.
func (o *ordeal) endsWith(n *fleet.Node, why ...error) {
	o.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(o.t.Context(), ending)
	defer cancel()
	var exit *exec.ExitError
	if err := n.Ended(ctx); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		o.t.Fatalf("%s ended with %v, want status 1", n.Name, err)
	}
	last := o.lastLine(n)
	o.t.Logf("%s ended after %v: %s", n.Name, time.Since(began).Round(time.Millisecond), last)
	for _, w := range why {
		if strings.Contains(last, w.Error()) {
			return
		}
	}
	o.t.Fatalf("it does not say one of %q", why)
}

// lastLine is what a node said at the end.
func (o *ordeal) lastLine(n *fleet.Node) string {
	o.t.Helper()
	log, err := os.ReadFile(n.Log())
	o.must(err)
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(lines[len(lines)-1])
}

// missed wants a node to say that another is not there.
func (o *ordeal) missed(by, node string) {
	o.t.Helper()
	await(o.t, busyFor, func() string {
		st, err := o.Node(by).Status(o.t.Context())
		if err != nil {
			return err.Error()
		}
		if st.Survives || !st.Majority || !strings.Contains(st.Words, node+" is not there") {
			return st.Words
		}
		return ""
	})
}
