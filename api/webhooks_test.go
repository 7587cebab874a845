package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// The webhook that is there, of the reader clinic-4.
const hookID = "w3fXk0mZq9sV2hYt7LwB1cRjEuA"

func hookOf(id rooms.SubscriberID, owner rooms.Client, at string, sequence uint64) registry.Webhook {
	u, err := rooms.ParseURL(at)
	if err != nil {
		panic(err)
	}
	return registry.Webhook{
		Subscriber: rooms.Subscriber{ID: id, Room: "newborn", Channel: rooms.Webhook, Since: noon(), Owner: owner, Sequence: sequence},
		To:         rooms.Contact{Channel: rooms.Webhook, Address: u, Signing: []rooms.Signing{rooms.NewSigning()}},
	}
}

type hooksFake struct{ *engine }

func (e hooksFake) Add(_ context.Context, room rooms.Room, owner rooms.Client, at rooms.Address) (registry.Webhook, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case strings.Contains(at.Reveal(), "//10."):
		return registry.Webhook{}, fmt.Errorf("%w: this address may not be called", rooms.ErrAddress)
	case strings.HasSuffix(at.Reveal(), "/twice"):
		return registry.Webhook{}, registry.ErrWebhookExists
	case strings.HasSuffix(at.Reveal(), "/many"):
		return registry.Webhook{}, registry.ErrQuota
	}
	made := hookOf("x3fXk0mZq9sV2hYt7LwB1cRjEuA", owner, at.Reveal(), 9)
	e.hooks = append(e.hooks, made)
	return made, e.err
}

func (e hooksFake) Subscribe(ctx context.Context, room rooms.Room, owner rooms.Client, at rooms.Address, only rooms.Type, ttl int) (registry.Webhook, error) {
	made, err := e.Add(ctx, room, owner, at)
	e.mu.Lock()
	defer e.mu.Unlock()
	made.Only, made.TTL = only, ttl
	if err == nil {
		e.hooks[len(e.hooks)-1] = made
	}
	return made, err
}

func (e hooksFake) Pace(_ context.Context, _ rooms.Room, id rooms.SubscriberID, ttl int) (registry.Webhook, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, h := range e.hooks {
		if h.ID == id {
			e.hooks[i].TTL = ttl
			return e.hooks[i], e.err
		}
	}
	return registry.Webhook{}, registry.ErrUnknownWebhook
}

func (e hooksFake) List(_ context.Context, _ rooms.Room, after uint64, limit int) ([]registry.Webhook, uint64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if limit == 1 {
		return e.hooks[:1], e.hooks[0].Sequence, e.err
	}
	return e.hooks, 0, e.err
}

func (e hooksFake) Get(_ context.Context, _ rooms.Room, id rooms.SubscriberID) (registry.Webhook, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.hooks {
		if h.ID == id {
			return h, nil
		}
	}
	return registry.Webhook{}, registry.ErrUnknownWebhook
}

func (e hooksFake) Rotate(_ context.Context, _ rooms.Room, id rooms.SubscriberID) (registry.Webhook, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, h := range e.hooks {
		if h.ID == id {
			e.hooks[i].To = h.To.Rotate(noon(), 24*time.Hour)
			return e.hooks[i], e.err
		}
	}
	return registry.Webhook{}, registry.ErrUnknownWebhook
}

func (e hooksFake) Remove(_ context.Context, _ rooms.Room, id rooms.SubscriberID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hooks = nil
	return e.err
}

