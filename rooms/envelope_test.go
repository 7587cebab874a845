package rooms_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestEnvelopeKeepsContentByteForByte(t *testing.T) {
	content := []byte("{ \"text\" :\t\"a <b> \\u0041\" }")
	to, err := rooms.ParsePhone("+996555000111")
	if err != nil {
		t.Fatal(err)
	}
	b, err := rooms.Envelope{Content: content, Recipients: []rooms.Contact{{Channel: rooms.SMS, Address: to}}, TransactionID: "t", Reference: "r"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := rooms.DecodeEnvelope(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(e.Content, content) || e.TransactionID != "t" || e.Reference != "r" || len(e.Recipients) != 1 || e.Recipients[0].Address.Reveal() != "+996555000111" {
		t.Errorf("came back changed: %q %q %q", e.Content, e.TransactionID, e.Reference)
	}
}

func TestEnvelopeHoldsOneJSONValue(t *testing.T) {
	for _, content := range []string{"", "{", `{} {}`, `{},"transactionId":"forged"`, "\xff"} {
		if b, err := (rooms.Envelope{Content: []byte(content)}).Encode(); !errors.Is(err, rooms.ErrText) {
			t.Errorf("%q was written as %q, %v", content, b, err)
		}
	}
}

func TestDecodeEnvelopeRefuses(t *testing.T) {
	for form, kind := range map[string]error{
		``: rooms.ErrText, `{}`: rooms.ErrText, `{"content":{"text":"secret"},"recipients":7}`: rooms.ErrText,
		`{"content":{},"recipients":[{"c":"email","a":"secret"}]}`: rooms.ErrAddress,
	} {
		if _, err := rooms.DecodeEnvelope([]byte(form)); !errors.Is(err, kind) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %v without the input", form, err, kind)
		}
	}
}

func same(a, b rooms.Contact) bool { return bytes.Equal(a.Encode(), b.Encode()) }

func FuzzDecodeEnvelope(f *testing.F) {
	for _, s := range []string{
		`{"content":{"text":"a"},"recipients":[{"c":"sms","a":"+996555000111","n":"A"}],"transactionId":"t","reference":"r"}`,
		`{"content":"x","recipients":null}`, `{"content":null,"recipients":[]}`, `{}`, "{\"content\": [1 ,\t2],\"recipients\":[]}", `{"content":1,"content":2}`, "\xff",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := rooms.DecodeEnvelope(b)
		if err != nil {
			return
		}
		written, err := e.Encode()
		if err != nil {
			t.Fatalf("%q was read and cannot be written: %v", b, err)
		}
		again, err := rooms.DecodeEnvelope(written)
		if err != nil || !bytes.Equal(again.Content, e.Content) || !slices.EqualFunc(again.Recipients, e.Recipients, same) ||
			again.TransactionID != e.TransactionID || again.Reference != e.Reference {
			t.Errorf("%q came back changed as %q: %v", b, written, err)
		}
	})
}
