package rooms

import (
	"strings"
	"testing"
)

func TestKeyword(t *testing.T) {
	for text, want := range map[string]string{
		"STOP": "stop", " Stop!! ": "stop", "«стоп»": "стоп", "stop\n\tall": "stop all", "...": "", "ΣΤΟΠ.": "στοπ", "إلغاء": "إلغاء", "👍": "", "Stop2": "stop2",
	} {
		if got := Keyword(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if Keyword("Σας") != Keyword("ΣΑΣ") || Keyword("İPTAL") != Keyword("iptal") {
		t.Error("case tells them apart")
	}
}

func TestOwnAddress(t *testing.T) {
	for text, good := range map[string]bool{
		"4404": true, "+996555000111": true, "clinic@example.org": true, "": false, "4": false, "44 04": false, "CRIER": false, "+1": false,
		"1234567890123456": false, "clinic@": false, "４４０４": false,
	} {
		if _, err := ParseOwnAddress(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		} else if err != nil && text != "" && text != "4" && strings.Contains(err.Error(), text) {
			t.Errorf("%q is repeated", text)
		}
	}
}

func TestInboxTakes(t *testing.T) {
	books := Inbox{Addresses: []string{"4404", "Books@example.org"}, Keywords: []string{"books"}}
	own := func(s string) Address {
		a, err := ParseOwnAddress(s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, tc := range []struct {
		to, text  string
		takes, by bool
	}{
		{"4404", "Books, please", true, true}, {"4404", "STOP books", true, true}, {"4404", "I like books", true, false}, {"4404", "", true, false},
		{"4405", "books", false, false}, {"books@EXAMPLE.org", "Hello", true, false}, {"books+4711@example.org", "books", true, true},
	} {
		if takes, by := books.Takes(own(tc.to), tc.text); takes != tc.takes || by != tc.by {
			t.Errorf("%+v: %t %t", tc, takes, by)
		}
	}
	if books.Has(Address{}) {
		t.Error("nowhere is taken")
	}
}

func TestInboxesClash(t *testing.T) {
	in := func(address, keyword string) Inbox {
		i := Inbox{Addresses: []string{address}}
		if keyword != "" {
			i.Keywords = []string{keyword}
		}
		return i
	}
	for _, tc := range []struct {
		a, b Inbox
		want bool
	}{
		{in("4404", ""), in("4404", ""), true}, {in("4404", ""), in("4404", "a"), false}, {in("4404", "a"), in("4404", "b"), false},
		{in("4404", "a"), in("4404", "a"), true}, {in("4404", "a"), in("4405", "a"), false}, {in("a@example.org", ""), in("A@example.org", ""), true},
		{Inbox{}, Inbox{}, false},
	} {
		if tc.a.Clashes(tc.b) != tc.want || tc.b.Clashes(tc.a) != tc.want {
			t.Errorf("%v and %v", tc.a, tc.b)
		}
	}
}

func FuzzKeyword(f *testing.F) {
	for _, s := range []string{"STOP", "ſtop", "İ", "ß", "a\u0301", "\xff", "  a  b "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k := Keyword(s)
		if Keyword(k) != k || strings.TrimSpace(k) != k || strings.Contains(k, "  ") {
			t.Errorf("%q is %q, then %q", s, k, Keyword(k))
		}
	})
}

func FuzzParseReplySubject(f *testing.F) {
	f.Add("inbound.newborn")
	f.Add("unmatched.sms")
	f.Add("inbound.a.b")
	f.Fuzz(func(t *testing.T, s string) {
		r, c, err := ParseReplySubject(s)
		if err == nil && s != InboundSubject(r) && s != UnmatchedSubject(c) {
			t.Errorf("%q is read as %q %q", s, r, c)
		}
	})
}

func TestReplySubjects(t *testing.T) {
	for s, good := range map[string]bool{
		"inbound.newborn": true, "unmatched.email": true, "unmatched.": false, "unmatched.fax": false, "inbound.": false, "inbound.a.b": false, "replies.newborn": false,
	} {
		if _, _, err := ParseReplySubject(s); (err == nil) != good {
			t.Errorf("%s: %v", s, err)
		}
	}
	const u = UMID("01KAMV5J80F5JQ6QGX9CQ3H5W2")
	if got, err := ParseCallbackSubject(RepliedSubject(u, 17)); got != u || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, s := range []string{"callback." + string(u) + "-", "callback." + string(u) + "-0", "callback." + string(u) + "-x"} {
		if _, err := ParseCallbackSubject(s); err == nil {
			t.Errorf("%s is taken", s)
		}
	}
	for text, good := range map[string]bool{"17": true, "0": false, "017": false, "+1": false, "-1": false, "": false, "99999999999999999999": false} {
		if _, err := ParseReplyID(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLetterComesBack(t *testing.T) {
	from, _ := ParsePhone("+996555000111")
	to, _ := ParseOwnAddress("4404")
	l := Letter{from, to, NewBody("Über"), NewBody("one\ntwo \x00")}
	got, err := DecodeLetter(l.Encode())
	if err != nil || got.From.Reveal() != "+996555000111" || got.To.Reveal() != "4404" || got.Subject.Reveal() != "Über" || got.Text.Reveal() != "one\ntwo \x00" {
		t.Errorf("%v %q", err, got.Text.Reveal())
	}
	if _, err := DecodeLetter([]byte(`"+996555000111`)); err == nil || strings.Contains(err.Error(), "996") {
		t.Errorf("%v", err)
	}
}
