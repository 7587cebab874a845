package vault_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func generated(tb testing.TB) string {
	tb.Helper()
	keys, err := vault.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return string(keys)
}

func opened(tb testing.TB, o vault.Options) *vault.Vault {
	tb.Helper()
	v, err := vault.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func fresh(tb testing.TB) *vault.Vault {
	tb.Helper()
	return opened(tb, vault.Options{Keys: generated(tb)})
}

// created is the path of a new key file.
func created(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "keys.json")
	if err := vault.Create(path); err != nil {
		tb.Fatal(err)
	}
	return path
}

func sealed(tb testing.TB, v *vault.Vault, text string, associated ...string) []byte {
	tb.Helper()
	box, err := v.Seal([]byte(text), associated...)
	if err != nil {
		tb.Fatal(err)
	}
	return box
}

func read(tb testing.TB, path string) string {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func write(tb testing.TB, path, text string, mode os.FileMode) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		tb.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // past the umask
		tb.Fatal(err)
	}
}

// alone fails if the directory of path holds anything else, such as a draft.
func alone(tb testing.TB, path string) {
	tb.Helper()
	found, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range found {
		if f.Name() != filepath.Base(path) {
			tb.Errorf("%s is left over", f.Name())
		}
	}
}
