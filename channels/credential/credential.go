// Package credential reads what proves to a provider who the gateway is: passwords, tokens and private keys, each from a file
// of its own that nobody else may read.
//
// A file holds the credential as it is, or as a key service has encrypted it, so that a stolen disk does not tell it. A file
// is read whenever its credential is needed: another one may be put in its place while the gateway runs. The key service is
// asked once for each text. Errors name the file and repeat nothing of it.
package credential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/govcrier/crier/rooms"
)

const (
	maxSize = 64 << 10
	// sealed begins what Vault's transit engine, and what speaks like it, has encrypted.
	sealed = "vault:v"
)

// ErrNoService says that a file cannot be opened without the service that has encrypted it.
var ErrNoService = errors.New("the credential is encrypted, and no key service is configured (vault.transit)")

// Opener is a key service. It bounds its calls itself.
type Opener interface {
	OpenCredential(ctx context.Context, sealed []byte) ([]byte, error)
}

// Files reads credentials; nil knows no key service.
type Files struct {
	service Opener
	mu      sync.Mutex
	opened  map[string]rooms.Secret // by what stands in the file
}

// New reads what a service has encrypted too.
func New(service Opener) *Files { return &Files{service: service, opened: map[string]rooms.Secret{}} }

// Read gives the credential of a file, without the line break at its end. What others may read is refused.
func (f *Files) Read(ctx context.Context, name string) (rooms.Secret, error) {
	text, err := read(name)
	if err != nil || !bytes.HasPrefix(text, []byte(sealed)) {
		return rooms.NewSecret(string(text)), err
	}
	if f == nil {
		return rooms.Secret{}, fmt.Errorf("%s: %w", name, ErrNoService)
	}
	known, err := f.open(ctx, text)
	if err != nil {
		return rooms.Secret{}, fmt.Errorf("%s: the key service: %w", name, err)
	}
	return known, nil
}

// Line reads a credential that is one line of printable ASCII, as headers and URLs take it.
func (f *Files) Line(ctx context.Context, name string) (string, error) {
	known, err := f.Read(ctx, name)
	if err == nil && strings.ContainsFunc(known.Reveal(), func(r rune) bool { return r < ' ' || r > '~' }) {
		err = fmt.Errorf("%s does not hold one line with a credential", name)
	}
	if err != nil {
		return "", err
	}
	return known.Reveal(), nil
}

// open asks the service for what is new.
func (f *Files) open(ctx context.Context, text []byte) (rooms.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, ok := f.opened[string(text)]; ok {
		return known, nil
	}
	plain, err := f.service.OpenCredential(ctx, text)
	if err != nil {
		return rooms.Secret{}, err
	}
	known := rooms.NewSecret(strings.TrimRight(string(plain), "\r\n"))
	f.opened[string(text)] = known
	return known, nil
}

// Check says what is wrong with a file. It does not ask the key service.
func Check(name string) error {
	_, err := read(name)
	return err
}

// CheckLine says what is wrong with the file of a line, likewise.
func CheckLine(name string) error {
	_, err := (*Files)(nil).Line(context.Background(), name)
	if errors.Is(err, ErrNoService) {
		return nil
	}
	return err
}

func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s has mode %04o, want 0600", name, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	text = bytes.TrimRight(text, "\r\n")
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxSize:
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxSize)
	case len(text) == 0:
		return nil, fmt.Errorf("%s is empty", name)
	}
	return text, nil
}
