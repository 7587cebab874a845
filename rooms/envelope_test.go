package rooms_test

import (
	"bytes"
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
