package registry_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

func TestTokensComeBack(t *testing.T) {
	tokens := newTokens(t)
	for _, a := range []rooms.AttemptID{
		attempt(0, 1, 0), attempt(998, 2, 0), attempt(1_000_000, 12, 3), attempt(math.MaxInt32, math.MaxUint16, 3),
	} {
		token := tokens.Sign(a)
		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyz234567") != "" || len(token) > 56 {
			t.Errorf("%q does not fit into an address", token)
		}
		for _, written := range []string{token, strings.ToUpper(token)} {
			if got, err := tokens.Open(written); err != nil || got != a {
				t.Errorf("%s: got %v, %v; want %v", written, got, err, a)
			}
		}
	}
}

func TestTokensOfOthersAreRefused(t *testing.T) {
	tokens := newTokens(t)
	mine := tokens.Sign(attempt(7, 1, 0))
	theirs := newTokens(t).Sign(attempt(7, 1, 0))
	for name, token := range map[string]string{
		"empty": "", "of another installation": theirs, "cut": mine[:len(mine)-2], "longer": mine + "aa",
		"changed": "b" + mine[1:], "not base32": "!" + mine[1:],
	} {
		if _, err := tokens.Open(token); !errors.Is(err, registry.ErrToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	tokens := newTokens(f)
	f.Add(tokens.Sign(attempt(7, 1, 0)))
	f.Add("aaaa")
	f.Fuzz(func(t *testing.T, token string) {
		if a, err := tokens.Open(token); err == nil && !strings.HasPrefix(strings.ToLower(token), tokens.Sign(a)[:40]) {
			t.Errorf("%q was taken for %v", token, a)
		}
	})
}

func attempt(n, attempt, round int) rooms.AttemptID {
	return rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01KAPX5Z0R8Q3V7W2M4N6P8S9T", N: n}, Attempt: attempt, Round: round}
}

func newTokens(tb testing.TB) registry.Tokens {
	tb.Helper()
	o := vault.Options{KeysFile: filepath.Join(tb.TempDir(), "keys.json")}
	if err := vault.Create(o.KeysFile); err != nil {
		tb.Fatal(err)
	}
	v, err := vault.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return registry.Tokens{Vault: v}
}
