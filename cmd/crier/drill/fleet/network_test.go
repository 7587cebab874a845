package fleet

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a network between two nodes, of which b echoes what it gets.
type rig struct {
	t *testing.T
	*Network
}

func newRig(t *testing.T) *rig {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go echo(l)
	n, err := newNetwork(map[string]string{"a": "127.0.0.1:1", "b": l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(n.Close(), n.Close()); err != nil {
			t.Error(err)
		}
	})
	return &rig{t, n}
}

func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	}
}

func (r *rig) dial() net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.address("a", "b"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// echoes sends a word and says how long the echo took, which is awaited for as long as given.
func (r *rig) echoes(c net.Conn, word string, within time.Duration) (time.Duration, error) {
	r.t.Helper()
	began := time.Now()
	if _, err := c.Write([]byte(word)); err != nil {
		return 0, err
	}
	return r.hears(c, word, began, within)
}

func (r *rig) hears(c net.Conn, word string, began time.Time, within time.Duration) (time.Duration, error) {
	r.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	got := make([]byte, len(word))
	_, err := io.ReadFull(c, got)
	if err == nil && string(got) != word {
		r.t.Fatalf("%q came back as %q", word, got)
	}
	return time.Since(began), err
}

const (
	patience = 10 * time.Second
	moment   = 100 * time.Millisecond // for which nothing may come
)

func TestNetworkPasses(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	for _, word := range []string{"one", "two", "three"} {
		if _, err := r.echoes(c, word, patience); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNetworkPassesTheEnd(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	if _, err := c.Write([]byte("last")); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadAll(c); err != nil {
		t.Errorf("the end of the connection did not come: %v", err)
	}
}

func TestCutClosesAndRefuses(t *testing.T) {
	for name, line := range map[string]direction{"there": {"a", "b"}, "back": {"b", "a"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c := r.dial()
			if _, err := r.echoes(c, "before", patience); err != nil {
				t.Fatal(err)
			}
			r.Set(line.from, line.to, Line{Mode: Cut})
			if _, err := r.hears(c, "x", time.Now(), patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("an open connection lives: %v", err)
			}
			if _, err := r.echoes(r.dial(), "x", patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a new connection lives: %v", err)
			}
			r.SetAll(Line{})
			if _, err := r.echoes(r.dial(), "after", patience); err != nil {
				t.Errorf("after the cut: %v", err)
			}
		})
	}
}

func TestBlackholeHoldsEverythingBack(t *testing.T) {
	for name, line := range map[string]direction{"there": {"a", "b"}, "back": {"b", "a"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c := r.dial()
			if _, err := r.echoes(c, "before", patience); err != nil {
				t.Fatal(err)
			}
			r.Set(line.from, line.to, Line{Mode: Blackhole})
			if _, err := r.echoes(c, "held", moment); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("something came: %v", err)
			}
			if _, err := r.echoes(r.dial(), "new", moment); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("over a new connection something came: %v", err)
			}
			r.SetAround("a", Line{})
			if _, err := r.hears(c, "held", time.Now(), patience); err != nil {
				t.Errorf("what was held back did not come: %v", err)
			}
		})
	}
}

func TestDelayIsAddedEachWay(t *testing.T) {
	r := newRig(t)
	r.SetAll(Line{Delay: 50 * time.Millisecond})
	took, err := r.echoes(r.dial(), "slow", patience)
	if err != nil || took < 100*time.Millisecond {
		t.Errorf("there and back in %v, want 100ms at least; %v", took, err)
	}
}

func TestDropClosesAtRandom(t *testing.T) {
	r := newRig(t)
	c := r.dial()
	if _, err := r.echoes(c, "before", patience); err != nil {
		t.Fatal(err)
	}
	r.Set("a", "b", Line{DropEvery: time.Millisecond})
	if _, err := r.hears(c, "x", time.Now(), patience); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection lives: %v", err)
	}
}

func TestSetAroundLeavesOthersAlone(t *testing.T) {
	n, err := newNetwork(map[string]string{"a": "127.0.0.1:1", "b": "127.0.0.1:1", "c": "127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	n.SetAround("a", Line{Mode: Cut})
	for way := range n.proxies {
		l, _ := n.line(way)
		if around := way.from == "a" || way.to == "a"; around != (l.Mode == Cut) {
			t.Errorf("%v is %v", way, l.Mode)
		}
	}
}
