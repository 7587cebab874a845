package email_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// The whole way: over STARTTLS to a real Postfix, which relays to the sink.
func TestThroughPostfix(t *testing.T) {
	certificate := emailtest.NewCertificate(t, "relay.test")
	sink := emailtest.StartSink(t, emailtest.SinkOptions{NoDSN: true})
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address(), Certificate: &certificate})
	o := options(postfix.Host, postfix.Port)
	o.TLS, o.CAFile, o.ServerName, o.MaxConnections = email.TLSRequired, certificate.File, "relay.test", 1
	p := provider(t, o)

	d := delivery(t, 7, "citizen@people.test")
	ids := []string{mustSend(t, p, d).ProviderID, mustSend(t, p, d).ProviderID}
	mustSend(t, p, delivery(t, 8, "айзада@people.test"))

	messages := wantMessages(t, sink, postfix, 3)
	// In which order Postfix relays is its own affair.
	slices.SortFunc(messages, func(a, b emailtest.Message) int { return strings.Compare(a.To, b.To) })
	checkRelayed(t, d, messages[:2])
	if m := messages[2]; m.To != "айзада@people.test" || !m.UTF8 {
		t.Errorf("to %q with SMTPUTF8 %t, want айзада@people.test with it:\n%s", m.To, m.UTF8, postfix.Log())
	}
	log := postfix.Log()
	for _, id := range ids {
		if id == "" || !strings.Contains(log, id+": from=<office@gov.test>") {
			t.Errorf("Postfix does not know the provider id %q:\n%s", id, log)
		}
	}
	// One more was made to wait for Postfix to start.
	if n := strings.Count(log, ": connect from"); n != 2 {
		t.Errorf("%d connections, want all messages over one:\n%s", n-1, log)
	}
}

// checkRelayed looks at two attempts of a delivery behind Postfix: one Message-ID, one body.
func checkRelayed(t *testing.T, d rooms.Delivery, attempts []emailtest.Message) {
	t.Helper()
	var bodies [][]byte
	for _, m := range attempts {
		header, parts := parse(t, m.Body)
		id, err := header.MessageID()
		if want := fmt.Sprintf("%s.%d@gov.test", d.ID.UMID, d.ID.N); err != nil || id != want {
			t.Errorf("Message-ID %q (%v), want %q", id, err, want)
		}
		if received := header.Get("Received"); !strings.Contains(received, " with ESMTPS ") {
			t.Errorf("Received: %s: want ESMTPS, that is TLS (RFC 3848)", received)
		}
		wantParts(t, parts, part{"text/plain", crlf(d.Content.Text.Reveal())}, part{"text/html", d.Content.HTML.Reveal()})
		bodies = append(bodies, m.Body[bytes.Index(m.Body, []byte("\r\nAuto-Submitted:")):])
	}
	if !bytes.Equal(bodies[0], bodies[1]) {
		t.Errorf("the attempts differ in what is not Postfix's own:\n%s\nand\n%s", bodies[0], bodies[1])
	}
}

// A burst over several connections arrives whole, each message once.
func TestBurstThroughPostfix(t *testing.T) {
	const burst = 200
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	p := provider(t, options(postfix.Host, postfix.Port))
	var crowd sync.WaitGroup
	for n := range burst {
		crowd.Go(func() {
			if o := send(t, p, delivery(t, n, fmt.Sprintf("citizen%d@people.test", n))); o.Result != channels.Sent {
				t.Errorf("outcome %+v, want it sent", o)
			}
		})
	}
	crowd.Wait()
	seen := map[string]int{}
	for _, m := range wantMessages(t, sink, postfix, burst) {
		seen[m.To]++
	}
	if len(seen) != burst {
		t.Errorf("%d recipients have got a message, want %d", len(seen), burst)
	}
}

func wantMessages(t *testing.T, sink *emailtest.Sink, postfix *emailtest.Postfix, n int) (got []emailtest.Message) {
	t.Helper()
	eventually(t, func() string {
		if got = sink.Messages(); len(got) != n {
			return fmt.Sprintf("%d messages behind Postfix, want %d:\n%s", len(got), n, postfix.Log())
		}
		return ""
	})
	return got
}
