package rooms

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Signing is a secret that signs calls, in the notation of Standard Webhooks: "whsec_" and base64.
type Signing struct {
	Secret Secret
	Until  time.Time // it signs no longer after this; zero for good
}

const (
	signingPrefix = "whsec_"
	signingBytes  = 32
	minSigning    = 24 // of a key, as Standard Webhooks has it
	maxSigning    = 64
)

// NewSigning makes a secret that nobody has had before.
func NewSigning() Signing {
	key := make([]byte, signingBytes)
	_, _ = rand.Read(key) // never fails, says crypto/rand
	return Signing{Secret: NewSecret(signingPrefix + base64.StdEncoding.EncodeToString(key))}
}

// Key is what the secret stands for; the refusal does not repeat it.
func (s Signing) Key() ([]byte, error) {
	text, ok := strings.CutPrefix(s.Secret.Reveal(), signingPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < minSigning || len(key) > maxSigning {
		return nil, fmt.Errorf("%w: a signing secret is %s and %d to %d bytes in base64", ErrText, signingPrefix, minSigning, maxSigning)
	}
	return key, nil
}

// maxFormer is how many secrets sign beside the newest one.
const maxFormer = 4

// Rotate gives a contact a new secret at a time. Those before sign for a while longer; what is no
// longer needed by then, and all but the latest few, is dropped.
func (c Contact) Rotate(now time.Time, keep time.Duration) Contact {
	signing := []Signing{NewSigning()}
	for _, old := range c.Active(now) {
		if end := now.Add(keep); old.Until.IsZero() || old.Until.After(end) {
			old.Until = end
		}
		if len(signing) <= maxFormer {
			signing = append(signing, old)
		}
	}
	c.Signing = signing
	return c
}

// Active are the secrets that sign at a time, the newest first.
func (c Contact) Active(now time.Time) (active []Signing) {
	for _, s := range c.Signing {
		if s.Until.IsZero() || now.Before(s.Until) {
			active = append(active, s)
		}
	}
	return active
}
