package vault_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func TestCheckNamesEveryFault(t *testing.T) {
	good := vault.Transit{URL: "https://kms.example:8200", Key: "crier", TokenFile: "/t"}
	with := func(change func(*vault.Transit)) vault.Options {
		tr := good
		change(&tr)
		return vault.Options{KeysFile: "f", Transit: tr}
	}
	tests := map[string]struct {
		o    vault.Options
		want []string
	}{
		"file":          {vault.Options{KeysFile: "f"}, nil},
		"inline":        {vault.Options{Keys: "{}"}, nil},
		"neither":       {vault.Options{}, []string{"keysFile"}},
		"both":          {vault.Options{KeysFile: "f", Keys: "{}"}, []string{"keysFile"}},
		"transit":       {with(func(*vault.Transit) {}), nil},
		"namespace":     {with(func(t *vault.Transit) { t.Mount = "gov/transit" }), nil},
		"loopback":      {with(func(t *vault.Transit) { t.URL = "http://127.0.0.1:8200" }), nil},
		"plain http":    {with(func(t *vault.Transit) { t.URL = "http://kms.example" }), []string{"https"}},
		"no host":       {with(func(t *vault.Transit) { t.URL = "kms" }), []string{"transit.url"}},
		"user in URL":   {with(func(t *vault.Transit) { t.URL = "https://u:hunter2@kms" }), []string{"no user"}},
		"climbing key":  {with(func(t *vault.Transit) { t.Key = ".." }), []string{"transit.key"}},
		"climbing path": {with(func(t *vault.Transit) { t.Mount = "a/../b" }), []string{"transit.mount"}},
		"only a mount": {vault.Options{Transit: vault.Transit{Mount: "m"}},
			[]string{"keysFile", "transit.url", "transit.key", "transit.tokenFile"}},
	}
	for name, test := range tests {
		faults := test.o.Check()
		text := errors.Join(faults...)
		if len(faults) != len(test.want) {
			t.Errorf("%s: %v", name, text)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(faults[i].Error(), want) || strings.Contains(faults[i].Error(), "hunter2") {
				t.Errorf("%s: %v, want %q", name, faults[i], want)
			}
		}
	}
}

func TestCreateMakesAPrivateFileThatOpens(t *testing.T) {
	path := created(t)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	alone(t, path)
	a, b := opened(t, vault.Options{KeysFile: path}), opened(t, vault.Options{Keys: read(t, path)})
	if got, err := b.Unseal(sealed(t, a, "secret")); err != nil || string(got) != "secret" {
		t.Errorf("file and inline differ: %v", err)
	}
	if a.Hash("p", "x") != b.Hash("p", "x") {
		t.Error("file and inline hash differently")
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	path := created(t)
	before := read(t, path)
	if err := vault.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v", err)
	}
	if read(t, path) != before {
		t.Error("overwritten")
	}
	alone(t, path)
}

func TestOneOfManyCreatesWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	won := make(chan string, 8)
	var all sync.WaitGroup
	for range cap(won) {
		all.Go(func() {
			if vault.Create(path) == nil {
				won <- read(t, path)
			}
		})
	}
	all.Wait()
	if len(won) != 1 || <-won != read(t, path) {
		t.Error("not exactly one Create won, or its keys were replaced")
	}
	alone(t, path)
}

func TestOpenRefusesFilesOpenToOthers(t *testing.T) {
	path := created(t)
	for mode, want := range map[os.FileMode]error{
		0o600: nil, 0o400: nil,
		0o640: vault.ErrPermissions, 0o604: vault.ErrPermissions, 0o620: vault.ErrPermissions,
		0o602: vault.ErrPermissions, 0o644: vault.ErrPermissions, 0o666: vault.ErrPermissions,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), vault.Options{KeysFile: path}); !errors.Is(err, want) {
			t.Errorf("%04o: %v", mode, err)
		}
		if want == nil {
			continue
		}
		if _, err := vault.AddKey(path); !errors.Is(err, want) {
			t.Errorf("AddKey, %04o: %v", mode, err)
		}
	}
	alone(t, path)
}

func TestOpenRefusesWhatIsNoKeyFile(t *testing.T) {
	dir := t.TempDir()
	huge := filepath.Join(dir, "huge")
	write(t, huge, strings.Repeat(" ", 1<<20+1), 0o600)
	tests := map[string]struct {
		o    vault.Options
		want error
	}{
		"missing":       {vault.Options{KeysFile: filepath.Join(dir, "none")}, fs.ErrNotExist},
		"directory":     {vault.Options{KeysFile: dir}, vault.ErrPermissions},
		"too large":     {vault.Options{KeysFile: huge}, vault.ErrKeys},
		"no JSON":       {vault.Options{Keys: "x"}, vault.ErrKeys},
		"trailing":      {vault.Options{Keys: generated(t) + "{}"}, vault.ErrKeys},
		"unknown field": {vault.Options{Keys: `{"version":1,"extra":1}`}, vault.ErrKeys},
		"version":       {vault.Options{Keys: strings.Replace(generated(t), `"version":1`, `"version":2`, 1)}, vault.ErrKeys},
		"no keys":       {vault.Options{Keys: `{"version":1}`}, vault.ErrKeys},
		"null keys":     {vault.Options{Keys: `{"version":1,"keys":null}`}, vault.ErrKeys},
		"empty keysets": {vault.Options{Keys: `{"version":1,"keys":{"aead":{},"hash":{}}}`}, vault.ErrKeys},
		"primary off":   {vault.Options{Keys: strings.ReplaceAll(generated(t), "ENABLED", "DISABLED")}, vault.ErrKeys},
		"no prefix":     {vault.Options{Keys: strings.Replace(generated(t), `"TINK"`, `"RAW"`, 1)}, vault.ErrKeys},
		"swapped":       {vault.Options{Keys: swapped(generated(t))}, vault.ErrKeys},
		"sealed":        {vault.Options{Keys: `{"version":1,"sealed":"vault:v1:x"}`}, vault.ErrKeys},
	}
	for name, test := range tests {
		if _, err := vault.Open(t.Context(), test.o); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// swapped gives the AEAD keys to hashing and the other way round.
func swapped(file string) string {
	return strings.NewReplacer(`"aead":`, `"hash":`, `"hash":`, `"aead":`).Replace(file)
}

func FuzzOpen(f *testing.F) {
	f.Add(generated(f))
	f.Add(`{"version":1,"keys":{"aead":{"key":[{}]},"hash":{"key":[null]}}}`)
	f.Fuzz(func(t *testing.T, keys string) {
		v, err := vault.Open(t.Context(), vault.Options{Keys: keys})
		if err == nil && len(v.Hash("p")) != 27 {
			t.Error("opened, but does not hash")
		}
	})
}
