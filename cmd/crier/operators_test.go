package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/watch"
)

// deadOrAlive takes text messages by HTTP, or breaks every connection.
type deadOrAlive struct{ alive atomic.Bool }

func (d *deadOrAlive) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if d.alive.Load() {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	panic(http.ErrAbortHandler)
}

// TestOperatorsAreTold is an alert's way through the whole gateway: a provider dies, which its operator reads in an e-mail; it
// comes back, and he reads that. The room was made for it.
func TestOperatorsAreTold(t *testing.T) {
	provider := &deadOrAlive{}
	at := httptest.NewServer(provider)
	t.Cleanup(at.Close)
	const texts = "providers.sms."
	s := newStand(t, []string{
		"operators.room=operators", "operators.every=1s", "operators.after=1s", "bridge.health.failures=2", "bridge.health.probe=1s",
		texts + "kind=http", texts + "name=national", texts + "http.request.url=" + at.URL, texts + "http.allow=127.0.0.0/8", texts + "http.ports=0",
		texts + `http.request.form={to: "{{.to}}", text: "{{.text}}"}`,
	}, func(c *config.Config) { c.Policy.Retry = []time.Duration{time.Second} })
	await(t, busyFor, func() string {
		if _, err := s.know.rooms.Get(t.Context(), "operators"); err != nil {
			return err.Error()
		}
		return ""
	})
	if _, err := s.as(s.token(demoAdmin)).AddSubscriber(t.Context(), "operators", v1.Person{Email: "operator@gov.test"}); err != nil {
		t.Fatal(err)
	}
	s.room("ward", demoPublisher)
	to := []v1.Contact{{Phone: "+996555000111"}, {Phone: "+996555000112"}, {Phone: "+996555000113"}}
	s.publish("ward", v1.Publish{TransactionID: "told-1", Content: v1.Text{Text: "Qzcanary."}, Recipients: to})
	const dead = "gets no answer from the provider national of sms."
	s.operatorReads("Since ", dead, "crier provider show sms/national")
	provider.alive.Store(true)
	s.operatorReads("It is over: ", dead)
	if log := s.log.String(); !strings.Contains(log, "the operators were told that it is over") || strings.Contains(log, "operator@gov.test") {
		t.Error("the log does not say it, or says too much")
	}
	if n := len(s.alerts(dead)); n != 2 {
		t.Errorf("%d alerts", n)
	}
}

// TestOperatorsAreToldWhereNothingIsSent has an SMS centre that cannot be reached become known although no SMS is sent.
func TestOperatorsAreToldWhereNothingIsSent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(closed.Addr().String())
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	const texts = "providers.sms."
	s := newStand(t, []string{
		"operators.room=operators", "operators.every=1s", "operators.after=1s", "bridge.health.probe=200ms",
		texts + "kind=smpp", texts + "name=national", texts + "host=127.0.0.1", texts + "port=" + port, texts + "tls=none", texts + "systemId=crier", texts + "from=GOV",
	}, nil)
	await(t, 20*time.Second, func() string {
		_, err := s.as(s.token(demoAdmin)).AddSubscriber(t.Context(), "operators", v1.Person{Email: "operator@gov.test"})
		return text(err)
	})
	s.operatorReads("gets no answer from the provider national of sms.")
}

// TestOperatorsAreToldOfAnIssuerThatIsNotThere has a gateway look for its identity provider before anybody calls.
func TestOperatorsAreToldOfAnIssuerThatIsNotThere(t *testing.T) {
	nobody := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nobody.Close)
	s := newStand(t, nil, func(c *config.Config) { c.OIDC.Issuer = nobody.URL })
	if log := s.log.String(); !strings.Contains(log, "the identity provider cannot be read") || !strings.Contains(log, "answered 404") {
		t.Error("the log does not say why")
	}
	seen, err := sight{app: s.app, store: s.store, know: s.know}.issuer(t.Context())
	if err != nil || len(seen) != 1 || !strings.Contains(seen[0].Advice, nobody.URL) || !strings.Contains(seen[0].Advice, "answered 404") {
		t.Errorf("seen is %v, %v", seen, err)
	}
}

// TestOperatorsAreToldInQuietHours has an alert reach an operator when nobody else is written to.
func TestOperatorsAreToldInQuietHours(t *testing.T) {
	const clock = "15:04"
	now := time.Now().UTC()
	quiet := now.Add(-2*time.Hour).Format(clock) + "-" + now.Add(8*time.Hour).Format(clock)
	full := "operators.diskFree=" + strconv.FormatInt(1<<60, 10)
	s := newStand(t, []string{"operators.room=operators", "operators.every=1s", "operators.after=1s", full}, func(c *config.Config) { c.Policy.QuietHours = []string{quiet} })
	await(t, 20*time.Second, func() string { // nobody is told while nobody hears it
		if log := s.log.String(); !strings.Contains(log, "the operators cannot be told") || !strings.Contains(log, "nobody has subscribed to the room of the operators") {
			return "the log does not say so"
		}
		return ""
	})
	if _, err := s.as(s.token(demoAdmin)).AddSubscriber(t.Context(), "operators", v1.Person{Email: "operator@gov.test"}); err != nil {
		t.Fatal(err)
	}
	s.room("ward", demoPublisher)
	r := s.publish("ward", v1.Publish{TransactionID: "quiet-1", Content: v1.Text{Text: "Qzcanary."}, Recipients: []v1.Contact{{Phone: "+996555000111"}}})
	if r.SendAt.IsZero() {
		t.Fatal("the hours are not quiet")
	}
	s.operatorReads("The disk of node", "is nearly full")
}

