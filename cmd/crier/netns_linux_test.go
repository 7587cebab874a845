package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// insideEnv says to a test that it runs in namespaces of its own.
const insideEnv = "CRIER_TEST_NAMESPACES"

// inNamespaces runs a test again, by itself, where it is root over a network and mounts of its own, and gives false once
// that is done; there it gives true. It needs no root where users may have namespaces.
func inNamespaces(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		go endWithParent()
		return true
	}
	unshare, err := unshareCommand()
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(unshare, self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout="+flag.Lookup("test.timeout").Value.String())
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, t.Output())
	cmd.Stderr = cmd.Stdout
	alive, err := cmd.StdinPipe() // the other end of endWithParent
	if err != nil {
		t.Fatal(err)
	}
	err = cmd.Run()
	_ = alive.Close()
	if err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()+" ") {
		t.Errorf("in namespaces: %v", err)
	}
	return false
}

// endWithParent ends this process when the one that started it has ended.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(3)
}

// unshareCommand is a way to make namespaces that works here.
func unshareCommand() ([]string, error) {
	own := []string{"unshare", "--net", "--mount"}
	var all []error
	for _, way := range [][]string{
		own,
		append(own[:1:1], "--user", "--map-root-user", "--net", "--mount"),
		append([]string{"sudo", "-n", "--preserve-env"}, own...),
	} {
		out, err := exec.Command(way[0], append(way[1:], "true")...).CombinedOutput()
		if err == nil {
			return way, nil
		}
		all = append(all, fmt.Errorf("%s: %w %s", strings.Join(way, " "), err, bytes.TrimSpace(out)))
	}
	return nil, fmt.Errorf("a network of its own is needed, from root, sudo, or a kernel that lets users have namespaces: %w", errors.Join(all...))
}

// machines are network namespaces, one for each node, on a switch in another. Beside that network each has its loopback,
// where this process can listen and call: what is cut between nodes does not touch clients, sink and identity provider.
type machines struct{ nodes []string }

var _ fleet.Hosts = (*machines)(nil)

const theSwitch = "switch"

func newMachines(t *testing.T, nodes ...string) *machines {
	t.Helper()
	m := &machines{nodes}
	ipAll(t, "mount -t tmpfs none /run", "ip netns add "+theSwitch, "ip link set lo up",
		"ip -n switch link add middle type bridge", "ip -n switch link set middle up")
	for i, n := range nodes {
		ipAll(t, "ip netns add "+n, "ip -n "+n+" link set lo up",
			fmt.Sprintf("ip -n %s link add wire type veth peer name port-%s netns %s", n, n, theSwitch),
			fmt.Sprintf("ip -n %s link set wire address %s", n, m.card(i)),
			fmt.Sprintf("ip -n %s address add %s/24 dev wire", n, m.Address(n)),
			fmt.Sprintf("ip -n %s link set wire up", n),
			fmt.Sprintf("ip -n switch link set port-%s master middle up", n))
	}
	m.mend(t)
	return m
}

// ipAll runs commands, which are words without quotes.
func ipAll(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
}

func (m *machines) number(node string) int {
	for i, n := range m.nodes {
		if n == node {
			return i
		}
	}
	return -1
}

// Address is that of a node on the switch.
func (m *machines) Address(node string) string { return fmt.Sprintf("10.66.0.%d", m.number(node)+1) }

// card is the hardware address of a machine.
func (m *machines) card(i int) string { return fmt.Sprintf("02:00:00:00:66:%02x", i+1) }

// nobody has this hardware address: the switch drops what goes there.
const nobody = "02:00:00:00:66:ff"

// cut lets nothing through from one node to another any more, without a word to either. The way back stays.
func (m *machines) cut(t *testing.T, from, to string) {
	t.Helper()
	m.point(t, from, to, nobody)
}

func (m *machines) cutBoth(t *testing.T, a, b string) {
	t.Helper()
	m.cut(t, a, b)
	m.cut(t, b, a)
}

// mend lets everything through.
func (m *machines) mend(t *testing.T) {
	t.Helper()
	for _, from := range m.nodes {
		for i, to := range m.nodes {
			if from != to {
				m.point(t, from, to, m.card(i))
			}
		}
	}
}

// point says where a node sends what is for another.
func (m *machines) point(t *testing.T, from, to, card string) {
	t.Helper()
	ipAll(t, fmt.Sprintf("ip -n %s neighbour replace %s lladdr %s nud permanent dev wire", from, m.Address(to), card))
}

// setns is the number of the system call, which package syscall does not have everywhere.
var setns = map[string]uintptr{"amd64": 308, "arm64": 268}[runtime.GOARCH]

// In calls fn in the namespace of a node.
func (m *machines) In(node string, fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for ever: the thread ends with this function
		enter(node)
		fn()
	}()
	<-done
}

// enter moves the thread.
func enter(node string) {
	space, err := os.Open("/run/netns/" + node)
	if err != nil {
		panic(err)
	}
	defer space.Close()
	if _, _, errno := syscall.Syscall(setns, space.Fd(), syscall.CLONE_NEWNET, 0); errno != 0 {
		panic(errno)
	}
}

// reaches says whether a connection between two machines can be made.
func (m *machines) reaches(t *testing.T, from, to string) error {
	t.Helper()
	l, err := fleet.ListenOn(m, to, net.JoinHostPort(m.Address(to), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m.In(from, func() {
		var c net.Conn
		if c, err = (&net.Dialer{Timeout: silent}).Dial("tcp", l.Addr().String()); err == nil {
			_ = c.Close()
		}
	})
	return err
}
