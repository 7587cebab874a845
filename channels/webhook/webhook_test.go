package webhook_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/channels/webhook"
	"github.com/govcrier/crier/rooms"
)

// application receives by HTTPS; the path says how it answers.
type application struct {
	*httptest.Server
	release chan struct{}

	mu   sync.Mutex
	wire bytes.Buffer
	last http.Header
	body []byte
}

func startApplication(t *testing.T) *application {
	t.Helper()
	a := &application{release: make(chan struct{})}
	a.Server = httptest.NewTLSServer(a)
	t.Cleanup(func() { close(a.release); a.Close() })
	return a
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	_ = r.Header.Write(&a.wire)
	a.wire.Write(body)
	a.last, a.body = r.Header, body
	a.mu.Unlock()
	if r.URL.Path == "/silent" {
		<-a.release
		return
	}
	status := http.StatusOK
	_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
	w.Header().Set("Retry-After", "120")
	w.WriteHeader(status)
	_, _ = w.Write(body) // applications like to quote
}

func (a *application) sent(*testing.T) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return bytes.Clone(a.wire.Bytes())
}

func (a *application) got() (http.Header, []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last, a.body
}

// authority is the file of the application's certificate.
func (a *application) authority(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func (a *application) at(t *testing.T, path string) rooms.Address {
	t.Helper()
	u, err := rooms.ParseURL(a.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (a *application) provider(t *testing.T) *webhook.Provider {
	t.Helper()
	calls, err := outbound.New(outbound.Options{
		Allow: []string{"127.0.0.0/8"}, Ports: []int{outbound.AnyPort}, CAFile: a.authority(t), Timeout: 10 * time.Second, Concurrency: 64,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(calls.Close)
	return webhook.New(calls, time.Now)
}

func TestProvider(t *testing.T) {
	a := startApplication(t)
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.Webhook,
		Accepted: a.at(t, "/canarypath"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: a.at(t, "/503/canarypath"), channels.Rejected: a.at(t, "/404/canarypath"), channels.Suppressed: a.at(t, "/410/canarypath"),
		},
		Silent:          a.at(t, "/silent"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Wire:            a.sent,
	}, func(t *testing.T) channels.Provider { return a.provider(t) })
}

const published = "{ \"text\" : \"caf\\u00e9 \u2028\",\n\t\"sms\":\"x\",\"text\\u0032\":1e400 }"

func delivery(a *application, t *testing.T, path string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01JDB6T0G00000000000000001", N: 7}, Attempt: 1, Room: "newborn", Type: "reminder", Lane: rooms.Bulk,
		To:         rooms.Contact{Channel: rooms.Webhook, Address: a.at(t, path), Signing: []rooms.Signing{rooms.NewSigning()}},
		Content:    rooms.Content{Text: rooms.NewBody("x")},
		Published:  []byte(published),
		ReceivedAt: time.Date(2026, 11, 22, 8, 0, 0, 123e6, time.UTC),
	}
}

func TestEventIsACloudEvent(t *testing.T) {
	a := startApplication(t)
	d := delivery(a, t, "/")
	o := a.provider(t).Send(t.Context(), d)
	if o.Result != channels.Sent || o.ProviderID != "01JDB6T0G00000000000000001-7" || o.Receipt {
		t.Fatalf("%+v", o)
	}
	header, body := a.got()
	if !bytes.HasSuffix(body, []byte(`,"data":`+published+`}`)) {
		t.Errorf("the content is not what was published: %s", body)
	}
	var event map[string]jsontext.Value
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	delete(event, "data")
	for name, want := range map[string]string{
		"specversion": "1.0", "id": "01JDB6T0G00000000000000001-7", "source": "/rooms/newborn", "type": "org.crier.message", "lane": "bulk",
		"subject": "01JDB6T0G00000000000000001", "time": "2026-11-22T08:00:00.123Z", "datacontenttype": "application/json", "messagetype": "reminder",
	} {
		if string(event[name]) != `"`+want+`"` {
			t.Errorf("%s is %s, want %s", name, event[name], want)
		}
		delete(event, name)
	}
	if len(event) > 0 {
		t.Errorf("also %v", event)
	}
	if header.Get("Content-Type") != "application/cloudevents+json" || header.Get("Webhook-Id") != o.ProviderID {
		t.Errorf("%v", header)
	}
	hook, err := standardwebhooks.NewWebhook(d.To.Signing[0].Secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := hook.Verify(body, header); err != nil {
		t.Error(err)
	}
}

func TestBothSecretsSignUntilTheFormerEnds(t *testing.T) {
	a := startApplication(t)
	p := a.provider(t)
	d := delivery(a, t, "/")
	first := d.To.Signing[0]
	for name, tc := range map[string]struct {
		rotated    time.Time
		signatures int
	}{"an hour ago": {time.Now().Add(-time.Hour), 2}, "two days ago": {time.Now().Add(-48 * time.Hour), 1}} {
		d := d
		d.To = d.To.Rotate(tc.rotated, 24*time.Hour)
		if o := p.Send(t.Context(), d); o.Result != channels.Sent {
			t.Fatalf("%s: %+v", name, o)
		}
		header, body := a.got()
		if n := len(strings.Fields(header.Get("Webhook-Signature"))); n != tc.signatures {
			t.Errorf("%s: %d signatures", name, n)
		}
		for i, s := range []rooms.Signing{d.To.Signing[0], first} {
			hook, err := standardwebhooks.NewWebhook(s.Secret.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			if err := hook.Verify(body, header); (err == nil) != (i < tc.signatures) {
				t.Errorf("rotated %s, secret %d: %v", name, i, err)
			}
		}
	}
}

func TestOutcomes(t *testing.T) {
	a := startApplication(t)
	p := a.provider(t)
	deferred := channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, After: 2 * time.Minute}
	rejected := channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected}
	for status, want := range map[int]channels.Outcome{
		201: {Result: channels.Sent, ProviderID: "01JDB6T0G00000000000000001-7"}, 302: rejected, 400: rejected, 401: rejected, 408: deferred, 425: deferred,
		429: deferred, 410: {Result: channels.Suppressed, Reason: rooms.Suppressed}, 500: deferred, 503: deferred,
	} {
		want.Code = fmt.Sprint("HTTP ", status)
		if got := p.Send(t.Context(), delivery(a, t, fmt.Sprint("/", status))); got != want {
			t.Errorf("%d: %+v, want %+v", status, got, want)
		}
	}
	d := delivery(a, t, "/")
	p = a.provider(t) // which has no connection yet
	a.Server.Close()
	if got := p.Send(t.Context(), d); got.Result != channels.Deferred || got.Reason != rooms.Unreachable {
		t.Errorf("nobody there: %+v", got)
	}
	d.Published = []byte("{}{}")
	if got := p.Send(t.Context(), d); got.Result != channels.Rejected || got.Code != "unencodable" {
		t.Errorf("two values: %+v", got)
	}
}

func TestPrivateAddressIsRejected(t *testing.T) {
	a := startApplication(t)
	calls, err := outbound.New(outbound.Options{Ports: []int{outbound.AnyPort}, CAFile: a.authority(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer calls.Close()
	want := channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "address-not-allowed"}
	if got := webhook.New(calls, time.Now).Send(t.Context(), delivery(a, t, "/")); got != want || len(a.sent(t)) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestFaultsOfOptions(t *testing.T) {
	if faults := (webhook.Options{}).Check(); len(faults) > 0 {
		t.Errorf("the zero value: %v", faults)
	}
	if faults := (webhook.Options{KeepSecret: -1, Options: outbound.Options{Concurrency: -1}}).Check(); len(faults) != 2 {
		t.Errorf("%v", faults)
	}
}
