package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/webpush/webpushtest"
)

// pushKeyFile holds a new VAPID key.
func pushKeyFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "vapid.key")
	if err := writeNewPushKey(file); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestNotifications is a message's way through the whole gateway to two browsers: one of them is gone, and is not asked twice.
func TestNotifications(t *testing.T) {
	push := webpushtest.New(t)
	const web = "providers.webpush."
	s := newStand(t, []string{
		web + "kind=vapid", web + "keyFile=" + pushKeyFile(t), web + "contact=mailto:ops@gov.test", web + "caFile=" + push.Authority(t),
		web + "allow=127.0.0.0/8", web + "ports=0", web + "url=https://portal.gov.test/inbox",
	}, nil)
	s.room("ward", demoPublisher)
	browser := func(path string) v1.Contact {
		b := push.Subscribe(t, path)
		b.Key = s.pushKey()
		var c v1.Contact
		if err := json.Unmarshal([]byte(`{"webpush":`+b.Subscription()+`}`), &c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	both := []v1.Contact{browser("/p/qzcanary1"), browser("/410/qzcanary2")}
	for n, why := range []string{"no-mailbox", "suppressed"} {
		r := s.publish("ward", v1.Publish{TransactionID: fmt.Sprint("push-", n), Content: v1.Text{Text: "Qzcanary: please come."}, Recipients: both})
		await(t, busyFor, func() string {
			m, all := s.message(r.UMID)
			if m.Status.Sent != 1 || m.Status.Failed != 1 || string(all[1].Reason) != why || len(push.Pushes()) != n+1 {
				return fmt.Sprintf("%+v %+v", m.Status, all)
			}
			return ""
		})
		last := push.Pushes()[n]
		if want := `"body":"Qzcanary: please come.","tag":"` + r.UMID + `-0"`; !strings.Contains(last.Text, want) || !strings.Contains(last.Text, `"url":"https://portal.gov.test/inbox"`) {
			t.Errorf("the browser got %s", last.Text)
		}
	}
	if got := push.Asked("/410/qzcanary2"); got != 1 {
		t.Errorf("who is gone was asked %d times", got)
	}
	for _, secret := range []string{"qzcanary", "Qzcanary", both[0].WebPush.Keys.Auth, push.URL} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// pushKey is what a page gets.
func (s *stand) pushKey() string {
	s.t.Helper()
	a := ask(s.t, http.MethodGet, s.app.URL()+"/v1/webpush/key", "", "")
	var k v1.PushKey
	if err := json.Unmarshal([]byte(a.body), &k); err != nil || a.status != http.StatusOK {
		s.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return k.Key
}
