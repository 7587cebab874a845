package api

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/govstack/email"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
)

const (
	oneEmail = `{"senderInfo":{"email":"noreply@health.example","replyTo":"desk@health.example","name":"Dr. A"},
		"recipientInfo":{"email":"a@example.com","emailCC":"b@example.com","emailBCC":["c@example.com"],"name":"A"},"emailContent":{"title":"Vaccination","content":"Tuesday 9:00"}}`
	emailBatch   = `{"recipientInfo":{"batchEmailAsBase64":"W3sicmVjaXBpZW50SW5mbyI6eyJlbWFpbCI6ImFAZXhhbXBsZS5jb20ifX0seyJyZWNpcGllbnRJbmZvIjp7ImVtYWlsIjoiYkBleGFtcGxlLmNvbSJ9fV0="},"emailContent":{"content":"x"}}`
	answerToMail = `{"meta":"Meta-info","content":"WWVz"}`
)

// emailProblem reads a refusal of the e-mail API, of which every part has to be there.
func emailProblem(t *testing.T, w *httptest.ResponseRecorder) v1.Problem {
	t.Helper()
	var p v1.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p, json.RejectUnknownMembers(true)); err != nil || p.Status != w.Code || p.Title == "" ||
		p.RequestID != w.Header().Get("X-Request-Id") || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%d %s %s: %v", w.Code, w.Header().Get("Content-Type"), w.Body, err)
	}
	return p
}

func TestSendEmail(t *testing.T) {
	e := newEngine()
	e.email()
	s := newServer(e)
	for _, header := range [][]string{{"apiKey", goodKey}, {"api_key", goodKey}, {"APIKEY", goodKey}, {"Authorization", "Bearer hosp-7"}, {"apiKey", goodKey, "api_key", goodKey}} {
		for _, before := range []string{"", "/govstack/messaging"} {
			w := ask{"POST", before + email.PathSingle, "", oneEmail, header}.of(s)
			if want := `{"requestUID":"` + umid + `","requestUid":"` + umid + `","response":"Request successfully accepted"}`; w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%v: %d %s", header, w.Code, w.Body)
			}
		}
	}
	r := e.published[0]
	if r.Client != "hosp-7" || r.Room != "email-hosp-7" || !r.Direct || r.TransactionID != "" || string(r.Raw) != oneEmail || len(r.Recipients) != 1 || len(r.Recipients[0].Copies) != 2 ||
		r.From.Organisation != "Ministry of Health" || r.From.Name.Reveal() != "Dr. A" || r.From.ReplyTo.Reveal() != "desk@health.example" || r.Lane != rooms.Normal || string(r.Content) != `{"subject":"Vaccination","text":"Tuesday 9:00"}` {
		t.Errorf("published %+v", r)
	}
	if len(e.noted) != 10 || len(e.recorded) > 0 || e.noted[0].Source != "hosp-7" || e.noted[0].IDs["umid"] != umid || e.noted[0].Destination != "POST /send/email/single" || e.noted[0].Status != audit.Success {
		t.Errorf("on record: %+v", e.noted[0])
	}
}

// A body may come without a content type, or as text; an Idempotency-Key is the transaction id.
func TestSendEmailBatch(t *testing.T) {
	e := newEngine()
	e.email()
	s := newServer(e)
	for _, kind := range []string{"", "application/json; charset=utf-8", "text/plain;charset=UTF-8"} {
		a := ask{"POST", email.PathBatch, "", emailBatch, []string{"apiKey", goodKey, "Idempotency-Key", "case 7"}}.request()
		if a.Header.Del("Content-Type"); kind != "" {
			a.Header.Set("Content-Type", kind)
		}
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, a); w.Code != 200 {
			t.Errorf("%q: %d %s", kind, w.Code, w.Body)
		}
	}
	if r := e.published[0]; len(r.Recipients) != 2 || r.TransactionID != "case 7" || r.Lane != rooms.Bulk || r.From.Email.Reveal() != "noreply@health.example" {
		t.Errorf("published %+v", r)
	}
}

