package fleet

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// process is one run of a node.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // once done

	mu    sync.Mutex
	ended bool // it has been waited for: its number may be somebody else's
}

// launch starts a program, where it is told to, whose output is appended to a log.
func launch(where func(func()), log *os.File, program string, args ...string) (*process, error) {
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = withParent()
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go where(func() { p.run(started) })
	return p, <-started
}

// run keeps its thread for as long as the child lives: the kernel takes the end of the thread that made a child for the
// end of the parent.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	if err != nil {
		p.end(err)
	}
	started <- err
	if err == nil {
		p.end(p.cmd.Wait())
	}
}

// end notes how the process ended, or that it never began.
func (p *process) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.ended = err, true
}

// signal sends a signal, nothing if the process has ended.
func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("fleet: signal %s: %w", s, err)
	}
	return nil
}

// alive says whether the process has not ended.
func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}
