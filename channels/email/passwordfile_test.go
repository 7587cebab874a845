package email_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/email"
)

func TestPasswordFileThatOthersMayReadIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("correct horse\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := email.Options{Host: "relay.gov.test", From: "office@gov.test", Username: "crier", PasswordFile: file}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := email.New(o, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "want 0600") {
			t.Errorf("mode %04o: %v", mode, err)
		}
	}
}
