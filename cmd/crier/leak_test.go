package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// What must never be seen. Each stands at its own place in what the test sends.
const (
	leakBounced, leakParked, leakRetried = "qzbounced@canary.example", "qzparked@canary.example", "qzretried@canary.example"
	leakNamed, leakMember, leakGone      = "qznamed@canary.example", "qzmember@canary.example", "qzgone@canary.example"
	leakPhone, leakMemberPhone           = "+999487120593", "+999487120617"
	leakErased                           = "qzerased@canary.example"
)

func leakContacts() canaries {
	return canaries{
		"rejected address": "qzbounced", "parked address": "qzparked", "retried address": "qzretried",
		"named address": "qznamed", "member's address": "qzmember", "removed address": "qzgone", "erased address": "qzerased",
		"phone": leakPhone[1:], "member's phone": leakMemberPhone[1:],
		"name": "Qzosuke Namecanary", "transaction id": "qztx-transaction", "reference": "qzref/reference case",
		"wrong field": "qzwrongfield", "wrong value": "qzwrongvalue", "path": "qzpathcanary", "bad token": "qzbadtoken",
		"SMTP password": "qzsmtp+password", "value": "Qzchild valuecanary", "second address": "qzsecond",
		"webhook's URL": "qzwebhook", "callback's URL": "qzcallback", "message's callback": "qzownback",
	}
}

func leakContent() canaries {
	return canaries{
		"subject": "Qzsubject canary", "text": "qztext: a canary", "html": "qzhtml canary", "sms": "qzsms canary",
	}
}

// TestNothingPersonalIsToBeSeen sends by a real SMTP session and by the sandbox, has deliveries fail in every way, calls
// wrongly, deletes, and stops; then it searches every file of the store, the whole log at its lowest level and the
// metrics, for everything personal and secret in every form.
func TestNothingPersonalIsToBeSeen(t *testing.T) {
	l := newLeak(t)
	l.deliver()
	l.misuse()
	l.forget()
	metrics := ask(t, http.MethodGet, l.s.app.URL()+"/metrics", "", "").body
	entries := l.entries()
	l.searchStore("running")
	l.s.stop()
	l.searchStore("stopped")

	log := l.s.log.String()
	l.search("log", []byte(log), l.all)
	l.search("metrics", []byte(metrics), l.all)
	for name, entry := range entries { // as they are, without the encryption at rest
		forms := l.all
		if strings.HasPrefix(name, "room.") { // subscribers read the content there, so it is found
			forms = l.contacts
			if len(find(l.all, entry)) == 0 {
				t.Errorf("%s shows no content: the test has proved nothing", name)
			}
		}
		l.search(name, entry, forms)
	}
	for what, text := range map[string]string{"log": log, "metrics": metrics} {
		if !strings.Contains(text, "crier_") && !strings.Contains(text, l.umid) {
			t.Errorf("the %s says nothing: the test has proved nothing", what)
		}
	}
}

// leak is the run that is searched afterwards.
type leak struct {
	t             *testing.T
	s             *stand
	relay         *emailtest.Sink
	app           *application
	all, contacts []form
	umid          string // of a message that is known to be in the log
}

func newLeak(t *testing.T) *leak {
	t.Helper()
	certificate := emailtest.NewCertificate(t, "127.0.0.1")
	known := leakContacts()
	relay := emailtest.StartSink(t, emailtest.SinkOptions{
		TLS: certificate.Server(t), Users: map[string]string{"gateway": known["SMTP password"]},
	})
	passwordFile := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(passwordFile, []byte(known["SMTP password"]), 0o600); err != nil {
		t.Fatal(err)
	}
	relay.On(leakBounced, emailtest.Rcpt, emailtest.Reply("550 5.1.1 <"+leakBounced+"> is not known here"))
	relay.On(leakParked, emailtest.Rcpt, emailtest.Reply("451 4.7.1 <"+leakParked+"> come again"))
	relay.Once(leakRetried, emailtest.End, emailtest.Reply("452 4.3.1 no room for <"+leakRetried+">"))
	l := &leak{t: t, relay: relay}
	l.s = newStand(t, []string{
		"policy.retry=1s,1h", "policy.jitter=0", "providers.email.kind=smtp", "providers.email.host=" + relay.Host,
		fmt.Sprintf("providers.email.port=%d", relay.Port), "providers.email.from=office@gov.example",
		"providers.email.tls=required", "providers.email.caFile=" + certificate.File,
		"providers.email.username=gateway", "providers.email.passwordFile=" + passwordFile,
	}, nil)
	known["bearer token"] = l.s.token(demoPublisher)
	known["client secret"] = l.s.home.secrets[demoPublisher]
	l.contacts = known.forms()
	l.all = append(leakContent().forms(), l.contacts...)
	return l
}

