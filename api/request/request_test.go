package request

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/templates"
)

func limits() Limits {
	return Limits{Now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), MaxExpiry: 168 * time.Hour}
}

// FuzzParseMessage: whatever comes, the parser either refuses it with faults that can be shown, or what it accepts holds
// everything that the steps after it rely on.
func FuzzParseMessage(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[1,2]`, `{"transactionId":"t","type":"reminder","content":{"text":"x"}}`,
		`{"transactionId":"t","type":"a","lane":"bulk","content":{"sms":"\u00e9"},"recipients":[{"email":"a@example.com","name":"A"},{"phone":"+996555000111"}],"expiresAt":"2026-11-23T09:00:00+06:00","reference":"r"}`,
		`{"transactionId":"t","type":"a","content":{"text":"x"},"from":{"email":"a@example.com","sms":"HEALTH"}}`, `{"from":{"sms":"+996312000111"}}`,
		`{"content" : {"text":"a","text":"b"}}`, `{"recipients":[[[[]]]]}`, `{"sendAt":{}}`, "{\"type\":\"\xff\"}", `{"a~b/c":1}`,
		`{"transactionId":"t","type":"a","content":{"text":"{{#a}}{{b}}{{/a}}","mustache":true,"languages":{"ky":{"sms":"{{a}}"}}},"recipients":[{"email":"a@example.com","phone":"+996555000111","channels":["sms","email"],"language":"ky","values":{"a":"1"}}]}`,
		`{"transactionId":"t","type":"a","content":{"text":"x"}}{}`, strings.Repeat(`{"content":`, 100),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		original := string(body)
		m, err := ParseMessage(body, limits())
		if string(body) != original {
			t.Fatal("the body was changed")
		}
		if err != nil {
			checkRefusal(t, err)
			return
		}
		checkMessage(t, m, original)
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Fatalf("an error of another kind: %v", err)
	}
	if p.Code != v1.ProblemCodeInvalidJSON && p.Code != v1.ProblemCodeInvalidRequest && p.Code != v1.ProblemCodeNotSupported {
		t.Errorf("code %s", p.Code)
	}
	if len(p.Faults) == 0 || len(p.Faults) > maxFaults {
		t.Errorf("%d faults", len(p.Faults))
	}
	for _, f := range p.Faults {
		if !v1.FaultCode(f.Code).Valid() || f.Detail == "" || len(f.Pointer) > maxPointer || !jsontext.Pointer(f.Pointer).IsValid() || !utf8.ValidString(f.Pointer) {
			t.Errorf("%+v", f)
		}
	}
}

func checkMessage(t *testing.T, m Message, body string) {
	t.Helper()
	if !strings.Contains(body, string(m.Content)) || !jsontext.Value(m.Content).IsValid() || m.Content[0] != '{' {
		t.Errorf("content %q is no part of the body", m.Content)
	}
	content, err := rooms.DecodeContent(m.Content)
	if err != nil || len(content.Check("")) > 0 {
		t.Errorf("content: %v, %v", err, content.Check(""))
	}
	if _, faults := templates.Compile(content, ""); len(faults) > 0 {
		t.Errorf("templates: %v", faults)
	}
	for _, c := range m.Recipients {
		if faults := Unsayable(m.Said, c, "", ""); len(faults) > 0 {
			t.Errorf("cannot be said: %v", faults)
		}
	}
	if _, err := rooms.ParseType(string(m.Type)); err != nil || m.Lane == "" {
		t.Errorf("type %q, lane %q", m.Type, m.Lane)
	}
	if m.TransactionID == "" || len([]rune(m.TransactionID)) > 128 || strings.ContainsAny(m.TransactionID+m.Reference, "\r\n\x00") {
		t.Errorf("transaction id %q, reference %q", m.TransactionID, m.Reference)
	}
	for _, c := range m.Recipients {
		if _, err := rooms.DecodeContact(c.Encode()); err != nil {
			t.Errorf("a contact that does not come back: %v", err)
		}
	}
	if !m.ExpiresAt.IsZero() && !m.ExpiresAt.After(limits().Now) {
		t.Errorf("expired at %s", m.ExpiresAt)
	}
}

func FuzzParseContact(f *testing.F) {
	f.Add([]byte(`{"email":"a@example.com","name":"A"}`))
	f.Add([]byte(`{"phone":"+996555000111"}`))
	f.Add([]byte(`{"phone":"+996555000111","email":"a@example.com","channels":["sms"],"language":"zh-Hans","attributes":{"child_1":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := ParseContact(body)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if _, err := rooms.DecodeContact(c.Encode()); err != nil {
			t.Errorf("a contact that does not come back: %v", err)
		}
	})
}

func FuzzParseRoom(f *testing.F) {
	f.Add([]byte(`{"name":"newborn","title":"T","admins":["a"],"publishers":[{"client":"b","direct":true}],"history":true}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		room, err := ParseNewRoom(body)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if _, err := rooms.ParseRoom(string(room.Name)); err != nil {
			t.Errorf("name %q", room.Name)
		}
	})
}

func FuzzParseSubscriptions(f *testing.F) {
	for _, body := range []string{
		`{"name":"ledger","lane":"bulk","type":"x","start":{"sequence":7},"ackWait":5,"maxDeliver":3}`, `{"name":"a","start":{"from":"new"}}`,
		`{"time":"2026-11-22T00:00:00+06:00"}`, `{"max":5,"wait":1}`, `{"acks":["x"],"naks":[{"ack":"y","delay":2}],"working":[]}`, `{"url":"https://app.example.org/"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, parse := range []func([]byte) error{
			func(b []byte) error { _, err := ParseConsumer(b); return err },
			func(b []byte) error { _, err := ParseStart(b); return err },
			func(b []byte) error { _, err := ParsePull(b); return err },
			func(b []byte) error { _, err := ParseAcks(b); return err },
			func(b []byte) error { _, err := ParseWebhook(b); return err },
		} {
			if err := parse(body); err != nil {
				checkRefusal(t, err)
			}
		}
	})
}

func TestFaultsAreCollected(t *testing.T) {
	_, err := ParseMessage([]byte(`{"transactionId":1,"type":"A","lane":"x","content":{"text":1,"html":2},"recipients":[{"email":"x"},{"phone":"y","name":"\n"}],"x":[[[]]]}`), limits())
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range p.Faults {
		got = append(got, f.Pointer)
	}
	const want = "/transactionId /type /lane /content/text /content/html /recipients/0/email /recipients/1/phone /recipients/1/name /x"
	if strings.Join(got, " ") != want {
		t.Errorf("%s", got)
	}
}

func TestFaultsDoNotRepeatTheInput(t *testing.T) {
	for _, body := range []string{
		`{"transactionId":"zaphod\n","type":"zaphod!","lane":"zaphod","content":{"subject":"zaphod\n","text":"zaphod\u0000"},"recipients":[{"email":"zaphod"},{"phone":"zaphod","name":"zaphod\n"}],"expiresAt":"zaphod","reference":"zaphod\n"}`,
		`zaphod`, `{"reference":"zaphod`, `{"reference":"zaphod"]`, `{"reference":zaphod}`,
	} {
		_, err := ParseMessage([]byte(body), limits())
		var p *problem.Error
		if !errors.As(err, &p) {
			t.Fatal(err)
		}
		for _, f := range p.Faults {
			if strings.Contains(f.Detail, "zaphod") {
				t.Errorf("%+v", f)
			}
		}
	}
}

func TestTenThousandRecipients(t *testing.T) {
	var list []string
	for i := range MaxRecipients {
		list = append(list, `{"phone":"+4179`+string(rune('0'+i/1000%10))+string(rune('0'+i/100%10))+string(rune('0'+i/10%10))+string(rune('0'+i%10))+`000"}`)
	}
	m, err := ParseMessage([]byte(`{"transactionId":"t","type":"a","content":{"sms":"x"},"recipients":[`+strings.Join(list, ",")+`]}`), limits())
	if err != nil || len(m.Recipients) != MaxRecipients {
		t.Errorf("%d recipients, %v", len(m.Recipients), err)
	}
}

func BenchmarkParseMessage(b *testing.B) {
	body := []byte(`{"transactionId":"hosp-7-2026-0042","type":"reminder","lane":"normal","content":{"subject":"Vaccination","text":"` + strings.Repeat("Please come. ", 23) + `"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseMessage(body, limits()); err != nil {
			b.Fatal(err)
		}
	}
}
