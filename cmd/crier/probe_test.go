package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestProbeWritesOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writes, broken := 0, error(nil)
		p := &probe{write: func(context.Context) error { writes++; return broken }}
		ask := func(wantWrites int, want error) {
			t.Helper()
			if err := p.ready(t.Context()); !errors.Is(err, want) || writes != wantWrites {
				t.Errorf("%v after %d writes, want %v after %d", err, writes, want, wantWrites)
			}
		}
		ask(1, nil)
		broken = errors.New("disk full")
		ask(1, nil)
		time.Sleep(probeEvery)
		ask(2, broken)
		ask(2, broken)
		broken = nil
		time.Sleep(probeEvery)
		ask(3, nil)
	})
}
