package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/httpsms/httpsmstest"
	"github.com/govcrier/crier/config"
)

// acmeByHTTP is a provider that a configuration describes, and its files.
func acmeByHTTP(t *testing.T, at string) []string {
	t.Helper()
	secret := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const http = "providers.sms.http."
	return []string{
		"providers.sms.kind=http", "providers.sms.name=acme", http + "from=CLINIC", http + "request.url=" + at + "/v1/messages",
		http + "allow=127.0.0.0/8", http + "ports=0", http + "request.auth=bearer", http + "request.idHeader=Idempotency-Key",
		http + "secretFile=" + secret("key", httpsmstest.Key), http + "signingFile=" + secret("signing", httpsmstest.Signing),
		http + `request.json={to: "{{.to}}", from: "{{.from}}", text: "{{.text}}", ref: "{{.id}}", callback: "{{.receiptURL}}"}`,
		http + "answer.id=/id", http + "answer.code=/error/code",
		http + "verify.kind=hmac", http + "verify.name=" + httpsmstest.Signature, http + "verify.prefix=v1=",
		http + "verify.stamp=" + httpsmstest.Stamp, http + "verify.over=timestamp,text:.,body",
		http + "receipt.each=/events", http + "receipt.status=/state", http + "receipt.id=/id", http + "receipt.code=/error/number",
		http + "receipt.statuses={sent: ignored, delivered: delivered, undelivered: failed no-mailbox}",
	}
}

// TestSMSByHTTP is a message's way through the whole gateway to a provider that is asked by HTTP, and back by its receipt.
// Somebody who is not the provider cannot say what became of it.
func TestSMSByHTTP(t *testing.T) {
	server := httpsmstest.New(t)
	s := newStand(t, acmeByHTTP(t, server.URL), func(c *config.Config) { c.Policy.Retry = []time.Duration{time.Hour} })
	s.room("ward", demoPublisher)
	r := s.publish("ward", v1.Publish{TransactionID: "texts-1", Content: v1.Text{Text: "Qzcanary: please come."}, Recipients: []v1.Contact{
		{Phone: "+996555000111"}, {Phone: "+996555000109"}, {Phone: "+996555000103"},
	}})
	await(t, busyFor, func() string {
		m, all := s.message(r.UMID)
		if m.Status.Delivered != 1 || m.Status.Failed != 2 {
			return fmt.Sprintf("%+v %+v", m.Status, all)
		}
		return ""
	})
	_, all := s.message(r.UMID)
	for i, want := range []string{"delivered", "failed no-mailbox", "failed rejected"} {
		if got := strings.TrimSpace(string(all[i].Status) + " " + string(all[i].Reason)); got != want {
			t.Errorf("delivery %d is %s, want %s", i, got, want)
		}
	}
	s.foreign(server)
	for _, secret := range []string{"996555000", "Qzcanary", httpsmstest.Key, httpsmstest.Signing, "token="} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// foreign calls the inlet as somebody else would.
func (s *stand) foreign(server *httpsmstest.Server) {
	s.t.Helper()
	_, body := server.Last()
	var m httpsmstest.Message
	if err := json.Unmarshal(body, &m); err != nil {
		s.t.Fatal(err)
	}
	at, err := url.Parse(m.Callback)
	if err != nil || !strings.HasPrefix(m.Callback, s.app.URL()+"/v1/inlets/acme/receipt?token=") {
		s.t.Fatalf("%v: the provider was told %q", err, m.Callback)
	}
	report := `{"events":[{"id":"acme-1","state":"delivered"}]}`
	forged := *at
	forged.RawQuery = "token=" + strings.ToUpper(at.Query().Get("token")[1:]) + "a"
	for name, got := range map[string][2]int{
		"unsigned":            {stub.Post(m.Callback, report, nil), 403},
		"of another key":      {stub.Post(m.Callback, report, httpsmstest.Sign("guess", time.Now(), report)), 403},
		"with a token of his": {server.Call(forged.String(), report), 403},
		"unreadable":          {server.Call(m.Callback, `{"events":7}`), 400},
		"of another kind":     {server.Call(s.app.URL()+"/v1/inlets/acme/inbound", report), 404},
		"of another provider": {server.Call(s.app.URL()+"/v1/inlets/http/receipt", report), 404},
		"too large":           {server.Call(m.Callback, strings.Repeat(" ", 10<<20)), 413},
	} {
		if got[0] != got[1] {
			s.t.Errorf("%s: %d, want %d", name, got[0], got[1])
		}
	}
}
