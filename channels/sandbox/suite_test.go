package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/rooms"
)

func open(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func address(t *testing.T, c rooms.Channel, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseAddress(c, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func features(t *testing.T, c rooms.Channel, contacts map[string]string) channelstest.Features {
	of := func(what string) rooms.Address { return address(t, c, contacts[what]) }
	return channelstest.Features{
		Channel:  c,
		Accepted: of("accepted"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: of("temporary"), channels.Rejected: of("permanent"),
			channels.Throttled: of("throttled"), channels.Suppressed: of("suppressed"),
		},
		Silent:          of("timeout"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Receipts:        map[rooms.Status]rooms.Address{rooms.Delivered: of("late"), rooms.Failed: of("bounced")},
	}
}

func emails() map[string]string {
	return map[string]string{
		"accepted": "ann@example.com", "temporary": "temporary@example.com", "permanent": "ann+permanent@example.com",
		"throttled": "throttled@example.com", "suppressed": "suppressed@example.com", "timeout": "Timeout@example.com",
		"late": "late@example.com", "bounced": "bounced@example.com",
	}
}

func numbers() map[string]string {
	return map[string]string{
		"accepted": "+996555000111", "temporary": "+9990000100", "permanent": "+9990000200", "timeout": "+9990000312",
		"late": "+9990000400", "bounced": "+9990000500", "throttled": "+9990000600", "suppressed": "+9990000799",
	}
}

func TestContractInMemory(t *testing.T) {
	for c, contacts := range map[rooms.Channel]map[string]string{rooms.Email: emails(), rooms.SMS: numbers()} {
		t.Run(string(c), func(t *testing.T) {
			channelstest.Run(t, features(t, c, contacts), func(t *testing.T) channels.Provider {
				return open(t, sandbox.Options{Late: time.Millisecond})
			})
		})
	}
}

// wire keeps what a sink was sent.
type wire struct {
	mu   sync.Mutex
	seen bytes.Buffer
}

func (w *wire) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = io.Copy(&w.seen, r.Body)
}

func (w *wire) bytes(*testing.T) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Clone(w.seen.Bytes())
}

func TestContractOverHTTP(t *testing.T) {
	w := &wire{}
	server := httptest.NewServer(w)
	defer server.Close()
	f := features(t, rooms.Email, emails())
	f.Wire = w.bytes
	channelstest.Run(t, f, func(t *testing.T) channels.Provider {
		return open(t, sandbox.Options{URL: server.URL, Late: time.Millisecond})
	})
	if len(w.bytes(t)) == 0 {
		t.Error("the sink got nothing")
	}
}
