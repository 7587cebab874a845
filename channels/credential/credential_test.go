package credential_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/credential"
)

// service opens what it has sealed.
type service struct{ asked int }

func (s *service) OpenCredential(_ context.Context, sealed []byte) ([]byte, error) {
	s.asked++
	if text, ok := strings.CutPrefix(string(sealed), "vault:v1:"); ok {
		return []byte(text + "\n"), nil
	}
	return nil, errors.New("status 400")
}

func TestRead(t *testing.T) {
	write := func(text string, mode os.FileMode) string {
		name := filepath.Join(t.TempDir(), "credential")
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	with, without := credential.New(&service{}), (*credential.Files)(nil)
	for name, tc := range map[string]struct {
		files *credential.Files
		file  string
		want  string
		err   string
	}{
		"as it is":          {without, write("hunter2\r\n", 0o600), "hunter2", ""},
		"with a service":    {with, write("hunter2", 0o400), "hunter2", ""},
		"encrypted":         {with, write("vault:v1:hunter2\n", 0o600), "hunter2", ""},
		"no service":        {without, write("vault:v1:hunter2", 0o600), "", "no key service"},
		"the service fails": {with, write("vault:v2:hunter2", 0o600), "", "status 400"},
		"read by others":    {with, write("hunter2", 0o640), "", "mode 0640"},
		"empty":             {with, write("\n", 0o600), "", "is empty"},
		"too long":          {with, write(strings.Repeat("hunter2", 10_000), 0o600), "", "bytes"},
		"missing":           {with, filepath.Join(t.TempDir(), "none"), "", "no such file"},
	} {
		got, err := tc.files.Read(t.Context(), tc.file)
		if got.Reveal() != tc.want || (err == nil) != (tc.err == "") || err != nil && (!strings.Contains(err.Error(), tc.err) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", name, err)
		}
		if asks := strings.Contains(name, "service") || name == "encrypted"; (credential.Check(tc.file) == nil) != (tc.err == "" || asks) {
			t.Errorf("%s: checked: %v", name, credential.Check(tc.file))
		}
	}
}

// A line is one, and is shown in no error.
func TestLine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "credential")
	for text, ok := range map[string]bool{"hunter2": true, "Bearer hunter2\n": true, "hunter2\nhunter3": false, "hünter2": false, "vault:v1:hunter2": true, "vault:v1:hunter2\nx": false} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := credential.New(&service{}).Line(t.Context(), name)
		if (err == nil) != ok || err != nil && (got != "" || strings.Contains(err.Error(), "nter2")) {
			t.Errorf("%q: %v", text, err)
		}
		if sealed := strings.HasPrefix(text, "vault:"); (credential.CheckLine(name) == nil) != (ok || sealed) {
			t.Errorf("%q: checked: %v", text, credential.CheckLine(name))
		}
	}
}

// A key service is asked once for each text, and again when another one stands in the file.
func TestAskedOnce(t *testing.T) {
	var s service
	files, name := credential.New(&s), filepath.Join(t.TempDir(), "credential")
	for text, asked := range map[string]int{"vault:v1:a": 1, "vault:v1:b": 1} {
		before := s.asked
		for range 3 {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := files.Read(t.Context(), name); err != nil || !strings.HasSuffix(text, got.Reveal()) {
				t.Fatal(err)
			}
		}
		if s.asked-before != asked {
			t.Errorf("asked %d times", s.asked-before)
		}
	}
}
