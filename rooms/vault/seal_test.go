package vault_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func TestUnsealGivesBackWhatWasSealed(t *testing.T) {
	v := fresh(t)
	for _, text := range []string{"", "a", "+996555000111", strings.Repeat("x", 1<<20)} {
		box := sealed(t, v, text, "newborn", "17")
		got, err := v.Unseal(box, "newborn", "17")
		if err != nil || string(got) != text {
			t.Errorf("%d bytes: not given back: %v", len(text), err)
		}
		if want := len(text) + 35; len(box) != want {
			t.Errorf("%d bytes sealed to %d, documented %d", len(text), len(box), want)
		}
	}
}

func TestSealNeverRepeats(t *testing.T) {
	v := fresh(t)
	if bytes.Equal(sealed(t, v, "a"), sealed(t, v, "a")) {
		t.Error("two seals are equal")
	}
}

func TestUnsealWantsTheSameAssociatedParts(t *testing.T) {
	v := fresh(t)
	tests := []struct{ seal, unseal []string }{
		{[]string{"ab", "c"}, []string{"a", "bc"}},
		{[]string{"ab", "c"}, []string{"c", "ab"}},
		{[]string{"ab", "c"}, []string{"abc"}},
		{[]string{"ab"}, []string{"ab", ""}},
		{[]string{"ab"}, nil},
		{nil, []string{""}},
		{nil, []string{"ab"}},
		{[]string{"\x00\x00\x00\x00\x00\x00\x00\x01a"}, []string{"a"}},
	}
	for _, test := range tests {
		_, err := v.Unseal(sealed(t, v, "secret", test.seal...), test.unseal...)
		if !errors.Is(err, vault.ErrUnseal) {
			t.Errorf("sealed with %q, unsealed with %q: %v", test.seal, test.unseal, err)
		}
	}
}

func TestUnsealRefusesEveryFlippedBitAndEveryCut(t *testing.T) {
	v := fresh(t)
	box := sealed(t, v, "secret", "room")
	for i := range len(box) * 8 {
		bad := bytes.Clone(box)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := v.Unseal(bad, "room"); err == nil {
			t.Errorf("bit %d flipped: opened", i)
		}
	}
	for n := range box {
		if _, err := v.Unseal(box[:n], "room"); err == nil {
			t.Errorf("cut to %d bytes: opened", n)
		}
	}
	if _, err := v.Unseal(append(box, 0), "room"); err == nil {
		t.Error("longer by a byte: opened")
	}
}

func TestUnsealTellsWhatIsWrong(t *testing.T) {
	v := fresh(t)
	box := sealed(t, v, "secret")
	later := append([]byte{2}, box[1:]...)
	named := append([]byte{1, 4}, box[2:]...)
	tests := map[string]struct {
		box  []byte
		want error
	}{
		"empty":           {nil, vault.ErrFormat},
		"header only":     {box[:2], vault.ErrFormat},
		"later format":    {later, vault.ErrFormat},
		"key reference":   {named, vault.ErrFormat},
		"other vault":     {sealed(t, fresh(t), "secret"), vault.ErrUnknownKey},
		"cut in the box":  {box[:20], vault.ErrUnseal},
		"cut in the text": {box[:len(box)-1], vault.ErrUnseal},
	}
	for name, test := range tests {
		if _, err := v.Unseal(test.box); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func FuzzUnseal(f *testing.F) {
	v := fresh(f)
	box := sealed(f, v, "secret", "room")
	f.Add(box, "room")
	f.Add(box[:7], "room")
	f.Add([]byte{1, 0}, "")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, data []byte, part string) {
		_, err := v.Unseal(data, part)
		if genuine := bytes.Equal(data, box) && part == "room"; (err == nil) != genuine {
			t.Errorf("genuine %v, but: %v", genuine, err)
		}
	})
}
