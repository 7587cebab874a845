package api

import (
	"bytes"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/govstack/email"
	v1 "github.com/govcrier/crier/api/v1"
)

func TestDocumentIsServed(t *testing.T) {
	w := ask{"GET", "/v1/openapi.yaml", "", "", nil}.of(newServer(newEngine()))
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), openapi) || w.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// All documents are found from one page, and that from the root, by a browser; others are told that there is nothing.
func TestDocumentsAreFound(t *testing.T) {
	s := serverOn(newEngine(), Options{GovstackEmail: email.Options{Prefix: "/bb/messaging"}}, t.Output())
	w := ask{"GET", "/", "", "", []string{"Accept", "text/html,*/*;q=0.8"}}.of(s)
	if w.Code != 303 || w.Header().Get("Location") != "/docs" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	page := ask{"GET", "/docs", "", "", nil}.of(s).Body.String()
	for _, at := range []string{"/docs", "/bb/messaging/docs", "/govstack/mediator/docs"} {
		if w := (ask{"GET", at, "", "", nil}).of(s); w.Code != 200 || !strings.Contains(page, `<a href="`+at+`">`) {
			t.Errorf("%s: %d", at, w.Code)
		}
	}
	for _, a := range []ask{{"GET", "/", "", "", nil}, {"POST", "/", "", "", []string{"Accept", "text/html"}}, {"GET", "/x", "", "", []string{"Accept", "text/html"}}} {
		if w := a.of(s); w.Code != 404 || problemIn(t, w).Code != v1.ProblemCodeNotFound {
			t.Errorf("%s %s: %d %s", a.method, a.path, w.Code, w.Body)
		}
	}
}

func TestDocumentationNamesEveryRouteAndLoadsNothing(t *testing.T) {
	s := newServer(newEngine())
	page := ask{"GET", "/docs", "", "", nil}.of(s).Body.String()
	for _, r := range s.routes() {
		if !strings.Contains(page, "<code>"+r.name()+"</code>") {
			t.Errorf("%s is missing", r.name())
		}
	}
	for _, loading := range []string{"<script", "<link", "<img", "@import", "http://", "src="} {
		if strings.Contains(page, loading) {
			t.Errorf("the page has %s", loading)
		}
	}
}
