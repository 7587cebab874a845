package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox"
	"github.com/govcrier/crier/rooms"
)

const (
	token = "aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaib"
	umid  = rooms.UMID("01KAPX5Z0R8Q3V7W2M4N6P8S9T")
)

func attempt() rooms.AttemptID {
	return rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: umid, N: 7}, Round: 1, Attempt: 2}
}

// desk knows one message, and keeps what it is told for as long as nothing is wrong.
type desk struct {
	recipients int
	metrics    *metrics.Set
	logged     syncBuffer

	mu    sync.Mutex
	wrong func(kind string) error
	heard []string
}

func newDesk(t *testing.T) *desk {
	d := &desk{recipients: 9, metrics: metrics.NewSet()}
	t.Cleanup(func() {
		for _, secret := range []string{"@people.test", "citizen", "Your certificate", "Wednesday", token} {
			if strings.Contains(d.logged.String(), secret) {
				t.Errorf("%q in the log:\n%s", secret, d.logged.String())
			}
		}
	})
	return d
}

func (d *desk) deps() mailbox.Deps {
	return mailbox.Deps{
		Open: func(s string) (rooms.AttemptID, error) {
			if !strings.EqualFold(s, token) {
				return rooms.AttemptID{}, errors.New("not ours")
			}
			return attempt(), nil
		},
		Resolve: func(_ context.Context, id rooms.DeliveryID) (mailbox.Standing, error) {
			if id.UMID != umid {
				return mailbox.Standing{}, mailbox.ErrUnknown
			}
			return mailbox.Standing{Room: "newborn", Recipients: d.recipients, Attempt: 3}, nil
		},
		Metrics: d.metrics,
		Logger:  logger(&d.logged),
	}
}

func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// listen has a source heard until the test ends, or stop is called.
func (d *desk) listen(t *testing.T, source any) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() { _ = source.(channels.Receipts).Receipts(ctx, d.receipt) })
	both.Go(func() { _ = source.(channels.Inbox).Inbound(ctx, d.inbound) })
	stop = func() { cancel(); both.Wait() }
	t.Cleanup(stop)
	return stop
}

func (d *desk) receipt(_ context.Context, r channels.Receipt) error {
	return d.keep(fmt.Sprintf("%s %s %d.%d/%d %s %s", r.Status, r.Room, r.ID.N, r.Attempt, r.Round, r.Reason, r.Code))
}

func (d *desk) inbound(_ context.Context, in rooms.Inbound) error {
	return d.keep(fmt.Sprintf("%s from %s to %s: %s|%s|%d.%d", in.Kind, in.From.Reveal(), in.To.Reveal(), in.Subject.Reveal(), in.Text.Reveal(), in.Answers.N, in.Answers.Attempt))
}

func (d *desk) keep(what string) error {
	d.mu.Lock()
	wrong := d.wrong
	d.mu.Unlock()
	if wrong != nil {
		if err := wrong(what); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, what)
	return nil
}

func (d *desk) fail(wrong func(kind string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrong = wrong
}

func (d *desk) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.heard, "; ")
}

// server starts a listener, and says where.
func server(t *testing.T, o mailbox.Options, d *desk) (*mailbox.Listener, string) {
	t.Helper()
	return serverWith(t, o, d.deps())
}

func serverWith(t *testing.T, o mailbox.Options, d mailbox.Deps) (*mailbox.Listener, string) {
	t.Helper()
	if len(o.Domains) == 0 {
		o.Domains = []string{"crier.test"}
	}
	l, err := mailbox.NewListener(o, d)
	if err != nil {
		t.Fatal(err)
	}
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Serve(ctx, on) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the listener has ended: %v", err)
		}
	})
	return l, on.Addr().String()
}

// sample is one of the mails that reports are tested with.
func sample(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("report", "testdata", name+".eml"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}

// eventually waits until check finds nothing wrong any more.
func eventually(t *testing.T, check func() string) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		wrong := check()
		if wrong == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(wrong)
		}
		<-time.After(5 * time.Millisecond)
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
