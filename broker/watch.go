package broker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Errors with which a node ends, or does not begin: it must not take part half dead.
var (
	ErrDiskFull = errors.New("broker: the disk of the store is full; make room, and start the node again: it catches up by itself")
	ErrStorage  = errors.New("broker: the store cannot be written to; see to the disk, and start the node again: it catches up by itself")
	ErrDamaged  = errors.New("broker: the store cannot be opened; if its disk and its permissions are well, files are damaged: move the store away, run `crier cluster remove` for this node on another one, and start it with an empty store, which the others fill")
)

// minFree is the room that a store needs. It is what RAFT and the streams may take while a node
// stops, and when it starts again, until old entries are given up.
const minFree = 64 << 20

const (
	watchEvery  = time.Second
	healthEvery = 5 // looks at the disk and the clock for each one at everything else
)

// Watch returns when this node must not go on, with what a person has to do: its disk is full or
// fails, or its clock was set or is not that of the others. Whoever stops and starts it again
// loses nothing; the other nodes go on meanwhile.
func (s *Server) Watch(ctx context.Context) error {
	for n := 1; ctx.Err() == nil; n++ {
		if err := errors.Join(roomLeft(s.options.Store), s.clock.tick()); err != nil {
			return err
		}
		if n%healthEvery == 0 {
			if err := errors.Join(s.writable(), s.sameClock(ctx)); err != nil {
				return err
			}
		}
		_ = pause(ctx, watchEvery)
	}
	return ctx.Err()
}

// Free is how many bytes the disk of the store has left for this process.
func (s *Server) Free() (uint64, error) { return freeBytes(s.options.Store) }

func freeBytes(folder string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		return 0, fmt.Errorf("broker: look at the disk of the store: %w", err)
	}
	return st.Bavail * uint64(st.Bsize), nil
}

func roomLeft(folder string) error {
	free, err := freeBytes(folder)
	if err == nil && free < minFree {
		return fmt.Errorf("%w (%d MiB are free, %d are needed)", ErrDiskFull, free>>20, minFree>>20)
	}
	return err
}

// writable says whether the server has stopped to store something. A stream that met an error of
// the disk takes nothing until the server is started again, and with no room left all are shut.
func (s *Server) writable() error {
	if !s.nats.JetStreamEnabled() {
		return fmt.Errorf("%w: JetStream has shut itself down", ErrStorage)
	}
	for _, e := range s.nats.Healthz(&server.HealthzOptions{Details: true}).Errors {
		if strings.Contains(e.Error, "write error") || strings.Contains(e.Error, "apply error") {
			return fmt.Errorf("%w: %s%s: %s", ErrStorage, e.Stream, e.Consumer, e.Error)
		}
	}
	return nil
}
