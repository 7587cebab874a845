package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Node is one place in the fleet, with its store. At most one process at a time runs there.
type Node struct {
	// Name is n1, n2 or w.
	Name string

	fleet   *Fleet
	home    string // where it accepts routes
	api     string // where it serves the API, if it is full
	nats    string // and NATS clients
	process *process
}

// Full says whether the node has an API and delivers; the witness does not.
func (n *Node) Full() bool { return n.Name != Witness }

func (n *Node) role() string {
	if n.Full() {
		return "full"
	}
	return "witness"
}

// Store is the folder of all that the node keeps.
func (n *Node) Store() string { return n.fleet.path(n.Name) }

// Log is the file of what the node says, over all its runs.
func (n *Node) Log() string { return filepath.Join(n.fleet.options.Logs, n.Name+".log") }

// Config is its configuration file. A change counts from the next start on.
func (n *Node) Config() string { return n.fleet.path(n.Name + ".yaml") }

// URL is the base of its API.
func (n *Node) URL() string { return "https://" + n.api }

// NATS is where NATS clients connect to it.
func (n *Node) NATS() string { return "tls://" + n.nats }

// Alive says whether a process runs there, be it hung.
func (n *Node) Alive() bool { return n.process != nil && n.process.alive() }

// PID is the number of the process that runs there, 0 if none does.
func (n *Node) PID() int {
	if !n.Alive() {
		return 0
	}
	return n.process.cmd.Process.Pid
}

// Ended waits until the node has ended by itself, and gives how.
func (n *Node) Ended(ctx context.Context) error {
	if n.process == nil {
		return n.ended()
	}
	select {
	case <-n.process.done:
		return n.process.err
	case <-ctx.Done():
		return fmt.Errorf("fleet: %s runs still: %w", n.Name, ctx.Err())
	}
}

// Start starts the node, again on the same store. It does not wait until it is ready.
func (n *Node) Start() error {
	if n.Alive() {
		return fmt.Errorf("fleet: %s runs already", n.Name)
	}
	log, err := os.OpenFile(n.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	defer log.Close()
	n.fleet.options.Log.Debug("start", "node", n.Name)
	if n.process, err = launch(n.fleet.where(n.Name), log, n.fleet.options.Program, "serve", "--config", n.Config()); err != nil {
		return fmt.Errorf("fleet: start %s: %w", n.Name, err)
	}
	return nil
}

// Kill ends the process with SIGKILL, also a hung one, and returns when it is gone.
func (n *Node) Kill() error {
	if n.process == nil {
		return nil
	}
	if err := n.process.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-n.process.done
	return nil
}

// Hang stops the process with SIGSTOP: its connections stay open, and it does nothing.
func (n *Node) Hang() error { return n.signal(syscall.SIGSTOP) }

// Continue lets a hung process go on.
func (n *Node) Continue() error { return n.signal(syscall.SIGCONT) }

// Terminate stops the node as an operator would, and returns when it is gone. Its error says how it ended, if not well.
func (n *Node) Terminate(ctx context.Context) error {
	if err := n.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-n.process.done:
	case <-ctx.Done():
		return fmt.Errorf("fleet: %s has not stopped: %w", n.Name, ctx.Err())
	}
	if n.process.err != nil {
		return fmt.Errorf("fleet: %s stopped badly: %w; its last words:\n%s", n.Name, n.process.err, n.lastWords())
	}
	return nil
}

func (n *Node) signal(s syscall.Signal) error {
	if n.process == nil {
		return fmt.Errorf("fleet: %s was never started", n.Name)
	}
	return n.process.signal(s)
}

// Ready waits until the node is in service: a full one until it takes requests, the witness until it answers.
func (n *Node) Ready(ctx context.Context) error {
	return n.await(ctx, "ready", n.ready)
}

func (n *Node) ready(ctx context.Context) error {
	if !n.Full() {
		_, err := n.Status(ctx)
		return err
	}
	return n.fleet.Client(Admin, n.Name).Ready(ctx)
}

// await polls until ask gives no error. It ends early if the process has, and says the last reason.
func (n *Node) await(ctx context.Context, what string, ask func(context.Context) error) error {
	for {
		err := n.askOnce(ctx, ask)
		if err == nil {
			return nil
		}
		if !n.Alive() {
			return fmt.Errorf("fleet: %s has ended: %w; its last words:\n%s", n.Name, n.ended(), n.lastWords())
		}
		if !sleep(ctx, pollEvery) {
			return fmt.Errorf("fleet: %s is not %s: %w", n.Name, what, err)
		}
	}
}

const (
	pollEvery  = 50 * time.Millisecond
	askTimeout = 10 * time.Second
)

func (n *Node) askOnce(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return ask(ctx)
}

func (n *Node) ended() error {
	if n.process == nil {
		return errors.New("it was never started")
	}
	return n.process.err
}

// lastWords are the last lines of the node's log.
func (n *Node) lastWords() string {
	const most = 5
	text, err := os.ReadFile(n.Log())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}