// text is what an error says; "" if there is none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (s *stand) alerts(words string) (all []string) {
	for _, l := range s.outbox() {
		if l.To == "operator@gov.test" && strings.Contains(l.Text, words) {
			all = append(all, l.Text)
		}
	}
	return all
}

// operatorReads waits for an alert that says all this.
func (s *stand) operatorReads(words ...string) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		all := s.alerts("")
		for _, text := range all {
			missing := false
			for _, w := range words {
				missing = missing || !strings.Contains(text, w)
			}
			if !missing {
				return ""
			}
		}
		return fmt.Sprintf("%q is not in %q", words, all)
	})
}

// TestWhatOperatorsSee has each look see what it is for, and nothing while all is well.
func TestWhatOperatorsSee(t *testing.T) {
	s := newStand(t, nil, nil)
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{"4404"}})
	look := func(change func(o *config.Operators)) sight {
		o := config.Operators{}.WithDefaults()
		change(&o)
		return sight{app: s.app, store: s.store, know: s.know, options: o}
	}
	expect := func(name string, see func(context.Context) ([]watch.Condition, error), want ...string) {
		t.Helper()
		all, err := see(t.Context())
		var keys []string
		for _, c := range all {
			keys = append(keys, c.Key)
		}
		if err != nil || strings.Join(keys, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %q, want %q (%v)", name, keys, want, err)
		}
	}
	calm := look(func(*config.Operators) {})
	for _, l := range append(calm.ofNode(), calm.ofAll()...) {
		expect("all is well: "+l.Kind, l.See)
	}
	node := s.app.config.Broker.Node
	expect("disk", look(func(o *config.Operators) { o.DiskFree = 1 << 60 }).disk, "disk."+node)
	expect("queues", look(func(o *config.Operators) { o.Filled = 0 }).queues, "queue.emergency", "queue.normal", "queue.bulk")
	expect("parked", look(func(o *config.Operators) { o.Filled = 0 }).parked, "parked")

	if err := s.app.replyDesk(s.crew, s.store, s.know).Take(t.Context(), heard(t, "1", "4999", "Hello?")); err != nil {
		t.Fatal(err)
	}
	expect("unmatched", calm.unmatched, "unmatched")
	expect("fewer than matter", look(func(o *config.Operators) { o.Unmatched = 2 }).unmatched)

	if _, err := s.know.uses.Change(t.Context(), rooms.SMS, "sandbox", rooms.ProviderChange{State: rooms.ProviderDrained, Factor: 100, By: demoAdmin}, nil); err != nil {
		t.Fatal(err)
	}
	expect("drained", calm.drainedProviders, "drained.sms.sandbox")

	if _, err := s.know.controls.Put(t.Context(), rooms.Control{UMID: "01JDB6T0G00000000000000001", Room: "clinic", State: rooms.ControlHeld}); err != nil {
		t.Fatal(err)
	}
	expect("held", calm.held, "held")

	s.app.config.API.TLS.CertFile = "../../deploy/none.pem"
	if _, err := calm.certificate(t.Context()); err == nil {
		t.Error("a certificate that is not there is good")
	}
	tls := httptest.NewTLSServer(nil)
	defer tls.Close()
	s.app.config.API.TLS.CertFile = filepath.Join(t.TempDir(), "cert.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})
	if err := os.WriteFile(s.app.config.API.TLS.CertFile, text, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a certificate that is good for long", calm.certificate)
	expect("certificate", look(func(o *config.Operators) { o.Certificate = 200 * 365 * 24 * time.Hour }).certificate, "certificate."+node)

	st := broker.Status{Survives: true, Nodes: []broker.NodeStatus{{Name: "n1", Member: true, Present: true}, {Name: "n2", Member: true}, {Name: "n3"}}}
	if all := missingNodes(st); len(all) != 1 || all[0].Key != "node.n2" || !strings.Contains(all[0].Advice, "would be survived") {
		t.Errorf("missing are %v", all)
	}
	if failed, calls := failures(map[channels.Result]int{channels.Sent: 5, channels.Deferred: 3, channels.Rejected: 2, channels.Throttled: 9}); failed != 5 || calls != 10 {
		t.Errorf("%d of %d", failed, calls)
	}
}
