package api

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// formOf is a form of these parts: a name, a type and what stands there.
func formOf(parts ...string) (kind, body string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+2 < len(parts); i += 3 {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + parts[i] + `"; filename="x.csv"`}}
		if parts[i+1] != "" {
			h.Set("Content-Type", parts[i+1])
		}
		p, _ := w.CreatePart(h)
		_, _ = io.WriteString(p, parts[i+2])
	}
	_ = w.Close()
	return w.FormDataContentType(), b.String()
}

func sendForm(s *Server, path, token string, parts ...string) (int, string) {
	kind, body := formOf(parts...)
	w := ask{"POST", "/v1/rooms/newborn/messages" + path, token, body, []string{"Content-Type", kind}}.of(s)
	return w.Code, w.Body.String()
}

const toParents = `{"transactionId":"t-1","type":"reminder","content":{"text":"{{child}}","mustache":true}}`

func TestRecipientsInAFile(t *testing.T) {
	for name, parts := range map[string][]string{
		"CSV":           {"message", "application/json", toParents, "recipients", "text/csv", "email;child\na@example.com;Bek\nb@example.com;Cholpon\n"},
		"CSV by name":   {"recipients", "application/octet-stream", "email;child\na@example.com;Bek\nb@example.com;Cholpon\n", "message", "application/json; charset=utf-8", toParents},
		"without type":  {"recipients", "", "email;child\na@example.com;Bek\nb@example.com;Cholpon\n", "message", "application/json", toParents},
		"NDJSON":        {"message", "application/json", toParents, "recipients", "application/x-ndjson", `{"email":"a@example.com","values":{"child":"Bek"}}` + "\n" + `{"email":"b@example.com","values":{"child":"Cholpon"}}`},
		"other framing": {"message", "application/json", toParents, "recipients", "text/csv", "email;child\na@example.com;Bek\nb@example.com;Cholpon\n"},
	} {
		e := newEngine()
		code, answer := sendForm(newServer(e), "", "hosp-7", parts...)
		if code != 202 || len(e.published) != 1 {
			t.Errorf("%s: %d %s", name, code, answer)
			continue
		}
		r := e.published[0]
		if !r.Direct || len(r.Recipients) != 2 || r.Recipients[1].Values["child"].Reveal() != "Cholpon" || string(r.Content) != `{"text":"{{child}}","mustache":true}` {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// The same parts are the same request, though each form has a boundary of its own; others are not.
func TestFormIsKnownAgain(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	file := "email;child\na@example.com;Bek\n"
	for _, parts := range [][]string{
		{"message", "application/json", toParents, "recipients", "text/csv", file}, {"message", "application/json", toParents, "recipients", "text/csv", file},
		{"message", "application/json", toParents, "recipients", "text/csv", file + "\n"},
		{"message", "application/json", toParents + " ", "recipients", "text/csv", file},
	} {
		if code, answer := sendForm(s, "", "hosp-7", parts...); code != 202 {
			t.Fatalf("%d %s", code, answer)
		}
	}
	raw := func(n int) string { return string(e.published[n].Raw) }
	if raw(0) != raw(1) || raw(0) == raw(2) || raw(0) == raw(3) || raw(2) == raw(3) {
		t.Errorf("%q", []string{raw(0), raw(1), raw(2), raw(3)})
	}
}

func TestFaultyRows(t *testing.T) {
	const file = "email;child\na@example.com;Bek\nzaphod;Bek\nb@example.com;\nA@example.com;Zaphod\nc@example.com;Zaphod;x\n"
	want := []string{"3 /email invalid_address", "4 /child missing", "5  duplicate_recipient", "6  field_count"}
	form := []string{"message", "application/json", toParents, "recipients", "text/csv", file}
	list := func(rows []v1.FaultyRow) string {
		var got []string
		for _, r := range rows {
			for _, f := range r.Errors {
				got = append(got, fmt.Sprintf("%d %s %s", r.Line, f.Pointer, f.Code))
			}
		}
		return strings.Join(got, "\n")
	}
	e := newEngine()
	s := newServer(e)
	code, answer := sendForm(s, "", "hosp-7", form...)
	var p v1.Problem
	if err := json.Unmarshal([]byte(answer), &p); err != nil || code != 400 || p.Code != "invalid_request" || p.Faulty != 4 || list(p.Rows) != strings.Join(want, "\n") || e.count() != 0 {
		t.Errorf("%d %s, %d published", code, answer, e.count())
	}
	code, skipped := sendForm(s, "?faulty=skip", "hosp-7", form...)
	var r v1.Receipt
	if err := json.Unmarshal([]byte(skipped), &r); err != nil || code != 202 || r.Faulty != 4 || list(r.Rows) != strings.Join(want, "\n") || len(e.published[0].Recipients) != 1 {
		t.Errorf("%d %s", code, skipped)
	}
	if strings.Contains(strings.ToLower(answer+skipped), "zaphod") {
		t.Errorf("a cell is repeated: %s %s", answer, skipped)
	}
	if code, answer := sendForm(s, "?faulty=skip", "hosp-7", "message", "application/json", toParents, "recipients", "text/csv", "email\na@example.com\n"); code != 400 {
		t.Errorf("nobody is left: %d %s", code, answer)
	}
}

func TestFaultyRowsAreCountedBeyondTheFirst(t *testing.T) {
	code, answer := sendForm(newServer(newEngine()), "", "hosp-7", "message", "application/json", good, "recipients", "text/csv", "email\n"+strings.Repeat("x\n", 3000))
	var p v1.Problem
	if err := json.Unmarshal([]byte(answer), &p); err != nil || code != 400 || p.Faulty != 3000 || len(p.Rows) != 1000 {
		t.Errorf("%d, %d faulty, %d named", code, p.Faulty, len(p.Rows))
	}
}

func TestBadForms(t *testing.T) {
	const file = "email\na@example.com\n"
	for name, tc := range map[string]struct {
		path, token string
		parts       []string
		want        string
	}{
		"no message":          {"", "hosp-7", []string{"recipients", "text/csv", file}, "400 missing /message"},
		"no recipients":       {"", "hosp-7", []string{"message", "application/json", good}, "400 missing /recipients"},
		"another part":        {"", "hosp-7", []string{"message", "application/json", good, "zaphod", "text/csv", file}, "400 unknown_member "},
		"message twice":       {"", "hosp-7", []string{"message", "application/json", good, "message", "application/json", good}, "400 unknown_member "},
		"a spreadsheet":       {"", "hosp-7", []string{"message", "application/json", good, "recipients", "application/vnd.ms-excel", file}, "415"},
		"another charset":     {"", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv; charset=windows-1251", file}, "415"},
		"a message in text":   {"", "hosp-7", []string{"message", "text/plain", good, "recipients", "text/csv", file}, "415"},
		"recipients in both":  {"", "hosp-7", []string{"message", "application/json", with(`"recipients":[{"email":"a@example.com"}]`), "recipients", "text/csv", file}, "400 invalid_value /recipients"},
		"bad message":         {"", "hosp-7", []string{"message", "application/json", "{", "recipients", "text/csv", file}, "400 syntax "},
		"no header":           {"", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", "a@example.com\n"}, "400 1 invalid_name"},
		"empty file":          {"", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", ""}, "400 missing /recipients"},
		"too many":            {"", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", "phone\n+996555000111\n+996555000112\n+996555000113\n+996555000114\n"}, "400 too_many /recipients"},
		"not direct":          {"", "hosp-8", []string{"message", "application/json", good, "recipients", "text/csv", file}, "403"},
		"unknown instruction": {"?faulty=drop", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", file}, "400 invalid_value faulty"},
		"two instructions":    {"?faulty=skip&faulty=skip", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", file}, "400 invalid_value faulty"},
		"bad query":           {"?faulty=%zz", "hosp-7", []string{"message", "application/json", good, "recipients", "text/csv", file}, "400 invalid_value query"},
	} {
		e := newEngine()
		code, answer := sendForm(serverOn(e, Options{MaxRecipients: 3}, io.Discard), tc.path, tc.token, tc.parts...)
		var p v1.Problem
		if err := json.Unmarshal([]byte(answer), &p); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(code)
		for _, f := range p.Errors {
			got += " " + string(f.Code) + " " + f.Pointer + f.Parameter
		}
		for _, r := range p.Rows {
			got += fmt.Sprintf(" %d %s", r.Line, r.Errors[0].Code)
		}
		if got != tc.want || e.count() > 0 || strings.Contains(answer, "zaphod") {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestFormThatBreaksOff(t *testing.T) {
	kind, body := formOf("message", "application/json", good, "recipients", "text/csv", "email\na@example.com\n")
	s := newServer(newEngine())
	for _, cut := range []int{0, 10, len(body) / 2, len(body) - 10} {
		w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", body[:cut], []string{"Content-Type", kind}}.of(s)
		if w.Code != 400 {
			t.Errorf("after %d of %d bytes: %d %s", cut, len(body), w.Code, w.Body)
		}
	}
	if w := (ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", body, []string{"Content-Type", "multipart/form-data"}}).of(s); w.Code != 415 {
		t.Errorf("without boundary: %d", w.Code)
	}
}

// FuzzForm: whatever the form, it is refused with faults that can be shown, or all that it names can be reached.
func FuzzForm(f *testing.F) {
	_, body := formOf("message", "application/json", toParents, "recipients", "text/csv", "email;child\na@example.com;Bek\n")
	boundary, _, _ := strings.Cut(body, "\r\n")
	f.Add(strings.ReplaceAll(body, boundary, "--x"))
	f.Add("--x\r\nContent-Disposition: form-data; name=message\r\n\r\n{}\r\n--x--")
	f.Fuzz(func(t *testing.T, body string) {
		e := newEngine()
		w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", body, []string{"Content-Type", "multipart/form-data; boundary=x"}}.of(newServer(e))
		switch w.Code {
		case 202:
			if r := e.published[0]; !r.Direct || len(r.Recipients) == 0 {
				t.Errorf("%+v", r)
			}
		case 400, 415, 422:
			problemIn(t, w)
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func TestUploadOfATable(t *testing.T) {
	for query, want := range map[string]string{
		"":              `{"added":2,"existing":0,"left":0,"faulty":1}`,
		"?preview=true": `{"added":0,"existing":0,"left":0,"faulty":1,"good":2}`,
	} {
		e := newEngine()
		w := ask{"POST", "/v1/rooms/newborn/subscribers" + query, "boss", "email,phone,channels,district\na@example.com,+996555000111,sms email,Osh\nzaphod,,,\nb@example.com,,,\n", []string{"Content-Type", "text/csv"}}.of(newServer(e))
		lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
		if w.Code != 200 || len(lines) != 2 || !strings.Contains(lines[0], `"line":3`) || !sameJSON(t, []byte(lines[1]), want) || strings.Contains(lines[0], "zaphod") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if query != "" {
			if len(e.contacts) != 0 || len(e.recorded) != 0 {
				t.Error("a preview has stored something")
			}
			continue
		}
		if c := e.contacts[0]; c.Channel != "sms" || len(c.Others) != 1 || c.Values["district"].Reveal() != "Osh" {
			t.Errorf("%+v", c)
		}
	}
	for query, body := range map[string]string{"": "a@example.com\n", "?preview=1": "email\n"} {
		if w := (ask{"POST", "/v1/rooms/newborn/subscribers" + query, "boss", body, []string{"Content-Type", "text/csv"}}).of(newServer(newEngine())); w.Code != 400 {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
}
