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

type callbacksFake struct{ *engine }

func (e callbacksFake) Get(_ context.Context, c rooms.Client) (registry.Callback, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	cb, ok := e.callbacks[c]
	if !ok {
		return cb, registry.ErrUnknownCallback
	}
	return cb, e.err
}

func (e callbacksFake) Check(at rooms.Address) error {
	if strings.Contains(at.Reveal(), "//10.") {
		return fmt.Errorf("%w: this address may not be called", rooms.ErrAddress)
	}
	return nil
}

func (e callbacksFake) Set(_ context.Context, c rooms.Client, at rooms.Address) (registry.Callback, error) {
	if err := e.Check(at); err != nil {
		return registry.Callback{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	cb, known := e.callbacks[c]
	if !known {
		cb = registry.Callback{Since: noon(), To: rooms.Contact{Channel: rooms.Webhook, Signing: []rooms.Signing{rooms.NewSigning()}}}
	}
	cb.To.Address = at
	e.callbacks[c] = cb
	cb.Fresh = !known
	return cb, e.err
}

func (e callbacksFake) Sign(_ context.Context, c rooms.Client) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.signed = append(e.signed, c)
	return e.err
}

func (e callbacksFake) Secret(context.Context, rooms.Client) (rooms.Secret, error) {
	return rooms.NewSecret("whsec_of_the_callbacks"), e.err
}

func (e callbacksFake) Rotate(_ context.Context, c rooms.Client) (registry.Callback, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	cb, ok := e.callbacks[c]
	if !ok {
		return cb, registry.ErrUnknownCallback
	}
	cb.To = cb.To.Rotate(noon(), 24*time.Hour)
	e.callbacks[c] = cb
	cb.Fresh = true
	return cb, e.err
}

func (e callbacksFake) Remove(_ context.Context, c rooms.Client) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.callbacks[c]; !ok {
		return registry.ErrUnknownCallback
	}
	delete(e.callbacks, c)
	return e.err
}

func TestCallbackOfACaller(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	call := func(method, path, token, body string, status int) (cb v1.Callback) {
		t.Helper()
		w := ask{method, path, token, body, nil}.of(s)
		if w.Code != status {
			t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		_ = json.Unmarshal(w.Body.Bytes(), &cb)
		return cb
	}
	if p := problemIn(t, ask{"GET", "/v1/callback", "hosp-7", "", nil}.of(s)); p.Code != v1.ProblemCodeUnknownCallback || p.Status != 404 {
		t.Errorf("%+v", p)
	}
	first := call("PUT", "/v1/callback", "hosp-7", `{"url":"https://a.example/x"}`, 201)
	if first.Secret == "" || first.URL != "https://a.example/x" {
		t.Errorf("%+v", first)
	}
	if changed := call("PUT", "/v1/callback", "hosp-7", `{"url":"https://b.example/x"}`, 200); changed.Secret != "" || changed.URL != "https://b.example/x" {
		t.Errorf("%+v", changed)
	}
	if shown := call("GET", "/v1/callback", "hosp-7", "", 200); shown.Secret != "" || !shown.Since.Equal(noon()) {
		t.Errorf("%+v", shown)
	}
	if rotated := call("POST", "/v1/callback/secret", "hosp-7", "", 200); rotated.Secret == "" || rotated.Secret == first.Secret || !rotated.FormerSecretUntil.Equal(noon().Add(24*time.Hour)) {
		t.Errorf("%+v", rotated)
	}
	call("GET", "/v1/callback", "hosp-8", "", 404) // each has its own
	call("DELETE", "/v1/callback", "hosp-8", "", 404)
	call("DELETE", "/v1/callback", "hosp-7", "", 204)
	call("GET", "/v1/callback", "hosp-7", "", 404)
}

func TestPublishWithACallback(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	const path = "/v1/rooms/newborn/messages"
	refused := func(body, what string) {
		t.Helper()
		w := ask{"POST", path, "hosp-7", body, nil}.of(s)
		p := problemIn(t, w)
		if p.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Pointer != "/callback" || string(p.Errors[0].Code) != what || strings.Contains(w.Body.String(), "canary") || e.count() > 0 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	refused(with(`"callback":"https://a.example/canary"`), "invalid_value") // nothing signs it
	ask{"PUT", "/v1/callback", "hosp-7", `{"url":"https://b.example/"}`, nil}.of(s)
	refused(with(`"callback":"https://10.0.0.1/canary"`), "invalid_address")
	if w := (ask{"POST", path, "hosp-7", with(`"callback":"https://a.example/canary"`), nil}.of(s)); w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := e.published[0].Callback.Reveal(); got != "https://a.example/canary" {
		t.Errorf("handed on %q", got)
	}
}
