package httpsms_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/httpsms"
	"github.com/govcrier/crier/channels/httpsms/httpsmstest"
	"github.com/govcrier/crier/rooms"
)

// heard is what somebody who listens was told.
type heard struct {
	receipts []channels.Receipt
	texts    []rooms.Inbound
	fail     error
}

// listen has p's calls heard, from when it returns.
func listen(t testing.TB, p *httpsms.Provider) *heard {
	t.Helper()
	h := &heard{}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() {
		_ = p.Receipts(ctx, func(_ context.Context, r channels.Receipt) error {
			if h.fail == nil {
				h.receipts = append(h.receipts, r)
			}
			return h.fail
		})
		done <- struct{}{}
	}()
	go func() {
		_ = p.Inbound(ctx, func(_ context.Context, in rooms.Inbound) error {
			if h.fail == nil {
				h.texts = append(h.texts, in)
			}
			return h.fail
		})
		done <- struct{}{}
	}()
	t.Cleanup(func() { cancel(); <-done; <-done })
	for httpsms.Listeners(p) < 2 {
		if t.Context().Err() != nil {
			t.Fatal("nobody listens")
		}
		runtime.Gosched()
	}
	return h
}

func acmeProvider(t testing.TB) (*httpsms.Provider, *tokens) {
	k := newTokens()
	o := options(t, acme)
	o.Request.URL, o.SecretFile, o.SigningFile = "http://127.0.0.1:1", file(t, httpsmstest.Key), file(t, httpsmstest.Signing)
	p, _ := provider(t, o, deps(k))
	return p, k
}

const receiptPath = "/v1/inlets/acme/receipt"

func events(list ...string) string { return `{"events":[` + strings.Join(list, ",") + `]}` }

func TestReceipts(t *testing.T) {
	p, k := acmeProvider(t)
	body := events(`{"id":"acme-7","state":"delivered","error":null}`)
	post := func(at, body string) int {
		return front(p, "POST", at, body, httpsmstest.Sign(httpsmstest.Signing, time.Now(), body)).Code
	}
	if got := post(receiptPath, body); got != 503 {
		t.Errorf("nobody listens: %d, want 503", got)
	}
	h := listen(t, p)
	d := delivery(t, "+996555000111")
	d.Round, d.Attempt = 1, 2
	token := k.sign(d)
	for _, tc := range []struct {
		at, body string
		want     int
		told     channels.Receipt
	}{
		{receiptPath, body, 204, channels.Receipt{ProviderID: "acme-7", Status: rooms.Delivered}},
		{receiptPath + "?token=" + token, body, 204, channels.Receipt{ID: d.ID, Round: 1, Attempt: 2, Room: "newborn", ProviderID: "acme-7", Status: rooms.Delivered}},
		{receiptPath + "?token=" + token, events(`{"state":"undelivered","error":{"number":30003}}`), 204,
			channels.Receipt{ID: d.ID, Round: 1, Attempt: 2, Room: "newborn", Status: rooms.Failed, Reason: rooms.NoMailbox, Code: "30003"}},
		{receiptPath, events(`{"id":"acme-7","state":"sent"}`), 204, channels.Receipt{}},
		{receiptPath, events(`{"id":"acme-7","state":"who knows"}`), 204, channels.Receipt{}},
		{receiptPath, events(), 204, channels.Receipt{}},
		{receiptPath, events(`{"id":"acme-7"}`), 400, channels.Receipt{}},
		{receiptPath, events(`{"state":"delivered"}`), 400, channels.Receipt{}},
		{receiptPath, `{"events":7}`, 400, channels.Receipt{}},
		{receiptPath, `{"events":[`, 400, channels.Receipt{}},
		{receiptPath, ``, 400, channels.Receipt{}},
		{receiptPath + "?token=forged", body, 403, channels.Receipt{}},
		{receiptPath + "?token=" + token + "&token=" + token, body, 403, channels.Receipt{}},
		{"/v1/inlets/acme/else", body, 404, channels.Receipt{}},
		{receiptPath, events(strings.Repeat(`{"id":"a","state":"sent"},`, 1000) + `{"id":"a","state":"sent"}`), 400, channels.Receipt{}},
		{receiptPath, strings.Repeat(" ", 10<<20), 413, channels.Receipt{}},
	} {
		h.receipts = nil
		if got := post(tc.at, tc.body); got != tc.want {
			t.Errorf("%s %.80s: %d, want %d", tc.at, tc.body, got, tc.want)
		}
		if tc.told.Status == "" {
			if len(h.receipts) > 0 {
				t.Errorf("%s %.80s: %+v was heard", tc.at, tc.body, h.receipts)
			}
			continue
		}
		tc.told.Channel = rooms.SMS
		if len(h.receipts) != 1 {
			t.Fatalf("%s %.80s: %d were heard", tc.at, tc.body, len(h.receipts))
		}
		got := h.receipts[0]
		if time.Since(got.At) > time.Minute {
			t.Errorf("at %s", got.At)
		}
		got.At = time.Time{}
		if !reflect.DeepEqual(got, tc.told) {
			t.Errorf("%s %.80s: %+v, want %+v", tc.at, tc.body, got, tc.told)
		}
	}
	h.fail = errors.New("not durable")
	if got := post(receiptPath, body); got != 503 {
		t.Errorf("not durable: %d, want 503", got)
	}
}

