package email_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

func TestTLS(t *testing.T) {
	certificate := emailtest.NewCertificate(t, "relay.test")
	stranger := emailtest.NewCertificate(t, "relay.test")
	for name, tc := range map[string]struct {
		mode, ca, server string
		offered          bool
		want             channels.Result
		encrypted        bool
	}{
		"required":                         {email.TLSRequired, certificate.File, "relay.test", true, channels.Sent, true},
		"required, not offered":            {email.TLSRequired, certificate.File, "relay.test", false, channels.Deferred, false},
		"required, unknown authority":      {email.TLSRequired, stranger.File, "relay.test", true, channels.Deferred, false},
		"required, system authorities":     {email.TLSRequired, "", "relay.test", true, channels.Deferred, false},
		"required, another name":           {email.TLSRequired, certificate.File, "other.test", true, channels.Deferred, false},
		"opportunistic":                    {email.TLSOpportunistic, "", "", true, channels.Sent, true},
		"opportunistic, not offered":       {email.TLSOpportunistic, "", "", false, channels.Sent, false},
		"none":                             {email.TLSNone, "", "", true, channels.Sent, false},
		"implicit":                         {email.TLSImplicit, certificate.File, "relay.test", true, channels.Sent, true},
		"implicit, unknown authority":      {email.TLSImplicit, stranger.File, "relay.test", true, channels.Deferred, false},
		"default on loopback":              {"", "", "", true, channels.Sent, true},
		"default on loopback, not offered": {"", "", "", false, channels.Sent, false},
	} {
		t.Run(name, func(t *testing.T) {
			offer := emailtest.SinkOptions{Implicit: tc.mode == email.TLSImplicit}
			if tc.offered {
				offer.TLS = certificate.Server(t)
			}
			sink := emailtest.StartSink(t, offer)
			o := to(sink)
			o.TLS, o.CAFile, o.ServerName = tc.mode, tc.ca, tc.server
			got := send(t, provider(t, o), delivery(t, 0, "citizen@people.test"))
			if got.Result != tc.want || got.Result == channels.Deferred && got.Reason != rooms.Unreachable {
				t.Errorf("outcome %+v, want it %s", got, tc.want)
			}
			for _, m := range sink.Messages() {
				if m.TLS != tc.encrypted {
					t.Errorf("encrypted: %t, want %t", m.TLS, tc.encrypted)
				}
			}
		})
	}
}

// The name is told before TLS begins too, and localhost is never said.
func TestHelloName(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{TLS: emailtest.NewCertificate(t, "relay.test").Server(t)})
	o := to(sink)
	o.TLS, o.HelloName = email.TLSOpportunistic, "crier.gov.test"
	mustSend(t, provider(t, o), delivery(t, 0, "citizen@people.test"))
	if wire := string(sink.Wire()); strings.Count(wire, "EHLO crier.gov.test\r\n") != 2 || strings.Contains(wire, "localhost") {
		t.Errorf("want EHLO crier.gov.test before TLS and after, and no other name, in\n%s", wire)
	}
}

func TestAuthentication(t *testing.T) {
	certificate := emailtest.NewCertificate(t, "relay.test")
	for name, tc := range map[string]struct {
		auth     string
		offered  []string
		password string
		want     channels.Outcome
	}{
		"auto":               {"", nil, "correct horse", channels.Outcome{Result: channels.Sent}},
		"auto, login only":   {"", []string{"LOGIN"}, "correct horse", channels.Outcome{Result: channels.Sent}},
		"plain":              {email.AuthPlain, nil, "correct horse", channels.Outcome{Result: channels.Sent}},
		"login":              {email.AuthLogin, nil, "correct horse", channels.Outcome{Result: channels.Sent}},
		"wrong password":     {"", nil, "battery staple", deferred(rooms.Unreachable, "535 5.7.8", 0)},
		"method not offered": {email.AuthPlain, []string{"LOGIN"}, "correct horse", deferred(rooms.Unreachable, "504 5.7.4", 0)},
		"none in common":     {"", []string{"SCRAM-SHA-256"}, "correct horse", deferred(rooms.Unreachable, "", 0)},
	} {
		t.Run(name, func(t *testing.T) {
			sink := emailtest.StartSink(t, emailtest.SinkOptions{
				TLS: certificate.Server(t), Users: map[string]string{"crier": "correct horse"}, Methods: tc.offered,
			})
			o := to(sink)
			o.TLS, o.CAFile, o.ServerName = email.TLSRequired, certificate.File, "relay.test"
			o.Auth, o.Username, o.Password = tc.auth, "crier", rooms.NewSecret(tc.password)
			p, log := logged(t, o)
			if got := send(t, p, delivery(t, 0, "citizen@people.test")); got != tc.want {
				t.Errorf("outcome %+v, want %+v", got, tc.want)
			}
			for _, m := range sink.Messages() {
				if m.User != "crier" || !m.TLS {
					t.Errorf("sent by %q, encrypted: %t; want crier over TLS", m.User, m.TLS)
				}
			}
			if tc.want.Code != "" && !strings.Contains(log.String(), tc.want.Code) {
				t.Errorf("the log does not say %q: %s", tc.want.Code, log)
			}
			if strings.Contains(log.String(), tc.password) {
				t.Error("the log holds the password")
			}
		})
	}
}

// The password file is read at each connection, so that a password can change while crier runs.
func TestPasswordFile(t *testing.T) {
	certificate := emailtest.NewCertificate(t, "relay.test")
	users := map[string]string{"crier": "second"}
	sink := emailtest.StartSink(t, emailtest.SinkOptions{TLS: certificate.Server(t), Users: users})
	file := filepath.Join(t.TempDir(), "password")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first\n")
	o := to(sink)
	o.TLS, o.CAFile, o.ServerName, o.Username, o.PasswordFile = email.TLSRequired, certificate.File, "relay.test", "crier", file
	p, log := logged(t, o)
	for n := range 2 {
		if got := send(t, p, delivery(t, n, "citizen@people.test")); got.Code != "535 5.7.8" {
			t.Errorf("outcome %+v, want it deferred with 535 5.7.8", got)
		}
	}
	write("second\r\n")
	mustSend(t, p, delivery(t, 2, "citizen@people.test"))
	if text := log.String(); strings.Count(text, "cannot be used") != 1 || strings.Count(text, "can be used again") != 1 {
		t.Errorf("want the trouble and its end in the log, once each:\n%s", text)
	}
}
