package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"

	"github.com/govcrier/crier/rooms/audit"
)

// inlets has one provider, which answers with the status that the query names.
func inlets() map[string]http.Handler {
	return map[string]http.Handler{"acme": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		status, _ := strconv.Atoi(r.URL.Query().Get("status"))
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Set-Cookie", "canary")
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			fmt.Fprintf(w, "<%s>%s</%s>", r.Method, body, strings.Repeat("x", 1<<20))
		}
	})}
}

func inletServer(e *engine, o Options) *Server {
	s := serverOn(e, o, io.Discard)
	s.deps.Inlets = inlets()
	return s
}

// What a provider wants answered it gets, cut short; of a refusal it gets our own words only, as the document has them.
func TestInletAnswers(t *testing.T) {
	j := newJudge(t)
	for path, want := range map[string]struct {
		status int
		kind   string
		begins string
	}{
		"acme/receipt?status=200": {200, "text/xml", "<POST>x=1</xxx"},
		"acme/inbound?status=204": {204, "text/xml", ""},
		"acme/receipt?status=400": {400, "application/problem+json", `{"code":"invalid_request"`},
		"acme/receipt?status=403": {403, "application/problem+json", `{"code":"forbidden"`},
		"acme/receipt?status=404": {404, "application/problem+json", `{"code":"not_found"`},
		"acme/receipt?status=413": {413, "application/problem+json", `{"code":"body_too_large"`},
		"acme/receipt?status=503": {503, "application/problem+json", `{"code":"unavailable"`},
		"acme/receipt?status=302": {503, "application/problem+json", `{"code":"unavailable"`},
		"acme/elsewhere":          {404, "application/problem+json", `{"code":"not_found"`},
		"other/receipt":           {404, "application/problem+json", `{"code":"not_found"`},
		"%61cme/receipt":          {404, "application/problem+json", `{"code":"not_found"`},
	} {
		a := ask{"POST", "/v1/inlets/" + path, "", "x=1", []string{"Content-Type", "application/x-www-form-urlencoded"}}
		w := a.of(inletServer(newEngine(), Options{}))
		text := w.Body.String()
		if w.Code != want.status || w.Header().Get("Content-Type") != want.kind || !strings.HasPrefix(text, want.begins) || len(text) > maxInletAnswer || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s %.80s", path, w.Code, w.Header().Get("Content-Type"), text)
		}
		input, err := j.input(a.request())
		if err != nil {
			continue // a path that the document does not have
		}
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: w.Code, Header: w.Header(), Body: io.NopCloser(strings.NewReader(text)),
			Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: want.status < 300},
		})
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestInletBounds(t *testing.T) {
	s := inletServer(newEngine(), Options{Strangers: StrangerOptions{PerMinute: 3}})
	for i, tc := range []struct {
		method, query, body string
		want                int
	}{
		{"GET", "?status=200", "", 200}, {"HEAD", "?status=200", "", 405},
		{"POST", "?status=200", strings.Repeat("x", maxInlet), 200}, {"POST", "?status=200", strings.Repeat("x", 10<<20), 413},
		{"POST", "?status=403", "", 403}, {"POST", "?status=403", "", 429}, {"POST", "?status=200", "", 200},
	} {
		if w := (ask{tc.method, "/v1/inlets/acme/receipt" + tc.query, "", tc.body, nil}).of(s); w.Code != tc.want {
			t.Errorf("%d: %s%s: %d, want %d", i, tc.method, tc.query, w.Code, tc.want)
		}
	}
}

// What a provider calls stands in the record, with the provider's name and nothing else of it.
func TestInletsAreRecorded(t *testing.T) {
	for query, want := range map[string]string{"?status=200": audit.Success, "?status=403": audit.Failed} {
		e := newEngine()
		ask{"POST", "/v1/inlets/acme/receipt" + query + "&token=canary", "", "canary", nil}.of(inletServer(e, Options{}))
		if len(e.noted) != 1 || len(e.recorded) != 0 {
			t.Fatalf("%s: %d noted, %d recorded", query, len(e.noted), len(e.recorded))
		}
		n := e.noted[0]
		if n.Status != want || n.IDs["provider"] != "acme" || n.Source != audit.Stranger || strings.Contains(fmt.Sprintf("%+v", n), "canary") {
			t.Errorf("%s: %+v", query, n)
		}
	}
}
