package client_test

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/govcrier/crier/api/client"
)

const oneMessage = `{"transactionId":"t-1"}`

// partsOf gives what stands in a form that was sent, in order.
func partsOf(t *testing.T, r *http.Request, body string) (parts []string) {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	for form := multipart.NewReader(strings.NewReader(body), parameters["boundary"]); ; {
		p, err := form.NextRawPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(p)
		parts = append(parts, p.FormName()+" "+p.Header.Get("Content-Type")+" "+string(text))
	}
}

// A publish with a file is repeated byte for byte until it is answered.
func TestPublishFileIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{}, problem(503, "unavailable"), {status: 202, body: `{"umid":"01KAMVJVG0ZJ2C5YD3GZ7A8Q4M","faulty":1,"rows":[{"line":3,"errors":[]}]}`}}}
		receipt, err := s.client().PublishFile(t.Context(), "newborn", []byte(oneMessage), client.File{CSV: true, Rows: []byte("email\na\n"), SkipFaulty: true})
		if err != nil || receipt.Faulty != 1 || receipt.Rows[0].Line != 3 || len(s.bodies) != 3 || s.bodies[0] != s.bodies[2] {
			t.Fatalf("%+v, %v after %d", receipt, err, len(s.bodies))
		}
		if r := s.asked[2]; r.URL.Path != "/v1/rooms/newborn/messages" || r.URL.RawQuery != "faulty=skip" || r.Header.Get("Accept") != "application/json" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		if got := strings.Join(partsOf(t, s.asked[0], s.bodies[0]), "|"); got != "message application/json "+oneMessage+"|recipients text/csv email\na\n" {
			t.Errorf("%q", got)
		}
	})
}

func TestPreview(t *testing.T) {
	s := &script{answers: []answer{{status: 200, body: `{"recipients":3}`}}}
	c := s.client()
	if p, err := c.Preview(t.Context(), "newborn", []byte(oneMessage)); err != nil || p.Recipients != 3 || s.bodies[0] != oneMessage || s.asked[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v, %v, sent %q", p, err, s.bodies[0])
	}
	if p, err := c.PreviewFile(t.Context(), "newborn", []byte(oneMessage), client.File{Rows: []byte("{}\n")}); err != nil || p.Recipients != 3 {
		t.Errorf("%+v, %v", p, err)
	}
	if got := partsOf(t, s.asked[1], s.bodies[1]); s.asked[1].URL.Path != "/v1/rooms/newborn/messages/preview" || got[1] != "recipients application/x-ndjson {}\n" {
		t.Errorf("%s %q", s.asked[1].URL, got)
	}
}

func TestUploadOfATable(t *testing.T) {
	s := &script{answers: []answer{{status: 200, body: `{"line":2,"errors":[]}` + "\n" + `{"added":0,"existing":0,"faulty":1,"good":4}`}}}
	sums, err := s.client().AddSubscribers(t.Context(), "newborn", strings.NewReader("email\n"), client.Upload{CSV: true, Preview: true})
	if err != nil || sums.Good != 4 || sums.Faulty != 1 {
		t.Errorf("%+v, %v", sums, err)
	}
	if r := s.asked[0]; r.Header.Get("Content-Type") != "text/csv" || r.URL.RawQuery != "preview=true" {
		t.Errorf("%s %v", r.URL, r.Header)
	}
}
