package api

import (
	"bytes"
	"strings"
	"testing"
)

func TestDocumentIsServed(t *testing.T) {
	w := ask{"GET", "/v1/openapi.yaml", "", "", nil}.of(newServer(newEngine()))
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), openapi) || w.Header().Get("Content-Type") != "application/yaml" {
		t.Errorf("%d %v", w.Code, w.Header())
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
