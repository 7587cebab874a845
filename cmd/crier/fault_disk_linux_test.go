package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// TestNothingIsLostWhenADiskIsFull fills the disk of a node under load, and has that of another refuse to write. The node
// says so and ends; the others go on. When the disk is well again, so is the cluster.
func TestNothingIsLostWhenADiskIsFull(t *testing.T) {
	t.Parallel() // most of it is waiting
	if !inNamespaces(t) {
		return
	}
	ipAll(t, "ip link set lo up")
	o := newOrdeal(t, newSink(t), nil)
	o.ownDisk(fleet.N1)
	o.suffer([]fault{
		{"full-on-leader", 1, diskFull},
		{"errors-on-follower", 1, diskErrors(fleet.N2, fleet.N1)},
		{"errors-on-witness", 0, diskErrors(fleet.Witness, fleet.N1)},
	})
}

// diskOf is how large the disk of a node is.
const diskOf = 256 << 20

// ownDisk gives the store of a node a small disk.
func (o *ordeal) ownDisk(node string) {
	o.t.Helper()
	n := o.Node(node)
	o.within(ending, n.Terminate)
	was := n.Store() + ".was"
	o.must(os.Rename(n.Store(), was))
	o.must(os.Mkdir(n.Store(), 0o700))
	ipAll(o.t, fmt.Sprintf("mount -t tmpfs -o size=%d disk %s", diskOf, n.Store()), fmt.Sprintf("cp -a %s/. %s", was, n.Store()))
	o.t.Cleanup(func() { ipAll(o.t, "umount -l "+n.Store()) })
	o.must(os.RemoveAll(was))
	o.configure(n, "maxStore", 1<<40) // else the engine refuses streams that may become larger than the disk
	o.must(n.Start())
	o.whole()
}

// diskFull fills the disk of the leader of everything to the last byte. The node ends, and does not begin until there is room.
func diskFull(o *ordeal) {
	n := o.Node(fleet.N1)
	o.lead(n.Name)
	filler := filepath.Join(n.Store(), "filler")
	o.must(fill(filler))
	o.endsWith(n, broker.ErrDiskFull, broker.ErrStorage)
	o.missed(fleet.N2, n.Name)
	o.must(n.Start())
	o.endsWith(n, broker.ErrDiskFull)
	o.must(os.Remove(filler))
	o.must(n.Start())
}

// fill writes a file until there is no room left.
func fill(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, zeros{})
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk is not full: %w", err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// largest is how large a file may grow on a disk that refuses to write more: the log of a node is smaller, the logs of RAFT
// and of streams are not for long.
const largest = 512 << 10

// diskErrors has every write of a node fail that makes a file larger than some size. The node ends by itself.
func diskErrors(node, other string) func(*ordeal) {
	return func(o *ordeal) {
		n := o.Node(node)
		out, err := exec.Command("prlimit", "--pid", fmt.Sprint(n.PID()), fmt.Sprintf("--fsize=%d", largest)).CombinedOutput()
		if err != nil {
			o.t.Fatalf("prlimit: %v %s", err, out)
		}
		o.endsWith(n, broker.ErrStorage)
		o.missed(other, n.Name)
		o.must(n.Start())
	}
}