// What the specification answers with 405, and what keeps its own status; nothing of it is sent.
func TestRefusedEmailCalls(t *testing.T) {
	key, uid := []string{"apiKey", goodKey}, "01K9ZZZZZZABCDEFGHJKMNPQR0"
	with := func(more ...string) []string { return append([]string{"apiKey", goodKey}, more...) }
	for name, tc := range map[string]struct {
		ask    ask
		status int
		code   v1.ProblemCode
		allow  string
	}{
		"GET":                        {ask{"GET", email.PathSingle, "", oneEmail, key}, 405, v1.ProblemCodeMethodNotAllowed, "POST"},
		"PUT without a key":          {ask{"PUT", email.PathBatch, "", "", nil}, 405, v1.ProblemCodeMethodNotAllowed, "POST"},
		"DELETE":                     {ask{"DELETE", "/govstack/messaging" + email.PathSingle, "", oneEmail, key}, 405, v1.ProblemCodeMethodNotAllowed, "POST"},
		"GET of a callback":          {ask{"GET", email.PathCallback, "", answerToMail, with("requestUID", uid)}, 405, v1.ProblemCodeMethodNotAllowed, "POST"},
		"POST of a status":           {ask{"POST", email.PathStatus + "?status=delivered", "", "", with("requestUID", uid)}, 405, v1.ProblemCodeMethodNotAllowed, "GET, HEAD"},
		"no key":                     {ask{"POST", email.PathSingle, "", oneEmail, nil}, 405, v1.ProblemCodeTokenMissing, "POST"},
		"an empty key":               {ask{"POST", email.PathSingle, "", oneEmail, []string{"api_key", ""}}, 405, v1.ProblemCodeTokenMissing, "POST"},
		"no key and no body":         {ask{"POST", email.PathSingle, "", "", nil}, 405, v1.ProblemCodeTokenMissing, "POST"},
		"no body":                    {ask{"POST", email.PathBatch, "", "", key}, 405, v1.ProblemCodeInvalidRequest, "POST"},
		"no answer":                  {ask{"POST", email.PathCallback, "", "", with("requestUid", uid)}, 405, v1.ProblemCodeInvalidRequest, "POST"},
		"an answer to nothing":       {ask{"POST", email.PathCallback, "", answerToMail, key}, 405, v1.ProblemCodeInvalidParameter, "POST"},
		"no id":                      {ask{"GET", email.PathStatus + "?status=delivered", "", "", key}, 405, v1.ProblemCodeInvalidParameter, "GET, HEAD"},
		"no status":                  {ask{"GET", email.PathStatus, "", "", with("requestUID", uid)}, 405, v1.ProblemCodeInvalidParameter, "GET, HEAD"},
		"nothing at all":             {ask{"GET", email.PathStatus, "", "", nil}, 405, v1.ProblemCodeTokenMissing, "GET, HEAD"},
		"an unknown key":             {ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", "guessed"}}, 401, v1.ProblemCodeKeyInvalid, ""},
		"a key that is none":         {ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", "a b"}}, 401, v1.ProblemCodeKeyInvalid, ""},
		"two keys":                   {ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", goodKey, "api_key", otherKey}}, 401, v1.ProblemCodeKeyInvalid, ""},
		"a bad token":                {ask{"POST", email.PathSingle, "!bearer_token_signature_not_verified", oneEmail, nil}, 401, v1.ProblemCodeTokenSignature, ""},
		"a client without room":      {ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", otherKey}}, 403, v1.ProblemCodeForbidden, ""},
		"another's request":          {ask{"GET", email.PathStatus + "?status=delivered", "", "", with("requestUid", umid)}, 404, v1.ProblemCodeUnknownMessage, ""},
		"an unknown request":         {ask{"GET", email.PathStatus + "?status=delivered", "", "", with("requestUid", "01K9ZZZZZZABCDEFGHJKMNPQR9")}, 404, v1.ProblemCodeUnknownMessage, ""},
		"no id of ours":              {ask{"GET", email.PathStatus + "?status=delivered", "", "", with("requestUid", "UfQK-CPju")}, 404, v1.ProblemCodeUnknownMessage, ""},
		"an answer to another's":     {ask{"POST", email.PathCallback, "", answerToMail, with("requestUid", umid)}, 404, v1.ProblemCodeUnknownMessage, ""},
		"an unknown status":          {ask{"GET", email.PathStatus + "?status=sent", "", "", with("requestUid", uid)}, 400, v1.ProblemCodeInvalidParameter, ""},
		"a bad query":                {ask{"GET", email.PathStatus + "?status=%zz", "", "", with("requestUid", uid)}, 400, v1.ProblemCodeInvalidParameter, ""},
		"a form":                     {ask{"POST", email.PathSingle, "", oneEmail, with("Content-Type", "application/x-www-form-urlencoded")}, 415, v1.ProblemCodeUnsupportedMediaType, ""},
		"another encoding":           {ask{"POST", email.PathSingle, "", oneEmail, with("Content-Type", "application/json; charset=koi8-r")}, 415, v1.ProblemCodeUnsupportedMediaType, ""},
		"a packed one":               {ask{"POST", email.PathSingle, "", oneEmail, with("Content-Encoding", "gzip")}, 415, v1.ProblemCodeUnsupportedMediaType, ""},
		"a huge one":                 {ask{"POST", email.PathBatch, "", strings.Repeat("x", 4<<20+1), key}, 413, v1.ProblemCodeBodyTooLarge, ""},
		"another's sender":           {ask{"POST", email.PathSingle, "", strings.Replace(oneEmail, "noreply@health", "noreply@tax", 1), key}, 403, v1.ProblemCodeSenderForbidden, ""},
		"answers to elsewhere":       {ask{"POST", email.PathSingle, "", strings.Replace(oneEmail, "desk@health", "desk@evil", 1), key}, 403, v1.ProblemCodeSenderForbidden, ""},
		"on behalf of another":       {ask{"POST", email.PathSingle, "", strings.Replace(oneEmail, `"name":"Dr. A"`, `"onBehalfOfName":"Tax Office"`, 1), key}, 403, v1.ProblemCodeSenderForbidden, ""},
		"as another organisation":    {ask{"POST", email.PathSingle, "", strings.Replace(oneEmail, `"name":"Dr. A"`, `"organisationName":"Tax Office","onBehalfOfName":"Tax Office"`, 1), key}, 403, v1.ProblemCodeSenderForbidden, ""},
		"with another's number":      {ask{"POST", email.PathBatch, "", strings.Replace(oneEmail, `"name":"Dr. A"`, `"organisationRegNr":"Z","onBehalfOfRegNr":"Z"`, 1), key}, 403, v1.ProblemCodeSenderForbidden, ""},
		"a callback where none goes": {ask{"POST", email.PathSingle, "", strings.Replace(oneEmail, `{"senderInfo"`, `{"callback":{"URI":"https://10.0.0.1/"},"senderInfo"`, 1), key}, 400, v1.ProblemCodeInvalidRequest, ""},
		"a long transaction id":      {ask{"POST", email.PathSingle, "", oneEmail, with("Idempotency-Key", strings.Repeat("x", 129))}, 400, v1.ProblemCodeInvalidParameter, ""},
		"crier's own without token":  {ask{"POST", "/v1/rooms/newborn/messages", "", good, nil}, 401, v1.ProblemCodeTokenMissing, ""},
		"a key at crier's own":       {ask{"GET", "/v1/quota", "", "", key}, 401, v1.ProblemCodeTokenMissing, ""},
	} {
		e := newEngine()
		e.email()
		w := tc.ask.of(newServer(e))
		if strings.HasPrefix(tc.ask.path, "/v1/") {
			if p := problemIn(t, w); w.Code != tc.status || p.Code != tc.code {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
			continue
		}
		p := emailProblem(t, w)
		if w.Code != tc.status || p.Code != tc.code || w.Header().Get("Allow") != tc.allow {
			t.Errorf("%s: %d %s, Allow %q, want %d %s", name, w.Code, p.Code, w.Header().Get("Allow"), tc.status, tc.code)
		}
		if len(e.published) > 0 || len(e.handed) > 0 || len(e.noted) != 1 || e.noted[0].Status != audit.Failed || e.noted[0].Code != tc.status {
			t.Errorf("%s: done all the same, or not on record: %+v", name, e.noted)
		}
	}
}

// What went to one path under a key is not what comes to the other, even if the body is the same.
func TestKeyIsOfOnePath(t *testing.T) {
	e := newEngine()
	e.receipt.UMID, e.receipt.Duplicate = e.email(), true
	for path, want := range map[string]int{email.PathSingle: 200, email.PathBatch: 409} { // the first is on the lane of single e-mails
		if w := (ask{"POST", path, "", oneEmail, []string{"apiKey", goodKey, "Idempotency-Key", "1"}}).of(newServer(e)); w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// A repeat is answered as such on a node whose index does not know the first call yet.
func TestRepeatBeforeTheIndexKnows(t *testing.T) {
	e := newEngine()
	e.email()
	e.receipt.UMID, e.receipt.Duplicate = "01KAMVJVG0ZJ2C5YD3GZ7A8Q4Z", true
	w := (ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", goodKey, "Idempotency-Key", "1"}}).of(newServer(e))
	if w.Code != 200 || !strings.Contains(w.Body.String(), string(e.receipt.UMID)) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A refusal says what helps whoever has read this API's document alone.
func TestWordsOfRefusals(t *testing.T) {
	e := newEngine()
	e.email()
	s := newServer(e)
	for _, tc := range []struct {
		ask  ask
		want string
	}{
		{ask{"POST", email.PathSingle, "", oneEmail, nil}, "apiKey"},
		{ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", goodKey, "Content-Type", "text/xml"}}, "Send application/json"},
		{ask{"GET", email.PathStatus + "?status=delivered", "", "", []string{"apiKey", goodKey, "requestUid", "x"}}, "requestUid"},
		{ask{"POST", email.PathSingle, "hosp-8", oneEmail, nil}, "crier client key add"},
	} {
		w := tc.ask.of(s)
		if p := emailProblem(t, w); !strings.Contains(p.Title+" "+p.Detail, tc.want) || strings.Contains(w.Body.String(), "/v1/openapi") || strings.Contains(w.Body.String(), "UMID") {
			t.Errorf("%s %s: %s", tc.ask.method, tc.ask.path, w.Body)
		}
	}
}

// A replay with another body is a conflict; one that is blocked sends nothing.
func TestReplayedEmail(t *testing.T) {
	e := newEngine()
	e.email()
	e.err = publish.ErrConflict
	if w := (ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", goodKey, "Idempotency-Key", "1"}}).of(newServer(e)); w.Code != 409 || emailProblem(t, w).Code != v1.ProblemCodeTransactionConflict {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	e.err, e.published, e.blocked = nil, nil, []rooms.Blocked{{Client: "hosp-7"}}
	if w := (ask{"POST", email.PathSingle, "", oneEmail, []string{"apiKey", goodKey}}).of(newServer(e)); w.Code != 403 || emailProblem(t, w).Code != v1.ProblemCodeClientBlocked || len(e.published) > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The callback of a call is of its message alone; that there is what signs it is seen to.
func TestEmailCallback(t *testing.T) {
	e := newEngine()
	e.email()
	s := newServer(e)
	for i, at := range []string{"https://app.example/first", "https://app.example/second"} {
		body := strings.Replace(oneEmail, `{"senderInfo"`, `{"callback":{"URI":"`+at+`"},"senderInfo"`, 1)
		if w := (ask{"POST", email.PathSingle, "", body, []string{"apiKey", goodKey}}).of(s); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if got := e.published[i].Callback.Reveal(); got != at || len(e.signed) != i+1 {
			t.Errorf("told at %s, signed by %v", got, e.signed)
		}
	}
	if len(e.callbacks) != 0 {
		t.Errorf("the client is told elsewhere now: %+v", e.callbacks)
	}
}

// Whoever has a key alone reads and takes what answers his e-mails, and nobody else's.
func TestEmailReplies(t *testing.T) {
	e := newEngine()
	uid := e.email()
	s := newServer(e)
	key, about := []string{"apiKey", goodKey}, []string{"apiKey", goodKey, "requestUid", string(uid)}
	for _, tc := range []struct {
		method, path string
		header       []string
		status       int
		want         string
	}{
		{"GET", "/reply/email", key, 200, `"content":"Q2FuIEkgY29tZSBvbiBXZWRuZXNkYXk/"`}, {"GET", "/govstack/messaging/reply/email?limit=5", about, 200, `"next":"17"`},
		{"GET", "/reply/email?cursor=17", key, 200, `{"replies":[]}`}, {"GET", "/reply/email?cursor=x", key, 400, `"parameter":"cursor"`},
		{"GET", "/reply/email", []string{"apiKey", goodKey, "requestUid", umid}, 404, `"unknown_message"`},
		{"GET", "/reply/email", nil, 405, `"token_missing"`}, {"POST", "/reply/email", key, 405, `"method_not_allowed"`},
		{"GET", "/reply/email", []string{"apiKey", otherKey}, 403, `crier client key add`},
		{"DELETE", "/reply/email/17", key, 204, ""}, {"DELETE", "/reply/email/18", key, 404, `"unknown_reply"`}, {"DELETE", "/reply/email/x", key, 400, `"parameter":"reply"`},
		{"DELETE", "/reply/email/17", []string{"apiKey", "guessed"}, 401, `"key_invalid"`}, {"GET", "/reply/email/17", key, 405, ``},
	} {
		w := ask{tc.method, tc.path, "", "", tc.header}.of(s)
		if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.want) {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, w.Code, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", tc.method, tc.path)
		}
	}
	if len(e.recorded) != 1 || e.recorded[0].IDs["reply"] != "17" || e.recorded[0].Destination != "DELETE /reply/email/{reply}" {
		t.Errorf("on record: %+v", e.recorded)
	}
}

// An admin who makes a key is shown what signs the calls that its holder gets.
func TestKeyComesWithTheCallbackSecret(t *testing.T) {
	w := ask{"POST", "/v1/clients/hosp-7/keys", "root+admin", "", nil}.of(newServer(newEngine()))
	if w.Code != 201 || !strings.Contains(w.Body.String(), `"callbackSecret":"whsec_of_the_callbacks"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestEmailStatus(t *testing.T) {
	e := newEngine()
	uid := e.email()
	m := e.messages[uid]
	m.Counts = index.Counts{Pending: 1, Queued: 2, Sent: 3, Delivered: 4, Errored: 5}
	e.messages[uid] = m
	s := newServer(e)
	for query, want := range map[string]string{
		"status=scheduled&status=processing":                               `{"processing":5,"scheduled":1}`,
		"status%5B%5D=not%20sent&status%5B%5D=delivered&status[]=not_sent": `{"delivered":4,"not sent":0,"not_sent":0}`,
		"status=deferred,bounced,notSent":                                  `{"bounced":0,"deferred":5,"notSent":0}`,
	} {
		for _, header := range []string{"requestUid", "requestUID", "REQUESTUID"} {
			w := ask{"GET", "/govstack/messaging" + email.PathStatus + "?" + query, "", "", []string{"apiKey", goodKey, header, string(uid)}}.of(s)
			if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
		}
	}
}

// Two people may answer the same: only a call that comes again with its key is the same answer.
func TestEmailReply(t *testing.T) {
	e := newEngine()
	uid := e.email()
	s := newServer(e)
	for _, key := range []string{"", "", "1", "1", "2"} {
		header := []string{"apiKey", goodKey, "requestUID", string(uid)}
		if key != "" {
			header = append(header, "Idempotency-Key", key)
		}
		if w := (ask{"POST", email.PathCallback, "", answerToMail, header}).of(s); w.Code != 200 || !strings.Contains(w.Body.String(), string(uid)) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	ids := map[string]bool{}
	for _, h := range e.handed {
		ids[h.ID] = true
	}
	if len(e.handed) != 5 || len(ids) != 4 || e.handed[2].ID != e.handed[3].ID {
		t.Errorf("%+v", e.handed)
	}
	if one := e.handed[0]; one.Message.UMID != uid || one.Letter.Text.Reveal() != "Yes" || one.Letter.Subject.Reveal() != "Meta-info" {
		t.Errorf("%+v", one)
	}
	if len(e.recorded) != 5 || e.recorded[0].IDs["reply"] != "19" || e.recorded[0].IDs["umid"] != string(uid) {
		t.Errorf("on record: %+v", e.recorded)
	}
}

// The document and its page stand below the prefix, wherever that is; the page loads nothing.
func TestEmailDocuments(t *testing.T) {
	s := serverOn(newEngine(), Options{GovstackEmail: email.Options{Prefix: "/bb/messaging"}}, io.Discard)
	if w := (ask{"GET", "/bb/messaging/openapi.yaml", "", "", nil}).of(s); w.Code != 200 || w.Body.String() != string(email.Document("/bb/messaging")) || !strings.Contains(w.Body.String(), "{url: /bb/messaging}]") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
	w := ask{"GET", "/bb/messaging/docs", "", "", nil}.of(s)
	page := w.Body.String()
	if w.Code != 200 || !strings.Contains(page, "/send/email/batch") || !strings.Contains(page, `href="/bb/messaging/openapi.yaml"`) || strings.Contains(page, "<script") || strings.Contains(page, "<no value>") {
		t.Errorf("%d %.2000s", w.Code, page)
	}
	if w := (ask{"GET", "/govstack/messaging/docs", "", "", nil}).of(s); w.Code != 404 {
		t.Errorf("%d at the prefix that is not configured", w.Code)
	}
	if w := (ask{"GET", email.PathHealth, "", "", nil}).of(s); w.Code != 200 || !strings.Contains(w.Body.String(), `"ready"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	sick := serverOn(newEngine(), Options{}, io.Discard, Part{Name: "log", Ready: func(context.Context) error { return errors.New("no") }})
	if w := (ask{"GET", email.PathHealth, "", "", nil}).of(sick); w.Code != 503 || emailProblem(t, w).Code != v1.ProblemCodeNotReady {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
