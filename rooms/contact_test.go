package rooms_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestContactRoundTrip(t *testing.T) {
	for _, tc := range []struct {
		channel rooms.Channel
		address string
		name    string
		form    string
	}{
		{rooms.Email, "a@example.com", "Ада \"Lovelace\" <x>", ""},
		{rooms.Email, "żółw@example.pl", "", `{"c":"email","a":"żółw@example.pl"}`},
		{rooms.SMS, "+996555000111", "A", `{"c":"sms","a":"+996555000111","n":"A"}`},
	} {
		address, err := rooms.ParseAddress(tc.channel, tc.address)
		if err != nil {
			t.Fatal(err)
		}
		want := rooms.Contact{Channel: tc.channel, Address: address, Name: rooms.NewBody(tc.name)}
		encoded := want.Encode()
		if tc.form != "" && string(encoded) != tc.form {
			t.Errorf("written as %s, want %s", encoded, tc.form)
		}
		got, err := rooms.DecodeContact(encoded)
		if err != nil || !bytes.Equal(got.Encode(), encoded) || got.Name.Reveal() != tc.name {
			t.Errorf("%s: read back as another contact (%v)", tc.address, err)
		}
	}
}

func TestDecodeContactRefuses(t *testing.T) {
	for _, tc := range []struct {
		form string
		kind error
	}{
		{``, rooms.ErrAddress},
		{`{"c":"email","a":7788}`, rooms.ErrAddress},
		{`{"c":"pigeon","a":"secret@example.com"}`, rooms.ErrAddress},
		{`{"c":"sms","a":"secret@example.com"}`, rooms.ErrAddress},
		{`{"c":"email","a":"secret@example.com\r\nRCPT TO:<x@example.com>"}`, rooms.ErrAddress},
		{`{"c":"email","a":"a@example.com","n":"secret\r\nBcc: x"}`, rooms.ErrText},
	} {
		_, err := rooms.DecodeContact([]byte(tc.form))
		if !errors.Is(err, tc.kind) {
			t.Errorf("%s: %v, want %v", tc.form, err, tc.kind)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "7788")) {
			t.Errorf("the error repeats the input: %v", err)
		}
	}
}

// said is all that a content holds.
func said(c rooms.Content) []string {
	return []string{c.Subject.Reveal(), c.Text.Reveal(), c.HTML.Reveal(), c.SMS.Reveal()}
}

func TestDecodeContent(t *testing.T) {
	got, err := rooms.DecodeContent([]byte(`{"subject":"S","text":"T\nt","html":"<p>ü</p>","sms":"M"}`))
	if err != nil || !slices.Equal(said(got), []string{"S", "T\nt", "<p>ü</p>", "M"}) {
		t.Errorf("another content was read (%v)", err)
	}
	if got, err := rooms.DecodeContent([]byte(`{"sms":"M"}`)); err != nil || !slices.Equal(said(got), []string{"", "", "", "M"}) {
		t.Errorf("what is absent must stay empty (%v)", err)
	}
	if _, err := rooms.DecodeContent([]byte(`{"text":4711}`)); !errors.Is(err, rooms.ErrText) || strings.Contains(err.Error(), "4711") {
		t.Errorf("got %v, want ErrText without the input", err)
	}
}
