package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestDevRefusesWhatIsOpenToOthers(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store")
	if _, err := openDevStore(store); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(store, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, tc := range map[string]struct {
		own  os.FileMode
		says string
	}{
		store:                   {0o700, "chmod 0700 " + store},
		store + ".clients.json": {0o600, "want 0600"},
	} {
		for _, more := range []os.FileMode{0o040, 0o004, 0o055} {
			if err := os.Chmod(path, tc.own|more); err != nil {
				t.Fatal(err)
			}
			if _, err := openDevStore(store); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s of mode %04o: %v", filepath.Base(path), tc.own|more, err)
			}
		}
		if err := os.Chmod(path, tc.own); err != nil {
			t.Fatal(err)
		}
		if _, err := openDevStore(store); err != nil {
			t.Errorf("mended: %v", err)
		}
	}
}

// Whoever may run ps reads the flags of others, so the help of each secret names a better place.
func TestFlagsOfSecretsPointToTheEnvironment(t *testing.T) {
	found := 0
	var visit func(*cobra.Command)
	visit = func(c *cobra.Command) {
		for name, variable := range map[string]string{"token": "CRIER_TOKEN", "client-secret": "CRIER_CLIENT_SECRET"} {
			f := c.Flags().Lookup(name)
			if f == nil {
				continue
			}
			found++
			for _, want := range []string{"better in the environment", "ps ", fmt.Sprintf("(%s)", variable)} {
				if !strings.Contains(f.Usage, want) {
					t.Errorf("%s --%s: %q lacks %q", c.Name(), name, f.Usage, want)
				}
			}
		}
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit(terminal{}.root())
	if found < 3 {
		t.Errorf("only %d such flags", found)
	}
}
