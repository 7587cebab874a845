package vault_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms/vault"
)

// kms answers encrypt and decrypt as a transit engine does, for one token.
type kms struct{ box cipher.AEAD }

func newKMS(t *testing.T) http.Handler {
	t.Helper()
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	box, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	k, mux := kms{box}, http.NewServeMux()
	mux.HandleFunc("POST /v1/gov/transit/encrypt/crier", k.encrypt)
	mux.HandleFunc("POST /v1/gov/transit/decrypt/crier", k.decrypt)
	return mux
}

type kmsRequest struct {
	Plaintext      []byte `json:"plaintext"`
	Ciphertext     string `json:"ciphertext"`
	AssociatedData []byte `json:"associated_data"`
}

func (k kms) read(w http.ResponseWriter, r *http.Request) (q kmsRequest, ok bool) {
	if r.Header.Get("X-Vault-Token") != "t0ken" || r.Header.Get("X-Vault-Request") != "true" {
		http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
		return q, false
	}
	if json.NewDecoder(r.Body).Decode(&q) != nil || !strings.HasPrefix(string(q.AssociatedData), "crier ") {
		http.Error(w, `{"errors":["invalid request"]}`, http.StatusBadRequest)
		return q, false
	}
	return q, true
}

func (k kms) encrypt(w http.ResponseWriter, r *http.Request) {
	if q, ok := k.read(w, r); ok {
		sealed := k.box.Seal(nil, nil, q.Plaintext, q.AssociatedData)
		answer(w, "ciphertext", "vault:v1:"+base64.StdEncoding.EncodeToString(sealed))
	}
}

func (k kms) decrypt(w http.ResponseWriter, r *http.Request) {
	q, ok := k.read(w, r)
	if !ok {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(q.Ciphertext, "vault:v1:"))
	plain, err2 := k.box.Open(nil, nil, raw, q.AssociatedData)
	if err != nil || err2 != nil {
		http.Error(w, `{"errors":["cipher: message authentication failed"]}`, http.StatusBadRequest)
		return
	}
	answer(w, "plaintext", base64.StdEncoding.EncodeToString(plain))
}

func answer(w io.Writer, field, text string) {
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{field: text}})
}

// transitOptions are options of a file not yet created and of that service.
func transitOptions(t *testing.T, h http.Handler) vault.Options {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	write(t, token, "t0ken\n", 0o640)
	return vault.Options{
		KeysFile: filepath.Join(dir, "keys.json"),
		Transit:  vault.Transit{URL: server.URL, Mount: "gov/transit", Key: "crier", TokenFile: token},
	}
}

func TestTransitHoldsTheKeysEncrypted(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	if err := o.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text := read(t, o.KeysFile); strings.Contains(text, "typeUrl") || !strings.Contains(text, "vault:v1:") {
		t.Fatalf("not encrypted: %.40s", text)
	}
	before := opened(t, o)
	ids, err := o.AddKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Promote(t.Context(), ids.AEAD); err != nil {
		t.Fatal(err)
	}
	mustUnseal(t, "after a change", opened(t, o), sealed(t, before, "secret", "room"))
	inline := vault.Options{Keys: read(t, o.KeysFile), Transit: o.Transit}
	mustUnseal(t, "inline", opened(t, inline), sealed(t, before, "secret", "room"))
	old := before.Keys()[0].ID
	done(t, o.Disable(t.Context(), old))
	done(t, o.Delete(t.Context(), old))
	if got := opened(t, o).Keys(); len(got) != 3 || !strings.Contains(read(t, o.KeysFile), "vault:v1:") {
		t.Errorf("after deleting a key: %+v", got)
	}
}

// A credential is opened by who has sealed it, and what seals keys opens none.
func TestCredentialsByTransit(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	box, err := o.Transit.SealCredential(t.Context(), []byte("hunter2"))
	if err != nil || !strings.HasPrefix(string(box), "vault:v1:") || strings.Contains(string(box), "hunter2") {
		t.Fatalf("sealed as %q, %v", box, err)
	}
	if plain, err := o.Transit.OpenCredential(t.Context(), box); err != nil || string(plain) != "hunter2" {
		t.Errorf("opened as something else: %v", err)
	}
	if err := o.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	var doc struct{ Sealed string }
	if err := json.Unmarshal([]byte(read(t, o.KeysFile)), &doc); err != nil || doc.Sealed == "" {
		t.Fatalf("no sealed keys: %v", err)
	}
	if _, err := o.Transit.OpenCredential(t.Context(), []byte(doc.Sealed)); !errors.Is(err, vault.ErrTransit) {
		t.Errorf("the keys are opened as a credential: %v", err)
	}
}

func TestTransitAndClearKeysDoNotMix(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	if err := vault.Create(o.KeysFile); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), o); !errors.Is(err, vault.ErrKeys) {
		t.Errorf("keys in clear beside transit: %v", err)
	}
}

func TestTransitRefusesChangedKeys(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	box := base64.StdEncoding.EncodeToString(make([]byte, 64))
	write(t, o.KeysFile, `{"version":1,"sealed":"vault:v1:`+box+`"}`, 0o600)
	if _, err := vault.Open(t.Context(), o); !errors.Is(err, vault.ErrTransit) {
		t.Errorf("%v", err)
	}
}

// TestTransitFailures: each failure is told, tells no secret, leaves no file.
func TestTransitFailures(t *testing.T) {
	says := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
	tests := map[string]http.Handler{
		"403":          says(403, `{"errors":["hunter2"]}`),
		"500":          says(500, "hunter2"),
		"no JSON":      says(200, "hunter2"),
		"empty answer": says(200, `{"data":{}}`),
		"not base64":   says(200, `{"data":{"plaintext":"hunter2"}}`),
	}
	for name, h := range tests {
		o := transitOptions(t, h)
		err := o.Create(t.Context())
		if !errors.Is(err, vault.ErrTransit) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := vault.Open(t.Context(), vault.Options{KeysFile: o.KeysFile}); err == nil {
			t.Errorf("%s: a file is left", name)
		}
		inline := vault.Options{Keys: `{"version":1,"sealed":"vault:v1:x"}`, Transit: o.Transit}
		if _, err := vault.Open(t.Context(), inline); !errors.Is(err, vault.ErrTransit) {
			t.Errorf("%s: Open: %v", name, err)
		}
	}
}

func TestTransitWrongToken(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	write(t, o.Transit.TokenFile, "other", 0o600)
	if err := o.Create(t.Context()); !errors.Is(err, vault.ErrTransit) || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	write(t, o.Transit.TokenFile, "t0ken", 0o644)
	if err := o.Create(t.Context()); !errors.Is(err, vault.ErrPermissions) {
		t.Errorf("token readable by all: %v", err)
	}
}

// TestTransitFollowsNoRedirect, though the place it points to would answer.
func TestTransitFollowsNoRedirect(t *testing.T) {
	o := transitOptions(t, newKMS(t))
	target := o.Transit.URL
	o.Transit.URL = transitOptions(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, target+r.URL.Path, http.StatusTemporaryRedirect)
	})).Transit.URL
	if err := o.Create(t.Context()); !errors.Is(err, vault.ErrTransit) || !strings.Contains(err.Error(), "307") {
		t.Errorf("%v", err)
	}
}

func TestTransitTimeout(t *testing.T) {
	release := make(chan struct{})
	o := transitOptions(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) }) // before the server closes
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := o.Create(ctx)
	if !errors.Is(err, vault.ErrTransit) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
