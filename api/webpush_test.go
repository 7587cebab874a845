package api

import (
	"strings"
	"testing"
)

func TestPushKey(t *testing.T) {
	s := newServer(newEngine())
	if w := (ask{"GET", "/v1/webpush/key", "", "", nil}).of(s); w.Code != 404 {
		t.Errorf("without a key: %d", w.Code)
	}
	s.deps.PushKey = "BP4z9KsN6nGRTbVYI"
	w := ask{"GET", "/v1/webpush/key", "", "", nil}.of(s)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"key":"BP4z9KsN6nGRTbVYI"}` || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
}
