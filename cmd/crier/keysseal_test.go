package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms/vault"
)

// keyService encrypts by turning bits, which does for what is asked here: who holds the key.
func keyService(t *testing.T) *httptest.Server {
	turned := func(b []byte) []byte { return bytes.Map(func(r rune) rune { return r ^ 1 }, b) }
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Plaintext  []byte `json:"plaintext"`
			Ciphertext string `json:"ciphertext"`
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		data := map[string]any{"ciphertext": "vault:v1:" + base64.StdEncoding.EncodeToString(turned(q.Plaintext))}
		if box, ok := strings.CutPrefix(q.Ciphertext, "vault:v1:"); ok {
			plain, err := base64.StdEncoding.DecodeString(box)
			if err != nil {
				t.Error(err)
			}
			data = map[string]any{"plaintext": turned(plain)}
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"data": data}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// What the command writes, a provider reads with the key service, and nobody without it.
func TestSealedCredential(t *testing.T) {
	folder := t.TempDir()
	token, file := filepath.Join(folder, "token"), filepath.Join(folder, "smsc.password")
	if err := os.WriteFile(token, []byte("t0ken"), 0o600); err != nil {
		t.Fatal(err)
	}
	transit := vault.Transit{URL: keyService(t).URL, Key: "crier", TokenFile: token}
	var out bytes.Buffer
	seal := func(password string, flags ...string) error {
		c := terminal{in: strings.NewReader(password), out: &out, err: &out}.keysSeal()
		c.SetArgs(append([]string{file}, flags...))
		c.SilenceErrors, c.SilenceUsage = true, true
		return c.Execute()
	}
	flags := []string{"--transit-url", transit.URL, "--transit-key", transit.Key, "--transit-token-file", token}
	if err := seal("hunter2"); err == nil || !strings.Contains(err.Error(), "--transit-url") {
		t.Errorf("without a service: %v", err)
	}
	if err := seal("\n", flags...); err == nil {
		t.Error("an empty credential is sealed")
	}
	if err := seal("hunter2\n", flags...); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "vault:v1:") || strings.Contains(string(text), "hunter2") {
		t.Errorf("the file is not encrypted: %v", err)
	}
	got, err := credential.New(transit).Read(t.Context(), file)
	if err != nil || got.Reveal() != "hunter2" {
		t.Errorf("read as something else: %v", err)
	}
	if _, err := (*credential.Files)(nil).Read(t.Context(), file); err == nil {
		t.Error("it is read without the service")
	}
	if err := seal("another", flags...); err == nil || strings.Contains(out.String(), "hunter2") {
		t.Errorf("a file that is there is overwritten, or the credential shown: %v", err)
	}
}
