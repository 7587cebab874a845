package rooms

import (
	"errors"
	"strings"
	"testing"
)

func email(t testing.TB, s string) Address {
	t.Helper()
	if s == "" {
		return Address{}
	}
	a, err := ParseEmail(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a
}

func TestSenderEmail(t *testing.T) {
	for given, want := range map[string]string{
		"noreply@health.example": "noreply@health.example", "NoReply@Health.Example": "noreply@health.example",
		"*@health.example": "*@health.example", "info@xn--bcher-kva.example": "info@xn--bcher-kva.example",
		"": "", "*": "", "*@": "", "*@health": "", "no*@health.example": "", "**@health.example": "", "info@*.example": "",
		"info@bücher.example": "", "info@heаlth.example": "", "ínfo@health.example": "", // the second has a Cyrillic а
		"a@b.example\r\nBcc: c@d.example": "", "Health <info@health.example>": "", "info@health.example ": "",
	} {
		if got, err := ParseSenderEmail(given); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
}

func TestSenderID(t *testing.T) {
	for given, good := range map[string]bool{
		"HEALTH": true, "Health 7": true, "12345678901": false, "A2345678901": true, "A23456789012": false, "+996312000111": true,
		"": false, " HEALTH": false, "HEALTH ": false, "HE  ALTH": false, "HEALTH\n": false, "HÉALTH": false, "НEALTH": false, "1234": false,
		"+": false, "+99631200011122233": false, "HEALTH.": false,
	} {
		if _, err := ParseSenderID(given); (err == nil) != good {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func TestOrganisation(t *testing.T) {
	for given, good := range map[string]bool{
		"Ministry of Health": true, "Саламаттык сактоо министрлиги": true, "": false, " Health": false, "Health\r\nBcc: a@b.example": false,
		"htlaeH \u202e": false, "a\u2028b": false, strings.Repeat("ы", 200): true, strings.Repeat("ы", 201): false, "\xff": false,
	} {
		if _, err := ParseOrganisation(given); (err == nil) != good {
			t.Errorf("%q: %v", given, err)
		}
	}
}

func registration() Registration {
	return Registration{
		Client: "hosp-7", Organisation: "Ministry of Health", Email: []string{"noreply@health.example", "*@vaccination.example"}, SMS: []string{"HEALTH", "+996312000111"},
	}
}

func TestSenderIsOneThatIsRegistered(t *testing.T) {
	for _, tc := range []struct{ email, sms, wantEmail, wantSMS string }{
		{"", "", "noreply@health.example", "HEALTH"},
		{"NOREPLY@HEALTH.EXAMPLE", "health", "noreply@health.example", "HEALTH"},
		{"Tuesday@Vaccination.example", "+996312000111", "tuesday@vaccination.example", "+996312000111"},
		{"noreply@tax.example", "", "", ""},
		{"noreply@sub.health.example", "", "", ""},
		{"noreply@notvaccination.example", "", "", ""},
		{"x@sub.vaccination.example", "", "", ""},
		{"*@vaccination.example", "", "", ""},
		{"noreply@heаlth.example", "", "", ""}, // with a Cyrillic а
		{"туесдай@vaccination.example", "", "", ""},
		{"noreply@health.exampl", "", "", ""},
		{"", "TAX", "", ""},
		{"", "HEALTH1", "", ""},
		{"", "+996312000112", "", ""},
	} {
		got, err := registration().Sender(Sender{Organisation: "Another", Email: email(t, tc.email), SMS: tc.sms})
		if tc.wantEmail == "" {
			if !errors.Is(err, ErrSender) || got.Form() != nil {
				t.Errorf("%s %s: %+v, %v", tc.email, tc.sms, got.Form(), err)
			}
			continue
		}
		if err != nil || got.Email.Reveal() != tc.wantEmail || got.SMS != tc.wantSMS || got.Organisation != "Ministry of Health" {
			t.Errorf("%s %s: %+v, %v", tc.email, tc.sms, got.Form(), err)
		}
	}
}

func TestSenderWithoutAddress(t *testing.T) {
	r := Registration{Client: "hosp-7", Organisation: "Health", Email: []string{"*@health.example"}}
	got, err := r.Sender(Sender{})
	if err != nil || !got.Email.IsZero() || got.SMS != "" || got.Organisation != "Health" {
		t.Errorf("a domain has no first address: %+v, %v", got.Form(), err)
	}
}

func TestContending(t *testing.T) {
	for _, tc := range []struct {
		change func(*Registration)
		want   bool
	}{
		{func(*Registration) {}, true},
		{func(r *Registration) { r.Organisation = "MINISTRY  of health" }, false},
		{func(r *Registration) { r.Email, r.SMS = []string{"x@vaccination.example"}, nil }, true},
		{func(r *Registration) { r.Email, r.SMS = []string{"*@health.example"}, nil }, true},
		{func(r *Registration) { r.Email, r.SMS = []string{"*@vaccination.example"}, nil }, true},
		{func(r *Registration) { r.Email, r.SMS = []string{"other@health.example", "*@tax.example"}, nil }, false},
		{func(r *Registration) { r.Email, r.SMS = nil, []string{"Health"} }, true},
		{func(r *Registration) { r.Email, r.SMS = nil, []string{"TAX"} }, false},
	} {
		other := registration()
		other.Client, other.Organisation = "tax-1", "Tax Office"
		tc.change(&other)
		if registration().Contends(other) != tc.want || other.Contends(registration()) != tc.want {
			t.Errorf("%+v: want %v", other, tc.want)
		}
	}
}

// FuzzSender: what is registered can be named, and what comes out of it is written and read as it was.
func FuzzSender(f *testing.F) {
	for _, s := range []string{"noreply@health.example", "*@health.example", "HEALTH", "+996312000111", "a@b\r\nc", "info@bücher.example", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var r Registration
		if e, err := ParseSenderEmail(s); err == nil {
			r.Email = []string{e}
			if again, err := ParseSenderEmail(e); err != nil || again != e {
				t.Fatalf("%q becomes %q, which becomes %q: %v", s, e, again, err)
			}
		}
		if id, err := ParseSenderID(s); err == nil {
			r.SMS = []string{id}
		}
		got, err := r.Sender(Sender{})
		if err != nil {
			t.Fatal(err)
		}
		form := got.Form()
		read, err := form.Sender()
		if err != nil || read.SMS != got.SMS || read.Email.Reveal() != got.Email.Reveal() || strings.ContainsAny(read.SMS+read.Email.Reveal(), "\r\n\x00") {
			t.Fatalf("%q: %+v read as %+v, %v", s, form, read.Form(), err)
		}
	})
}

func TestSenderIsKeptInWhatIsSealed(t *testing.T) {
	want := Sender{Organisation: "Health", Email: email(t, "noreply@health.example"), SMS: "HEALTH"}
	plain, err := Envelope{Content: []byte(`{}`), From: want}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := DecodeEnvelope(plain)
	if err != nil || *e.From.Form() != *want.Form() {
		t.Errorf("envelope: %+v, %v", e.From.Form(), err)
	}
	slip, err := DecodeSlip(Slip{TransactionID: "t", From: want.Form()}.Encode())
	if err != nil || *slip.From != *want.Form() {
		t.Errorf("slip: %+v, %v", slip.From, err)
	}
	for _, old := range []string{`{"transactionId":"t"}`, `{"transactionId":"t","from":null}`} {
		slip, err := DecodeSlip([]byte(old))
		if s, err2 := slip.From.Sender(); err != nil || err2 != nil || s.Form() != nil {
			t.Errorf("%s: %v %v", old, err, err2)
		}
	}
	if _, err := (&SenderForm{Organisation: "a\r\nBcc: b@c.example"}).Sender(); err == nil {
		t.Error("a line break went through")
	}
}
