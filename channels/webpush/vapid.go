package webpush

import (
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
)

const (
	tokenLife   = 12 * time.Hour // RFC 8292 §2: at most 24
	mostOrigins = 1000           // push services are few, but people name them
)

// tokens are what the gateway shows push services, one for each of them at a time (RFC 8292 §2).
type tokens struct {
	signer  jose.Signer
	public  string
	contact string
	now     func() time.Time

	mu   sync.Mutex
	made map[string]token // by origin
}

type token struct {
	header string
	until  time.Time // from then on another is made
}

func newTokens(k Key, contact string, now func() time.Time) (*tokens, error) {
	public, err := k.Public()
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k.private}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("webpush: %w", err)
	}
	return &tokens{signer: signer, public: public, contact: contact, now: now, made: map[string]token{}}, nil
}

// header is the value of Authorization for an endpoint.
func (t *tokens) header(endpoint *url.URL) (string, error) {
	origin := endpoint.Scheme + "://" + endpoint.Host
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.made[origin]; now.Before(one.until) {
		return one.header, nil
	}
	header, err := t.sign(origin, now.Add(tokenLife))
	if err != nil {
		return "", err
	}
	if len(t.made) >= mostOrigins {
		clear(t.made)
	}
	t.made[origin] = token{header, now.Add(tokenLife / 2)}
	return header, nil
}

func (t *tokens) sign(origin string, until time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}{origin, until.Unix(), t.contact})
	if err != nil {
		return "", fmt.Errorf("webpush: %w", err)
	}
	signed, err := t.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("webpush: %w", err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("webpush: %w", err)
	}
	return "vapid t=" + text + ", k=" + t.public, nil
}