func TestInboundTexts(t *testing.T) {
	p, _ := acmeProvider(t)
	h := listen(t, p)
	at := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	text := func(id, from, to, text string) string {
		b, err := json.Marshal(map[string]any{"id": id, "from": from, "to": to, "text": text, "at": at.Unix()})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	post := func(body string) *httptest.ResponseRecorder {
		return front(p, "POST", "/v1/inlets/acme/inbound", body, httpsmstest.Sign(httpsmstest.Signing, time.Now(), body))
	}
	w := post(`{"texts":[` + text("m1", "+996555000111", "996312000000", "STOP") + `,` + text("m2", " 996555000112", "1818", sly) + `,` + text("m3", "BANK", "1818", "offer") + `]}`)
	if w.Code != 200 || w.Body.String() != "thanks" || w.Header().Get("Content-Type") != "text/plain" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(h.texts) != 2 {
		t.Fatalf("%d were heard, want the two from numbers", len(h.texts))
	}
	for i, want := range [][4]string{{"acme:m1", "+996555000111", "+996312000000", "STOP"}, {"acme:m2", "+996555000112", "1818", sly}} {
		in := h.texts[i]
		if got := [4]string{in.ID, in.From.Reveal(), in.To.Reveal(), in.Text.Reveal()}; got != want || !in.At.Equal(at) || in.Provider != "acme" || in.Channel != rooms.SMS || in.Kind != rooms.InboundReply {
			t.Errorf("%q at %s, want %q at %s", got, in.At, want, at)
		}
	}
	for _, bad := range []string{`{"texts":[{"from":"+996555000111","text":"x"}]}`, `{"texts":[{"id":"a b","from":"+996555000111","text":"x"}]}`, `{"texts":[{"id":"a","text":"x"}]}`, `{"events":[]}`} {
		if w := post(bad); w.Code != 400 {
			t.Errorf("%s: %d, want 400", bad, w.Code)
		}
	}
	h.fail = errors.New("not durable")
	if w := post(`{"texts":[` + text("m1", "+996555000111", "", "x") + `]}`); w.Code != 503 {
		t.Errorf("not durable: %d, want 503", w.Code)
	}
}

// Whoever is not the provider is told 403 and nothing else, whatever he gets right.
func TestForeignCalls(t *testing.T) {
	p, k := acmeProvider(t)
	h := listen(t, p)
	token := k.sign(delivery(t, "+996555000111"))
	body := events(`{"id":"acme-7","state":"delivered"}`)
	now := time.Now()
	good := func(change func(http.Header)) http.Header {
		header := httpsmstest.Sign(httpsmstest.Signing, now, body)
		change(header)
		return header
	}
	for name, header := range map[string]http.Header{
		"unsigned":      {"Content-Type": {"application/json"}},
		"another key":   httpsmstest.Sign("guess", now, body),
		"an empty key":  httpsmstest.Sign("", now, body),
		"another body":  httpsmstest.Sign(httpsmstest.Signing, now, body+" "),
		"replayed":      httpsmstest.Sign(httpsmstest.Signing, now.Add(-6*time.Minute), body),
		"of the future": httpsmstest.Sign(httpsmstest.Signing, now.Add(6*time.Minute), body),
		"stamped anew":  good(func(h http.Header) { h.Set(httpsmstest.Stamp, fmt.Sprint(now.Unix()+1)) }),
		"without stamp": good(func(h http.Header) { h.Del(httpsmstest.Stamp) }),
		"without prefix": good(func(h http.Header) {
			h.Set(httpsmstest.Signature, strings.TrimPrefix(h.Get(httpsmstest.Signature), "v1="))
		}),
		"cut":                 good(func(h http.Header) { h.Set(httpsmstest.Signature, h.Get(httpsmstest.Signature)[:20]) }),
		"empty":               good(func(h http.Header) { h.Set(httpsmstest.Signature, "v1=") }),
		"a second signature":  good(func(h http.Header) { h.Add(httpsmstest.Signature, "v1=00") }),
		"the sender's secret": {"Authorization": {"Bearer " + httpsmstest.Key}},
	} {
		w := front(p, "POST", receiptPath+"?token="+token, body, header)
		if w.Code != 403 || w.Body.Len() > 0 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if len(h.receipts) > 0 {
		t.Errorf("%d were heard", len(h.receipts))
	}
	if w := front(p, "POST", receiptPath+"?token="+token, body, good(func(http.Header) {})); w.Code != 204 || len(h.receipts) != 1 {
		t.Errorf("the provider itself: %d", w.Code)
	}
}

// verifier is a provider that hears plain forms, and proves itself in some way.
func verifier(t testing.TB, verify string) (*httpsms.Provider, *heard) {
	t.Helper()
	o := options(t, "request: {url: 'https://x.example'}\nreceipt: {id: 'form:id', status: 'form:state', statuses: {ok: delivered}}\nverify: "+verify)
	o.SigningFile = file(t, "s3cret")
	p, err := httpsms.New(o, deps(newTokens()))
	if err != nil {
		t.Fatal(err)
	}
	p.Serve("https://crier.example.org")
	return p, listen(t, p)
}

func TestWaysOfProof(t *testing.T) {
	const body, form = "state=ok&id=7", "application/x-www-form-urlencoded"
	mac := func(hash string, over string) []byte {
		h := hmac.New(sha256.New, []byte("s3cret"))
		if hash == "sha1" {
			h = hmac.New(sha1.New, []byte("s3cret"))
		}
		h.Write([]byte(over))
		return h.Sum(nil)
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("acme:s3cret"))
	for _, tc := range []struct {
		name, verify, query string
		header              http.Header
		want                int
	}{
		{"body", "{kind: hmac, name: X-Sig}", "", http.Header{"X-Sig": {hex.EncodeToString(mac("", body))}}, 204},
		{"body, upper case", "{kind: hmac, name: X-Sig}", "", http.Header{"X-Sig": {strings.ToUpper(hex.EncodeToString(mac("", body)))}}, 204},
		{"URL and fields", "{kind: hmac, hash: sha1, coding: base64, name: X-Sig, over: [url, form]}", "?a=b%20c",
			http.Header{"X-Sig": {base64.StdEncoding.EncodeToString(mac("sha1", "https://crier.example.org/v1/inlets/acme/receipt?a=b%20cid7stateok"))}}, 204},
		{"another URL", "{kind: hmac, hash: sha1, coding: base64, name: X-Sig, over: [url, form]}", "?a=c",
			http.Header{"X-Sig": {base64.StdEncoding.EncodeToString(mac("sha1", "https://crier.example.org/v1/inlets/acme/receipt?a=bid7stateok"))}}, 403},
		{"basic", "{kind: basic, name: acme}", "", http.Header{"Authorization": {basic}}, 204},
		{"basic, another user", "{kind: basic, name: ecma}", "", http.Header{"Authorization": {basic}}, 403},
		{"no basic", "{kind: basic, name: acme}", "", http.Header{}, 403},
		{"header", "{kind: header, name: X-Key, prefix: 'Key '}", "", http.Header{"X-Key": {"Key s3cret"}}, 204},
		{"another header", "{kind: header, name: X-Key}", "", http.Header{"X-Key": {"s3cre"}}, 403},
		{"query", "{kind: query, name: key}", "?key=s3cret", http.Header{}, 204},
		{"query, twice", "{kind: query, name: key}", "?key=s3cret&key=s3cret", http.Header{}, 403},
		{"query, not", "{kind: query, name: key}", "?key=", http.Header{}, 403},
		{"network", "{networks: [192.0.2.0/24]}", "", http.Header{}, 204},
		{"another network", "{networks: [198.51.100.0/24]}", "", http.Header{}, 403},
		{"secret, and another network", "{kind: query, name: key, networks: [198.51.100.0/24]}", "?key=s3cret", http.Header{}, 403},
	} {
		p, h := verifier(t, tc.verify)
		tc.header.Set("Content-Type", form)
		w := front(p, "POST", receiptPath+tc.query, body, tc.header) // from 192.0.2.1
		if w.Code != tc.want || (len(h.receipts) == 1) != (tc.want == 204) {
			t.Errorf("%s: %d, %d heard", tc.name, w.Code, len(h.receipts))
		}
	}
	p, h := verifier(t, "{kind: query, name: key}")
	if w := front(p, "GET", receiptPath+"?key=s3cret&"+body, "", http.Header{}); w.Code != 204 || len(h.receipts) != 1 {
		t.Errorf("by GET: %d, %d heard", w.Code, len(h.receipts))
	}
}

// token is a JSON Web Token.
func token(key, header, claims string) string {
	b := base64.RawURLEncoding
	text := b.EncodeToString([]byte(header)) + "." + b.EncodeToString([]byte(claims))
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return text + "." + b.EncodeToString(h.Sum(nil))
}

func TestSignedTokens(t *testing.T) {
	const body, head = "state=ok&id=7", `{"alg":"HS256","typ":"JWT"}`
	p, _ := verifier(t, "{kind: jwt}")
	sum := sha256.Sum256([]byte(body))
	now := time.Now().Unix()
	claims := fmt.Sprintf(`{"iat":%d,"payload_hash":"%x","iss":"x"}`, now, sum)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "."
	for name, tc := range map[string]struct {
		value string
		want  int
	}{
		"good":            {"Bearer " + token("s3cret", head, claims), 204},
		"small letters":   {"bearer " + token("s3cret", head, claims), 204},
		"another key":     {"Bearer " + token("s3cre", head, claims), 403},
		"no algorithm":    {"Bearer " + none, 403},
		"another one":     {"Bearer " + token("s3cret", `{"alg":"HS512"}`, claims), 403},
		"critical":        {"Bearer " + token("s3cret", `{"alg":"HS256","crit":["x"]}`, claims), 403},
		"another body":    {"Bearer " + token("s3cret", head, fmt.Sprintf(`{"iat":%d,"payload_hash":"%x"}`, now, sha256.Sum256(nil))), 403},
		"without hash":    {"Bearer " + token("s3cret", head, fmt.Sprintf(`{"iat":%d}`, now)), 403},
		"without time":    {"Bearer " + token("s3cret", head, fmt.Sprintf(`{"payload_hash":"%x"}`, sum)), 403},
		"old":             {"Bearer " + token("s3cret", head, fmt.Sprintf(`{"iat":%d,"payload_hash":"%x"}`, now-301, sum)), 403},
		"expired":         {"Bearer " + token("s3cret", head, fmt.Sprintf(`{"iat":%d,"exp":%d,"payload_hash":"%x"}`, now, now-1, sum)), 403},
		"not JSON":        {"Bearer " + token("s3cret", head, "x"), 403},
		"another scheme":  {"Basic " + token("s3cret", head, claims), 403},
		"nothing":         {"", 403},
		"no token at all": {"Bearer a.b.c", 403},
	} {
		w := front(p, "POST", receiptPath, body, http.Header{"Authorization": {tc.value}, "Content-Type": {"application/x-www-form-urlencoded"}})
		if w.Code != tc.want {
			t.Errorf("%s: %d, want %d", name, w.Code, tc.want)
		}
	}
}
