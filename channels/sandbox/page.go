package sandbox

import (
	_ "embed"
	"html/template"
	"math"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

//go:embed page.html
var pageSource string

// shown is how many deliveries the page has; the JSON has all that are kept.
const shown = 200

// policy lets nothing run and nothing be fetched. Styles may be inline, for the mails' sake.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP shows what was sent, newest first: as a page to who accepts text/html, as browsers
// do, and as a JSON array to everybody else, under …/outbox.json and with ?format=json. POST
// writes back, as a person who has got something would; DELETE forgets it. It asks nobody who they are.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.show(w, r)
	case http.MethodDelete:
		s.outbox.clear()
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPost:
		s.hear(w, r)
	default:
		h.Set("Allow", "GET, HEAD, POST, DELETE")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *Sandbox) show(w http.ResponseWriter, r *http.Request) {
	if wantsJSON(r) {
		items, _ := s.outbox.latest(math.MaxInt)
		w.Header().Set("Content-Type", "application/json")
		_ = json.MarshalWrite(w, items) // the reader may have left
		return
	}
	items, total := s.outbox.latest(shown)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page().Execute(w, map[string]any{"Items": items, "Total": total}) // as above
}

func wantsJSON(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/outbox.json") || r.URL.Query().Get("format") == "json" ||
		!strings.Contains(r.Header.Get("Accept"), "text/html")
}

// page parses the template. A mail's HTML stands in the srcdoc of an iframe without scripts,
// forms or an origin.
func page() *template.Template { return template.Must(template.New("page").Parse(pageSource)) }
