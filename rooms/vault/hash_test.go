package vault_test

import (
	"regexp"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func TestHashIsAToken(t *testing.T) {
	v := fresh(t)
	token := regexp.MustCompile(`^[A-Za-z0-9_-]{27}$`)
	for range 1000 {
		if h := v.Hash("subscriber", string(sealed(t, v, "x"))); !token.MatchString(string(h)) {
			t.Fatalf("%q is no token of 27 characters", h)
		}
	}
}

func TestHashSeparatesPurposesAndParts(t *testing.T) {
	v := fresh(t)
	inputs := [][]string{
		{"p"}, {"p", ""}, {"p", "", ""}, {"p", "ab", "c"}, {"p", "a", "bc"}, {"p", "abc"},
		{"p", "c", "ab"}, {"q", "abc"}, {"", "p", "abc"}, {"pabc"},
	}
	seen := map[vault.Hash][]string{}
	for _, in := range inputs {
		h := v.Hash(in[0], in[1:]...)
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have one hash", in, other)
		}
		if h != v.Hash(in[0], in[1:]...) {
			t.Errorf("%q has two hashes", in)
		}
		seen[h] = in
	}
}

func TestHashDependsOnTheKey(t *testing.T) {
	a, b := fresh(t).Hash("p", "x"), fresh(t).Hash("p", "x")
	if a[6:] == b[6:] { // past the key id
		t.Error("two keys, one hash")
	}
}

func TestHashAllBeginsWithHash(t *testing.T) {
	v := fresh(t)
	all := v.HashAll("p", "x")
	if len(all) != 1 || all[0] != v.Hash("p", "x") {
		t.Errorf("HashAll with one key: %q", all)
	}
}

func TestVerifyMAC(t *testing.T) {
	v, data := fresh(t), []byte("request")
	mac := v.MAC("request", data)
	if len(mac) != 48 || !v.VerifyMAC(mac, "request", data) {
		t.Fatalf("own MAC %q refused", mac)
	}
	flipped := []byte(mac)
	flipped[47] ^= 1
	tests := map[string]bool{
		"data":     v.VerifyMAC(mac, "request", []byte("Request")),
		"purpose":  v.VerifyMAC(mac, "other", data),
		"boundary": v.VerifyMAC(mac, "reques", []byte("trequest")),
		"tampered": v.VerifyMAC(string(flipped), "request", data),
		"cut":      v.VerifyMAC(mac[:47], "request", data),
		"newline":  v.VerifyMAC(mac+"\n", "request", data),
		"empty":    v.VerifyMAC("", "request", data),
		"newlines": v.VerifyMAC("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", "request", data),
		"foreign":  v.VerifyMAC(fresh(t).MAC("request", data), "request", data),
		"hash":     v.VerifyMAC(string(v.Hash("request", "request")), "request", data),
	}
	for name, accepted := range tests {
		if accepted {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzVerifyMAC(f *testing.F) {
	v := fresh(f)
	mac := v.MAC("p", []byte("data"))
	f.Add(mac)
	f.Add(mac[:8])
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if v.VerifyMAC(text, "p", []byte("data")) != (text == mac) {
			t.Errorf("%q", text)
		}
	})
}
