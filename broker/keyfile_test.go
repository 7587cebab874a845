package broker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/broker"
)

func TestKeyFileThatOthersMayReadIsRefused(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "store.key")
	if err := os.WriteFile(file, []byte(strings.Repeat("k", 52)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		s, err := broker.Start(t.Context(), broker.Options{Store: filepath.Join(folder, "store"), KeyFile: file})
		if err == nil {
			s.Stop()
			t.Errorf("mode %04o was accepted", mode)
		} else if !strings.Contains(err.Error(), "want 0600") {
			t.Error(err)
		}
	}
}
