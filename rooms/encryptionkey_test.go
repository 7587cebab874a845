package rooms_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// A contact keeps one key of each kind, S/MIME first, through sealing; printed it shows none.
func TestKeysOfAContact(t *testing.T) {
	address, err := rooms.ParseEmail("a@example.com")
	if err != nil {
		t.Fatal(err)
	}
	c := rooms.Contact{Channel: rooms.Email, Address: address}
	for _, tc := range []struct {
		kind       rooms.KeyKind
		text, want string
	}{
		{rooms.OpenPGP, "canary1", "openpgp=canary1"},
		{rooms.SMIME, "canary2", "smime=canary2 openpgp=canary1"},
		{rooms.SMIME, "canary3", "smime=canary3 openpgp=canary1"},
		{rooms.OpenPGP, "", "smime=canary3"},
		{rooms.OpenPGP, "canary4", "smime=canary3 openpgp=canary4"},
		{rooms.SMIME, "", "openpgp=canary4"},
		{rooms.OpenPGP, "", ""},
	} {
		before := c
		was := fmt.Sprint(keysOf(before))
		c.SetKey(rooms.EncryptionKey{Kind: tc.kind, Text: rooms.NewBody(tc.text)})
		back, err := rooms.DecodeContact(c.Encode())
		if got := keysOf(back); err != nil || got != tc.want || got != keysOf(c) || !bytes.Equal(back.Encode(), c.Encode()) {
			t.Errorf("after %s: %s, read back %s (%v); want %s", tc.text, keysOf(c), got, err, tc.want)
		}
		if back.Key(tc.kind).Reveal() != tc.text || fmt.Sprint(keysOf(before)) != was {
			t.Errorf("%s: the key is %s, and a copy made before has %s", tc.kind, back.Key(tc.kind).Reveal(), keysOf(before))
		}
		if text := fmt.Sprintf("%v %+v %#v", c, c, c.Keys); strings.Contains(text, "canary") {
			t.Errorf("a printed contact shows a key: %s", text)
		}
	}
}

func keysOf(c rooms.Contact) string {
	var all []string
	for _, k := range c.Keys {
		all = append(all, string(k.Kind)+"="+k.Text.Reveal())
	}
	return strings.Join(all, " ")
}
