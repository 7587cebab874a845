package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms/mailkeys/mailkeystest"
)

// A message leaves by SMTP as the configuration wants it: signed, with addresses by which its bounces and answers are known
// again, and to who has a key encrypted.
func TestMailAsItLeaves(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	relay := emailtest.StartSink(t, emailtest.SinkOptions{})
	h := newLocal(t, "providers.email.kind=smtp", "providers.email.host="+relay.Host, fmt.Sprintf("providers.email.port=%d", relay.Port),
		"providers.email.from=office@gov.example", "providers.email.bounceAddress=bounces@gov.example", "providers.email.replyAddress=reply@gov.example",
		"providers.email.dkim=[{domain: gov.example, selector: s1, keyFile: "+keyFile+"}]")
	person := mailkeystest.NewSMIME(t, "citizen@people.example")
	h.publish("to-two", v1.Contact{Email: "citizen@people.example", SMIMECertificate: person.Certificate}, v1.Contact{Email: "other@people.example"})
	byPerson := map[string]emailtest.Message{}
	eventually(t, busyFor, func() string {
		for _, m := range relay.Messages() {
			byPerson[m.To] = m
		}
		return map[bool]string{false: fmt.Sprintf("mail for %d, want 2", len(byPerson))}[len(byPerson) == 2]
	})

	sealed, open := byPerson["citizen@people.example"].Body, byPerson["other@people.example"].Body
	const text = "text of to-two"
	if bytes.Contains(sealed, []byte(text)) || !bytes.Contains(person.Decrypt(t, sealed, "SMIME"), []byte(text)) || !bytes.Contains(open, []byte(text)) {
		t.Errorf("to the one who has a key\n%s\nto the other\n%s", sealed, open)
	}
	for to, m := range byPerson {
		token := strings.TrimSuffix(strings.TrimPrefix(m.From, "bounces+"), "@gov.example")
		if !regexp.MustCompile(`^[a-z2-7]{40,56}$`).MatchString(token) || !bytes.Contains(m.Body, []byte("<reply+"+token+"@gov.example>")) {
			t.Errorf("%s: bounces go to %s:\n%s", to, m.From, m.Body)
		}
		found, err := dkim.VerifyWithOptions(bytes.NewReader(m.Body), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			if name != "s1._domainkey.gov.example" {
				return nil, errors.New("no such name")
			}
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)}, nil
		}})
		if err != nil || len(found) != 1 || found[0].Err != nil {
			t.Errorf("%s: DKIM %+v, %v", to, found, err)
		}
	}
}