// deliver publishes to a room and to named people, and waits until each delivery has met its end.
func (l *leak) deliver() {
	l.t.Helper()
	l.s.room("clinic", demoPublisher)
	admin := l.s.as(l.s.token(demoAdmin))
	for _, c := range []v1.Person{{Email: leakMember}, {Phone: leakMemberPhone}, {Email: leakGone}} {
		c.Name, c.Attributes = "Qzosuke Namecanary", map[string]string{"child": leakContacts()["value"]}
		sub, err := admin.AddSubscriber(l.t.Context(), "clinic", c)
		if err == nil && c.Email == leakGone {
			err = admin.RemoveSubscriber(l.t.Context(), "clinic", sub.ID)
		}
		if err != nil {
			l.t.Fatal(err)
		}
	}
	l.hooks()
	l.settled(l.publish("clinic", "-1"), v1.Counts{Sent: 2, Delivered: 1})
	l.umid = l.publish("clinic", "-2", leakNamed, leakBounced, leakParked, leakRetried, leakPhone)
	l.settled(l.umid, v1.Counts{Sent: 2, Delivered: 1, Failed: 1, Errored: 1})
	await(l.t, busyFor, func() string {
		if n, err := l.s.store.log.Parked(l.t.Context()); n == 0 || err != nil {
			return fmt.Sprintf("nothing is parked: %v", err)
		}
		return ""
	})
	if n := len(l.relay.Messages()); n != 3 || !l.relay.Messages()[0].TLS || l.relay.Messages()[0].User != "gateway" {
		l.t.Errorf("the relay has taken %d messages: %+v", n, l.relay.Messages())
	}
}

// hooks has an application called, for messages and for their state.
func (l *leak) hooks() {
	l.t.Helper()
	known := leakContacts()
	l.app = startApplication(l.t)
	l.s.readers("clinic", demoPublisher)
	c := l.s.as(l.s.token(demoPublisher))
	hook, err := c.AddWebhook(l.t.Context(), "clinic", l.app.URL+"/"+known["webhook's URL"])
	if err != nil {
		l.t.Fatal(err)
	}
	cb, err := c.SetCallback(l.t.Context(), l.app.URL+"/"+known["callback's URL"])
	if err != nil {
		l.t.Fatal(err)
	}
	secrets := canaries{"webhook's secret": hook.Secret[len("whsec_"):], "callback's secret": cb.Secret[len("whsec_"):]}.forms()
	l.all, l.contacts = append(l.all, secrets...), append(l.contacts, secrets...)
}

// publish sends content and everything else that is to stay unseen.
func (l *leak) publish(room, suffix string, to ...string) string {
	l.t.Helper()
	known, content := leakContacts(), leakContent()
	p := v1.Publish{
		TransactionID: known["transaction id"] + suffix, Reference: known["reference"], Callback: l.app.URL + "/" + known["message's callback"],
		Content: v1.Text{
			Subject: content["subject"], Text: content["text"] + "{{#child}} {{child}}{{/child}}", HTML: "<p>" + content["html"] + "</p>", SMS: content["sms"],
			Mustache: true,
		},
	}
	for _, address := range to {
		c := v1.Contact{Email: address, Name: known["name"]}
		if strings.HasPrefix(address, "+") {
			c = v1.Contact{Phone: address, Email: known["second address"] + "@canary.example", Channels: []v1.Channel{"sms", "email"}}
		}
		c.Values, c.Language = map[string]string{"child": known["value"]}, "ky"
		p.Recipients = append(p.Recipients, c)
	}
	return l.s.publish(room, p).UMID
}

