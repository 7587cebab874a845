package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// emailSuite calls GovStack's e-mail API as its published conformance suite does: the key in api_key, the id in requestUID, and
// bodies without a content type.
type emailSuite struct {
	t    *testing.T
	base string
}

// ask gives the status, the header and the members of an answer, which is JSON in any case.
func (s emailSuite) ask(method, path, body string, header ...string) (int, http.Header, map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	var members map[string]any
	if err == nil {
		err = json.Unmarshal(raw, &members)
	}
	if err != nil || !strings.Contains(w.Header.Get("Content-Type"), "application/json") {
		s.t.Errorf("%s %s: %d %s %s: %v", method, path, w.StatusCode, w.Header.Get("Content-Type"), raw, err)
	}
	return w.StatusCode, w.Header, members
}

// sent sends and gives the id of the request.
func (s emailSuite) sent(path, body, key string) string {
	s.t.Helper()
	status, _, got := s.ask("POST", path, body, "api_key", key)
	text, ok := got["response"].(string)
	id, okID := got["requestUID"].(string)
	if status != 200 || !ok || !okID || text == "" || id == "" {
		s.t.Fatalf("%s: %d %v", path, status, got)
	}
	return id
}

func (s emailSuite) refused(method, path, body, allow string, header ...string) {
	s.t.Helper()
	if status, h, got := s.ask(method, path, body, header...); status != 405 || !strings.Contains(h.Get("Allow"), allow) {
		s.t.Errorf("%s %s %v: %d, Allow %q, %v", method, path, header, status, h.Get("Allow"), got)
	}
}

// The scenarios of GovStack's conformance suite for the e-mail API, scenario by scenario, against the whole gateway.
func TestScenariosOfTheEmailSuite(t *testing.T) {
	const single, many, callback, status = "/send/email/single", "/send/email/batch", "/callback/email", "/status/email"
	const sender = `{"callback":{"URI":"https://example.com/callback/emails/requestUID"},"senderInfo":{"organisationName":"Example Medical Insitution","organisationRegNr":"GOV1234567890",
		"onBehalfOfName":"Example Medical Insitution","onBehalfOfRegNr":"GOV1234567890","email":"sender@example.com","replyTo":"reply-to@example.com","name":"Example Doctor"},
		"emailContent":{"encoding":"UTF-8","title":"Example Title Of An Email","content":"Example Customer"},"recipientInfo":`
	const one = sender + `{"email":"customer@example.com","emailCC":"customer-cc@example.com","emailBCC":"customer-bcc@example.com","name":"Example Customer"}}`
	const batch = sender + `{"batchEmailAsBase64":"W3sicmVjaXBpZW50SW5mbyI6eyJlbWFpbCI6ImN1c3RvbWVyQGV4YW1wbGUuY29tIiwiZW1haWxDQyI6ImN1c3RvbWVyLWNjQGV4YW1wbGUuY29tIiwibmFtZSI6IkV4YW1wbGUgQ3VzdG9tZXIifX0seyJyZWNpcGllbnRJbmZvIjp7ImVtYWlsIjoiZGVhci1jdXN0b21lckBleGFtcGxlLmNvbSIsIm5hbWUiOiJVbmtub3duIEN1c3RvbWVyIn19XQ=="}}`
	const answer = `{"meta":"Meta-info","content":"Q2xpZW50LXNwZWNpZmljIGNvbnRlbnQsIG1vc3QgbGlrZWx5IEpTT04="}`
	s := newStand(t, nil, nil)
	if err := giveKeys(t.Context(), s.as(s.token(demoAdmin)), s.app.apiKeys, []string{"abcdef12345", "xyz0987", "xyz12345"}); err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{s.app.URL(), s.app.URL() + "/govstack/messaging"} {
		e := emailSuite{t, base}
		ids := []string{e.sent(single, one, "abcdef12345"), e.sent(many, batch, "xyz0987")}
		for _, method := range []string{"GET", "DELETE", "PUT"} {
			e.refused(method, single, one, "POST", "api_key", "abcdef12345")
			e.refused(method, many, batch, "POST", "api_key", "xyz12345")
		}
		e.refused("POST", single, one, "")
		e.refused("POST", single, "", "", "api_key", "abcdef12345")
		e.refused("POST", single, "", "")
		for _, id := range ids {
			if code, _, got := e.ask("POST", callback, answer, "api_key", "abcdef12345", "requestUID", id); code != 200 {
				t.Errorf("an answer: %d %v", code, got)
			}
			e.refused("GET", callback, answer, "POST", "api_key", "abcdef12345", "requestUID", id)
			e.refused("PUT", callback, answer, "POST", "api_key", "abcdef12345", "requestUID", id)
			e.refused("POST", callback, answer, "", "requestUID", id)
			e.refused("POST", callback, "", "", "api_key", "abcdef12345", "requestUID", id)
			for _, asked := range []string{"scheduled,processing,deferred,bounced,not sent,delivered", "scheduled", "processing,deferred,bounced", "not sent,delivered", "not_sent"} {
				e.counts(status, asked, id)
			}
			query := status + "?status%5B%5D=scheduled&status%5B%5D=not%20sent"
			e.refused("POST", query, "", "GET", "api_key", "abcdef12345", "requestUID", id)
			e.refused("PUT", query, "", "GET", "api_key", "abcdef12345", "requestUID", id)
			e.refused("GET", query, "", "", "requestUID", id)
			e.refused("GET", status, "", "", "api_key", "abcdef12345", "requestUID", id)
		}
		e.refused("POST", callback, answer, "", "api_key", "abcdef12345")
		e.refused("GET", status+"?status%5B%5D=scheduled", "", "", "api_key", "abcdef12345")
		e.refused("GET", status, "", "")
	}
}

// counts wants a number for each status that is asked for, and nothing else.
func (s emailSuite) counts(path, asked, id string) {
	s.t.Helper()
	names := strings.Split(asked, ",")
	query := "?status%5B%5D=" + strings.ReplaceAll(strings.ReplaceAll(asked, " ", "%20"), ",", "&status%5B%5D=")
	code, _, got := s.ask("GET", path+query, "", "api_key", "abcdef12345", "requestUID", id)
	for _, name := range names {
		if n, ok := got[name].(float64); !ok || n != float64(int(n)) || n < 0 {
			s.t.Errorf("%s: %v", name, got[name])
		}
	}
	if code != 200 || len(got) != len(names) {
		s.t.Errorf("%s: %d %v", asked, code, got)
	}
}
