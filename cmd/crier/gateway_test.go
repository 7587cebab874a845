package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// builtPrograms is where programs stand that tests have built. What is current there is not built again.
const builtPrograms = root + "/bin/tests"

// buildProgram compiles the real program, with build tags, as it is delivered: without the race detector, which makes the
// nodes of a cluster so slow that elections fail.
func buildProgram(t testing.TB, tags string) string {
	t.Helper()
	folder, err := filepath.Abs(filepath.Join(builtPrograms, tags))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	turn, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer turn.Close()
	if err := syscall.Flock(int(turn.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "crier")
	build := exec.Command("go", "build", "-tags", tags, "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// ready is what `crier dev --json` says once everything is ready.
type ready struct {
	API, Issuer, NATS, WebSocket, Outbox, Room, Token, ClientID, ClientSecret, AdminToken string
}

// gateway is a running `crier dev`.
type gateway struct {
	ready
	process *os.Process
	done    chan struct{} // closed when the process has ended
	log     tail
}

// startGateway runs the program on a store and waits until it is ready, or has ended: with a
// crash point in its environment it may not come so far.
func startGateway(t testing.TB, program, store, env string, args ...string) *gateway {
	t.Helper()
	cmd := exec.Command(program, append([]string{"dev", "--json", "--api", "127.0.0.1:0", "--store", store}, args...)...)
	cmd.Env = append(os.Environ(), env)
	g := &gateway{done: make(chan struct{})}
	cmd.Stderr = &g.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	g.process = cmd.Process
	first := make(chan []byte, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadBytes('\n')
		first <- line
		_ = cmd.Wait()
		close(g.done)
	}()
	t.Cleanup(func() { g.stop(t) })
	select {
	case line := <-first:
		_ = json.Unmarshal(line, &g.ready) // empty if it was killed before
	case <-time.After(busyFor):
		t.Fatalf("crier dev is not ready:\n%s", g.log.String())
	}
	return g
}

// kill ends the process as a power cut would.
func (g *gateway) kill() {
	_ = g.process.Kill()
	<-g.done
}

// exited says whether the process ended by itself in time.
func (g *gateway) exited(within time.Duration) bool {
	select {
	case <-g.done:
		return true
	case <-time.After(within):
		return false
	}
}

// stop ends the process as an operator would.
func (g *gateway) stop(t testing.TB) {
	_ = g.process.Signal(syscall.SIGTERM)
	if !g.exited(30 * time.Second) {
		g.kill()
		t.Errorf("crier dev did not stop on SIGTERM:\n%s", g.log.String())
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf.Len() > 1<<20 {
		t.buf.Next(t.buf.Len() / 2)
	}
	return t.buf.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}
