package email_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

func secretFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// tokenSink takes mail of those who show a token, and lets a connection have one message.
func tokenSink(t *testing.T, users map[string]string) (*emailtest.Sink, email.Options) {
	certificate := emailtest.NewCertificate(t, "relay.test")
	sink := emailtest.StartSink(t, emailtest.SinkOptions{TLS: certificate.Server(t), Users: users, Methods: []string{emailtest.XOAUTH2}})
	o := to(sink)
	o.TLS, o.CAFile, o.ServerName, o.Username = email.TLSRequired, certificate.File, "relay.test", "crier@gov.test"
	o.MaxMessagesPerConnection = 1
	return sink, o
}

// The token file is read at each connection: another program keeps it fresh.
func TestTokenFile(t *testing.T) {
	users := map[string]string{"crier@gov.test": "first"}
	sink, o := tokenSink(t, users)
	o.TokenFile = secretFile(t, "first\n")
	p, log := logged(t, o)
	mustSend(t, p, delivery(t, 0, "citizen@people.test"))
	if err := os.WriteFile(o.TokenFile, []byte("stale"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := send(t, p, delivery(t, 1, "citizen@people.test")); got != deferred(rooms.Unreachable, "535 5.7.8", 0) {
		t.Errorf("outcome %+v with a stale token, want it deferred with 535 5.7.8", got)
	}
	if err := os.WriteFile(o.TokenFile, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustSend(t, p, delivery(t, 2, "citizen@people.test"))
	for _, m := range sink.Messages() {
		if m.User != "crier@gov.test" {
			t.Errorf("sent by %q", m.User)
		}
	}
	if text := log.String(); strings.Contains(text, "stale") || strings.Contains(text, "bearer") {
		t.Errorf("the log holds a token, or what the relay says of it: %s", text)
	}
}

// Client credentials are exchanged for a token, which serves until it ends or the relay refuses it.
func TestClientCredentials(t *testing.T) {
	var asked, broken atomic.Int32
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() > 0 {
			http.Redirect(w, r, "https://elsewhere.test/canary", http.StatusTemporaryRedirect)
			return
		}
		user, secret, _ := r.BasicAuth()
		_ = r.ParseForm()
		if user != "crier-mail" || secret != "correct+horse" || r.Form.Get("grant_type") != "client_credentials" || r.Form.Get("scope") != "mail.send" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"canary"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":3600}`, asked.Add(1))
	}))
	t.Cleanup(issuer.Close)
	users := map[string]string{"crier@gov.test": "token-1"}
	_, o := tokenSink(t, users)
	o.OAuth2 = email.OAuth2{TokenURL: issuer.URL, ClientID: "crier-mail", ClientSecretFile: secretFile(t, "wrong"), Scopes: []string{"mail.send"}}
	p, log := logged(t, o)
	refused := func(n int, code string) {
		t.Helper()
		if got := send(t, p, delivery(t, n, "citizen@people.test")); got != deferred(rooms.Unreachable, code, 0) {
			t.Errorf("outcome %+v, want it deferred with %q", got, code)
		}
	}
	refused(0, "")
	if err := os.WriteFile(o.OAuth2.ClientSecretFile, []byte("correct horse"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustSend(t, p, delivery(t, 1, "citizen@people.test"))
	mustSend(t, p, delivery(t, 2, "citizen@people.test"))
	if n := asked.Load(); n != 1 {
		t.Errorf("%d tokens were asked for, want one for both messages", n)
	}
	users["crier@gov.test"] = "token-2" // the first was revoked
	refused(3, "535 5.7.8")
	mustSend(t, p, delivery(t, 4, "citizen@people.test"))
	users["crier@gov.test"] = "token-3"
	refused(5, "535 5.7.8")
	broken.Store(1)
	refused(6, "")
	text := log.String()
	if !strings.Contains(text, "the token URL answers 401") || !strings.Contains(text, "the token URL answers 307") {
		t.Errorf("the log does not say what the token URL answers: %s", text)
	}
	if strings.Contains(text, "canary") || strings.Contains(text, "horse") || strings.Contains(text, "token-") {
		t.Errorf("the log holds a secret, or another's words: %s", text)
	}
}