// settled waits until nothing more happens for now.
func (l *leak) settled(umid string, want v1.Counts) {
	l.t.Helper()
	await(l.t, busyFor, func() string {
		m, all := l.s.message(umid)
		retried := slices.ContainsFunc(all, func(d v1.Delivery) bool { return d.Status == v1.Errored && d.Attempt < 2 })
		if m.Status != want || retried {
			return fmt.Sprintf("%+v", m.Status)
		}
		return ""
	})
}

// misuse puts canaries where they do not belong. Each call has to be refused.
func (l *leak) misuse() {
	l.t.Helper()
	known, at, token := leakContacts(), l.s.app.URL()+"/v1/rooms/", l.s.token(demoPublisher)
	for _, c := range []struct{ path, token, body string }{
		{"clinic/messages", token, `{"` + known["wrong field"] + `":"` + known["wrong value"] + `"}`},
		{"clinic/messages", token, `{"transactionId":"t","type":"` + known["wrong value"] + ` no","content":{"text":"` + known["wrong value"] + `"}}`},
		{"clinic/messages", token, `{"transactionId":"t","type":"a","content":{"text":"x"},"recipients":[{"email":"` + known["wrong value"] + `"}]}`},
		{"clinic/messages", token, `{"transactionId":"` + known["transaction id"] + `-1","type":"a","content":{"text":"other"}}`},
		{"clinic/messages", token, known["wrong value"]},
		{"clinic/messages", known["bad token"], `{"transactionId":"` + known["wrong value"] + `"}`},
		{known["path"] + "%40canary.example/messages", token, `{}`},
		{known["path"] + "/messages?" + known["path"] + "=" + known["path"], token, `{}`},
		{"clinic/messages/preview", token, `{"transactionId":"t","type":"a","content":{"text":"{{` + known["wrong value"] + `","mustache":true}}`},
		{"clinic/messages", token, `{"transactionId":"t","type":"a","content":{"text":"{{x}}","mustache":true},"recipients":[{"email":"` + known["wrong value"] + `@example.com"}]}`},
		{"clinic/messages?faulty=" + known["wrong value"], token, `{}`},
		{"clinic/subscribers", l.s.token(demoAdmin), `{"phone":"` + known["wrong value"] + `"}`},
	} {
		if a := ask(l.t, http.MethodPost, at+c.path, c.token, c.body, "X-Request-Id", known["wrong value"]+"@x"); a.status < 400 || a.status > 499 {
			l.t.Errorf("%s %s: answered %d %s", c.path, c.body, a.status, a.body)
		}
	}
	credentials := client.Credentials{
		Issuer: l.s.issuer.URL(), ClientID: demoPublisher, ClientSecret: rooms.NewSecret(l.s.home.secrets[demoPublisher]),
	}
	fetched, err := client.FromIssuer(credentials)(l.t.Context())
	if err != nil {
		l.t.Fatal(err)
	}
	if a := ask(l.t, http.MethodGet, at+"clinic", fetched, ""); a.status != http.StatusOK {
		l.t.Errorf("with the client's own token: answered %d", a.status)
	}
}

// forget deletes a room with its subscriber and its message.
func (l *leak) forget() {
	l.t.Helper()
	l.s.room("closed", demoPublisher)
	admin := l.s.as(l.s.token(demoAdmin))
	if _, err := admin.AddSubscriber(l.t.Context(), "closed", v1.Person{Email: leakErased}); err != nil {
		l.t.Fatal(err)
	}
	l.settled(l.publish("closed", "-3"), v1.Counts{Sent: 1})
	if err := admin.DeleteRoom(l.t.Context(), "closed"); err != nil {
		l.t.Fatal(err)
	}
}
