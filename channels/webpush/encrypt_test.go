package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// What RFC 8291 gives in section 5 and appendix A.
const (
	exampleText    = "When I grow up, I want to be a watermelon"
	examplePrivate = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
	exampleSalt    = "DGv6ra1nlYgDCS1FRnbzlw"
	exampleBody    = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_" +
		"yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

func exampleKeys() rooms.PushKeys {
	return rooms.PushKeys{
		P256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", Auth: "BTBZMqHH6r4Tts7J_aSIgg",
	}
}

func decoded(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestExampleOfTheStandard(t *testing.T) {
	own, err := ecdh.P256().NewPrivateKey(decoded(t, examplePrivate))
	if err != nil {
		t.Fatal(err)
	}
	body, err := encrypt(append([]byte(exampleText), lastRecord), exampleKeys(), own, decoded(t, exampleSalt))
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(body); got != exampleBody {
		t.Errorf("the message of RFC 8291 §5 is\n%s, want\n%s", got, exampleBody)
	}
}

func TestPaddingHidesTheLength(t *testing.T) {
	for length, want := range map[int]int{0: 256, 1: 256, 255: 256, 256: 512, maxPlain: maxPlain + 1} {
		padded := pad([]byte(strings.Repeat("x", length)))
		if len(padded) != want || padded[length] != lastRecord {
			t.Errorf("%d bytes are padded to %d, want %d", length, len(padded), want)
		}
	}
	body, err := seal([]byte(strings.Repeat("x", maxPlain)), exampleKeys())
	if err != nil || len(body) != maxBody {
		t.Errorf("the longest body has %d bytes: %v", len(body), err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	off := exampleKeys()
	off.P256dh = "B" + strings.Repeat("A", 86) // not on the curve
	if _, err := seal([]byte("x"), off); err == nil {
		t.Error("sealed to a point beside the curve")
	}
}
