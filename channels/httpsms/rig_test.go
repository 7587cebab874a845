package httpsms_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/channels/httpsms/httpsmstest"
	"github.com/govcrier/crier/rooms"
)

const testUMID = rooms.UMID("01KAMVJVG0ZJ2C5YD3GZ7A8Q4M")

// acme is how an operator describes the provider of package httpsmstest.
const acme = `
from: CLINIC
allow: [127.0.0.0/8]
ports: [0]
request:
  auth: bearer
  json:
    to: "{{.to}}"
    from: "{{.from}}"
    text: "{{.text}}"
    ref: "{{.id}}"
    encoding: "{{.encoding}}"
    minutes: {$number: "{{.validity}}"}
    callback: "{{.receiptURL}}"
  idHeader: Idempotency-Key
answer:
  id: /id
  code: /error/code
  rules:
    - {field: /error/code, equals: [stopped], outcome: suppressed}
    - {field: /error/code, matches: ^bad-, outcome: rejected, reason: no-mailbox}
verify:
  kind: hmac
  name: X-Acme-Signature
  prefix: v1=
  stamp: X-Acme-Timestamp
  over: [timestamp, "text:.", body]
receipt:
  each: /events
  id: /id
  status: /state
  code: /error/number
  statuses: {sent: ignored, delivered: delivered, undelivered: failed no-mailbox}
inbound:
  each: /texts
  id: /id
  from: /from
  to: /to
  text: /text
  time: /at
  timeFormat: unix
  reply: {status: 200, contentType: text/plain, body: thanks}
`

// options reads what an operator has written.
func options(t testing.TB, text string) httpsms.Options {
	t.Helper()
	var o httpsms.Options
	d := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	d.KnownFields(true)
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

// file keeps a credential.
func file(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// acmeOptions are those for a server.
func acmeOptions(t testing.TB, s *httpsmstest.Server) httpsms.Options {
	o := options(t, acme)
	o.Request.URL = s.URL + "/v1/messages"
	o.SecretFile, o.SigningFile = file(t, httpsmstest.Key), file(t, httpsmstest.Signing)
	return o
}

// tokens are good if they are "t" and the recipient's number.
type tokens struct {
	mu    sync.Mutex
	known map[string]rooms.AttemptID
}

func (k *tokens) open(token string) (rooms.AttemptID, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.known[token]
	if !ok {
		return a, errors.New("not good")
	}
	return a, nil
}

func (k *tokens) sign(d rooms.Delivery) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := rooms.AttemptID{DeliveryID: d.ID, Round: d.Round, Attempt: d.Attempt}
	token := "t" + string(rune('a'+len(k.known)))
	k.known[token] = a
	return token
}

func newTokens() *tokens { return &tokens{known: map[string]rooms.AttemptID{}} }

// deps are enough for a provider, whose messages are all in one room.
func deps(k *tokens) httpsms.Deps {
	return httpsms.Deps{
		Name: "acme", Open: k.open, Log: slog.New(slog.DiscardHandler),
		Room: func(context.Context, rooms.UMID) (rooms.Room, error) { return "newborn", nil },
	}
}

// provider makes one, reachable from outside.
func provider(t testing.TB, o httpsms.Options, d httpsms.Deps) (*httpsms.Provider, string) {
	t.Helper()
	p, err := httpsms.New(o, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	front := httptest.NewServer(p.Inlet())
	t.Cleanup(front.Close)
	p.Serve(front.URL)
	return p, front.URL + "/v1/inlets/" + d.Name
}

func phone(t testing.TB, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParsePhone(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func delivery(t testing.TB, to string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: testUMID, N: 3}, Attempt: 1, Room: "newborn", To: rooms.Contact{Channel: rooms.SMS, Address: phone(t, to)},
		Content: rooms.Content{Text: rooms.NewBody("Please come on Tuesday.")}, Deadline: time.Now().Add(time.Hour),
	}
}

// front calls an inlet without a network.
func front(p *httpsms.Provider, method, at, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, at, bytes.NewReader([]byte(body)))
	r.Header = header
	w := httptest.NewRecorder()
	p.Inlet().ServeHTTP(w, r)
	return w
}
