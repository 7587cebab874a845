package vault

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// transitTimeout bounds one call, within what the caller's context allows.
const transitTimeout = 10 * time.Second

var _ tink.AEADWithContext = (*transit)(nil)

// transit is an AEAD whose key never leaves the service. It does not retry, and
// follows no redirect, as that would hand the token to another host.
type transit struct {
	Transit
	client *http.Client
}

// transitData is what requests and answers hold; bytes travel as base64.
type transitData struct {
	Plaintext      []byte `json:"plaintext,omitempty"`
	Ciphertext     string `json:"ciphertext,omitempty"`
	AssociatedData []byte `json:"associated_data,omitempty"`
}

func newTransit(o Transit) *transit {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &transit{Transit: o, client: &http.Client{Timeout: transitTimeout, CheckRedirect: stay}}
}

// EncryptWithContext returns the service's text, "vault:v<key version>:<base64>".
func (t *transit) EncryptWithContext(ctx context.Context, plaintext, associated []byte) ([]byte, error) {
	answer, err := t.call(ctx, "encrypt", transitData{Plaintext: plaintext, AssociatedData: associated})
	if err != nil {
		return nil, err
	}
	if answer.Ciphertext == "" {
		return nil, fmt.Errorf("%w: encrypt: no ciphertext in the answer", ErrTransit)
	}
	return []byte(answer.Ciphertext), nil
}

// DecryptWithContext undoes EncryptWithContext, given the same associated data.
func (t *transit) DecryptWithContext(ctx context.Context, box, associated []byte) ([]byte, error) {
	answer, err := t.call(ctx, "decrypt", transitData{Ciphertext: string(box), AssociatedData: associated})
	if err != nil {
		return nil, err
	}
	if len(answer.Plaintext) == 0 {
		return nil, fmt.Errorf("%w: decrypt: no plaintext in the answer", ErrTransit)
	}
	return answer.Plaintext, nil
}

func (t *transit) call(ctx context.Context, operation string, data transitData) (transitData, error) {
	request, err := t.request(ctx, operation, data)
	if err != nil {
		return transitData{}, err
	}
	response, err := t.client.Do(request)
	if err != nil {
		return transitData{}, fmt.Errorf("%w: %w", ErrTransit, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return transitData{}, fmt.Errorf("%w: %s: status %d", ErrTransit, operation, response.StatusCode)
	}
	return readAnswer(operation, response.Body)
}

func (t *transit) request(ctx context.Context, operation string, data transitData) (*http.Request, error) {
	token, err := readPrivate(t.TokenFile, notOthers)
	if err != nil {
		return nil, err
	}
	address, err := url.JoinPath(t.URL, "v1", t.mount(), operation, t.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: address", ErrTransit)
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("%w: request", ErrTransit)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: request", ErrTransit)
	}
	request.Close = true // calls are far between
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Vault-Request", "true")
	request.Header.Set("X-Vault-Token", strings.TrimSpace(string(token)))
	return request, nil
}

// readAnswer tells nothing of an answer it cannot parse: it may hold keys.
func readAnswer(operation string, body io.Reader) (transitData, error) {
	text, err := io.ReadAll(io.LimitReader(body, maxPrivate))
	if err != nil {
		return transitData{}, fmt.Errorf("%w: %s: %w", ErrTransit, operation, err)
	}
	var answer struct {
		Data transitData `json:"data"`
	}
	if json.Unmarshal(text, &answer) != nil {
		return transitData{}, fmt.Errorf("%w: %s: answer is not as expected", ErrTransit, operation)
	}
	return answer.Data, nil
}