func TestWebhookShowsItsSecretOnce(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	w := ask{"POST", "/v1/rooms/newborn/webhooks", "clinic-5", `{"url":"https://b.example/x"}`, nil}.of(s)
	var made v1.Webhook
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 201 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if made.Secret != e.hooks[1].To.Signing[0].Secret.Reveal() || made.URL != "https://b.example/x" || made.Host != "b.example" || made.Client != "clinic-5" ||
		!made.FormerSecretUntil.IsZero() || e.hooks[1].Owner != "clinic-5" {
		t.Errorf("%s", w.Body)
	}
	if len(e.recorded) != 1 || e.recorded[0].IDs["subscriber"] != made.ID || strings.Contains(fmt.Sprintf("%+v", e.recorded), "b.example") {
		t.Errorf("recorded %+v", e.recorded)
	}
	for _, path := range []string{"/v1/rooms/newborn/webhooks", "/v1/rooms/newborn/webhooks?limit=1"} {
		if body := (ask{"GET", path, "clinic-5", "", nil}.of(s)).Body.String(); strings.Contains(body, "whsec_") {
			t.Errorf("shown again: %s", body)
		}
	}
	first := made.Secret
	w = ask{"POST", "/v1/rooms/newborn/webhooks/" + made.ID + "/secret", "clinic-5", "", nil}.of(s)
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 || made.Secret == first || made.Secret == "" || !made.FormerSecretUntil.Equal(noon().Add(24*time.Hour)) {
		t.Errorf("rotated: %d %s", w.Code, w.Body)
	}
}

func TestWebhooksOfOthers(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for token, want := range map[string]string{"clinic-4": "secret-path", "clinic-5": `"webhooks":[]`, "boss": `"host":"app.example:8443"`, "root+admin": `"client":"clinic-4"`} {
		body := ask{"GET", "/v1/rooms/newborn/webhooks", token, "", nil}.of(s).Body.String()
		if !strings.Contains(body, want) || token != "clinic-4" && strings.Contains(body, "secret-path") || strings.Contains(body, "whsec_") {
			t.Errorf("%s sees %s", token, body)
		}
	}
	const at = "/v1/rooms/newborn/webhooks/" + hookID
	for _, tc := range []struct {
		method, path, token string
		status              int
		code                v1.ProblemCode
	}{
		{"DELETE", at, "clinic-5", 404, v1.ProblemCodeUnknownWebhook},
		{"POST", at + "/secret", "clinic-5", 404, v1.ProblemCodeUnknownWebhook},
		{"POST", at + "/secret", "boss", 403, v1.ProblemCodeForbidden},
		{"DELETE", "/v1/rooms/newborn/webhooks/" + subscriber, "boss", 404, v1.ProblemCodeUnknownWebhook},
		{"DELETE", "/v1/rooms/newborn/webhooks/short", "boss", 400, v1.ProblemCodeInvalidParameter},
	} {
		if p := problemIn(t, ask{tc.method, tc.path, tc.token, "", nil}.of(s)); p.Status != tc.status || p.Code != tc.code {
			t.Errorf("%s %s by %s: %d %s", tc.method, tc.path, tc.token, p.Status, p.Code)
		}
	}
	if len(e.hooks) != 1 || len(e.hooks[0].To.Signing) != 1 {
		t.Error("refused, and done all the same")
	}
}

func TestBadWebhooks(t *testing.T) {
	for body, want := range map[string]string{
		`{"url":"https://user:canary@x.example/"}`: "400 invalid_request invalid_address /url",
		`{"url":"https://10.0.0.1/canary"}`:        "400 invalid_request invalid_address /url",
		`{"url":"canary"}`:                         "400 invalid_request invalid_address /url",
		`{"url":7}`:                                "400 invalid_request wrong_type /url",
		`{}`:                                       "400 invalid_request missing /url",
		`{"url":"https://x.example/","secret":"canary"}`: "400 invalid_request unknown_member /secret",
		`{"url":"https://x.example/twice"}`:              "409 webhook_exists",
		`{"url":"https://x.example/many"}`:               "409 quota_exceeded",
		`[`:                                              "400 invalid_json syntax ",
	} {
		w := ask{"POST", "/v1/rooms/newborn/webhooks", "clinic-5", body, nil}.of(newServer(newEngine()))
		p := problemIn(t, w)
		got := fmt.Sprint(p.Status, " ", p.Code)
		for _, f := range p.Errors {
			got += fmt.Sprint(" ", f.Code, " ", f.Pointer)
		}
		if got != want || strings.Contains(w.Body.String(), "canary") {
			t.Errorf("%s: %s, %s", body, got, w.Body)
		}
	}
}
