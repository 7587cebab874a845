package email_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// zone has the public keys as DNS would.
type zone map[string]string

func (z zone) lookup(name string) ([]string, error) {
	if text, ok := z[name]; ok {
		return []string{text}, nil
	}
	return nil, errors.New("no such record")
}

// dkimKey makes a key, in a file, and publishes it.
func (z zone) dkimKey(t testing.TB, domain, selector string, key crypto.Signer) email.DKIMKey {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, kind := []byte(nil), "ed25519"
	switch p := key.Public().(type) {
	case *rsa.PublicKey:
		kind = "rsa"
		if public, err = x509.MarshalPKIXPublicKey(p); err != nil {
			t.Fatal(err)
		}
	case ed25519.PublicKey:
		public = p
	}
	file := filepath.Join(t.TempDir(), selector)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		t.Fatal(err)
	}
	z[selector+"._domainkey."+domain] = fmt.Sprintf("v=DKIM1; k=%s; p=%s", kind, base64.StdEncoding.EncodeToString(public))
	return email.DKIMKey{Domain: domain, Selector: selector, KeyFile: file}
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// verify checks with another implementation than the one that signs; it gives the domains and algorithms that hold.
func (z zone) verify(raw []byte) string {
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: z.lookup})
	if err != nil {
		return err.Error()
	}
	var good []string
	for _, v := range found {
		if v.Err != nil {
			good = append(good, v.Err.Error())
			continue
		}
		good = append(good, v.Domain)
	}
	return strings.Join(good, " ")
}

func TestDKIM(t *testing.T) {
	t.Parallel()
	z := zone{}
	keys := []email.DKIMKey{
		z.dkimKey(t, "gov.test", "rsa2026", rsaKey(t, 2048)),
		z.dkimKey(t, "gov.test", "ed2026", edKey(t)),
		z.dkimKey(t, "health.test", "h1", edKey(t)),
	}
	leave, err := rooms.ParseURL("https://messages.gov.test/leave/abc")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*rooms.Delivery)
		want   string
	}{
		"the operator's": {func(*rooms.Delivery) {}, "gov.test gov.test"},
		"a subscriber's": {func(d *rooms.Delivery) { d.Leave = leave }, "gov.test gov.test"},
		"a client's":     {func(d *rooms.Delivery) { d.Sender.Email = address(t, "noreply@Health.test") }, "health.test"},
		"of a part":      {func(d *rooms.Delivery) { d.Sender.Email = address(t, "noreply@desk.health.test") }, "health.test"},
		"of nobody":      {func(d *rooms.Delivery) { d.Sender.Email = address(t, "noreply@nothealth.test") }, ""},
		"with blanks": {func(d *rooms.Delivery) {
			d.Content = rooms.Content{Text: rooms.NewBody(" a  \t b \n\n \t\n.\n..\nend   \n\n\n \n")}
		}, "gov.test gov.test"},
		"of one line": {func(d *rooms.Delivery) { d.Content = rooms.Content{Text: rooms.NewBody("x")} }, "gov.test gov.test"},
		"of blanks":   {func(d *rooms.Delivery) { d.Content = rooms.Content{HTML: rooms.NewBody("\n \n\n")} }, "gov.test gov.test"},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		o := to(sink)
		o.DKIM, o.ReplyAddress = keys, "reply@crier.test"
		d := delivery(t, 7, "citizen@people.test")
		d.Token = token
		tc.change(&d)
		p := provider(t, o)
		mustSend(t, p, d)
		mustSend(t, p, d)
		messages := sink.Messages()
		raw := messages[0].Body
		if got := z.verify(raw); got != tc.want {
			t.Errorf("%s: %q, want %q:\n%s", name, got, tc.want, raw)
		}
		if !bytes.Equal(raw, messages[1].Body) {
			t.Errorf("%s: sent again it is other bytes:\n%s\nand\n%s", name, raw, messages[1].Body)
		}
		for line := range strings.SplitSeq(string(raw), "\r\n") {
			if len(line) > 110 {
				t.Errorf("%s: a line of %d characters: %s", name, len(line), line)
			}
		}
		// Through Postfix, which prepends and may fold anew, it would still hold; a change does not.
		if tc.want != "" {
			tampering(t, z, name, raw)
		}
	}
}

func tampering(t *testing.T, z zone, name string, raw []byte) {
	t.Helper()
	for what, changed := range map[string]string{
		"another From":         "From: <evil@gov.test>\r\n" + string(raw),
		"another Subject":      "Subject: pay here\r\n" + string(raw),
		"another To":           "To: <x@people.test>\r\n" + string(raw),
		"another Reply-To":     "Reply-To: <x@evil.test>\r\n" + string(raw),
		"another date":         strings.Replace(string(raw), "2025", "2024", 1),
		"more text":            string(raw) + "more\r\n",
		"another unsubscribe":  strings.Replace(string(raw), "leave/abc", "leave/xyz", 1),
		"another content type": strings.Replace(string(raw), "\r\nContent-Type: ", "\r\nContent-Type: x", 1),
	} {
		if changed == string(raw) {
			continue
		}
		if got := z.verify([]byte(changed)); !strings.Contains(got, "signature") && !strings.Contains(got, "hash") {
			t.Errorf("%s: with %s it still verifies: %s", name, what, got)
		}
	}
	received := "Received: from a by b\r\n" + string(raw)
	if got := z.verify([]byte(received)); strings.Contains(got, "signature") {
		t.Errorf("%s: a relay's own line breaks it: %s", name, got)
	}
}

// The signature is one that OpenSSL verifies, over text that is canonicalised here by hand.
func TestDKIMByOpenSSL(t *testing.T) {
	t.Parallel()
	z := zone{}
	key := rsaKey(t, 2048)
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	o := to(sink)
	o.FromName, o.DKIM = "Office", []email.DKIMKey{z.dkimKey(t, "gov.test", "s", key)}
	d := delivery(t, 7, "citizen@people.test")
	d.To.Name = rooms.Body{}
	d.Content = rooms.Content{Subject: rooms.NewBody("Vaccination"), Text: rooms.NewBody("Monday.\n")}
	mustSend(t, provider(t, o), d)
	raw := string(sink.Messages()[0].Body)

	parts := regexp.MustCompile(`(?s)^DKIM-Signature: (v=1; a=rsa-sha256; c=relaxed/relaxed; d=gov.test;\r\n\ts=s; t=` +
		fmt.Sprint(umid.Time().Unix()) + `;\r\n\th=(.*?);\r\n\tbh=(\S+);\r\n\tb=)(.*?)\r\n[A-Z]`).FindStringSubmatch(raw)
	if parts == nil {
		t.Fatalf("not the signature that is wanted:\n%s", raw)
	}
	flat := strings.NewReplacer("\r\n\t", "").Replace
	if want := "from:from:to:to:cc:subject:subject:date:date:message-id:message-id:reply-to:auto-submitted:mime-version:content-type:content-transfer-encoding"; flat(parts[2]) != want {
		t.Errorf("it covers %s, want %s", flat(parts[2]), want)
	}
	canonical := "from:\"Office\" <office@gov.test>\r\nto:<citizen@people.test>\r\nsubject:Vaccination\r\n" +
		"date:" + umid.Time().UTC().Format(time.RFC1123Z) + "\r\nmessage-id:<" + string(umid) + ".7@gov.test>\r\n" +
		"auto-submitted:auto-generated\r\nmime-version:1.0\r\ncontent-type:text/plain; charset=UTF-8\r\ncontent-transfer-encoding:quoted-printable\r\n" +
		"dkim-signature:" + strings.ReplaceAll(parts[1], "\r\n\t", " ")
	signature, err := base64.StdEncoding.DecodeString(flat(parts[4]))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	public, _ := x509.MarshalPKIXPublicKey(key.Public())
	for name, text := range map[string][]byte{
		"text": []byte(canonical), "signature": signature, "body": []byte("Monday.\r\n"),
		"public": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl(t, folder, "dgst", "-sha256", "-verify", "public", "-signature", "signature", "text")
	sum := openssl(t, folder, "dgst", "-sha256", "-binary", "body")
	if got := base64.StdEncoding.EncodeToString(sum); got != parts[3] {
		t.Errorf("the body's hash is %s, by openssl %s", parts[3], got)
	}
}

func openssl(t *testing.T, folder string, args ...string) []byte {
	t.Helper()
	c := exec.Command("openssl", args...)
	c.Dir = folder
	var faults bytes.Buffer
	c.Stderr = &faults
	out, err := c.Output()
	if err != nil {
		t.Fatalf("openssl %s: %v %s%s", strings.Join(args, " "), err, out, &faults)
	}
	return out
}

// Keys that could not sign, or could be read by others, are refused at the start.
func TestDKIMKeysRefused(t *testing.T) {
	t.Parallel()
	z := zone{}
	good := z.dkimKey(t, "gov.test", "good", edKey(t))
	open := z.dkimKey(t, "gov.test", "open", edKey(t))
	if err := os.Chmod(open.KeyFile, 0o640); err != nil {
		t.Fatal(err)
	}
	certificate := emailtest.NewCertificate(t, "relay.test")
	for name, k := range map[string]email.DKIMKey{
		"":                            good,
		"has mode 0640":               open,
		"an RSA key of 1024 bits":     z.dkimKey(t, "gov.test", "short", rsaKey(t, 1024)),
		"no such file":                {Domain: "gov.test", Selector: "s", KeyFile: "/nowhere/key"},
		"no PEM":                      {Domain: "gov.test", Selector: "s", KeyFile: secretFile(t, "-----BEGIN")},
		"neither an RSA nor":          {Domain: "gov.test", Selector: "s", KeyFile: certificate.KeyFile},
		"no private key":              {Domain: "gov.test", Selector: "s", KeyFile: certificate.File},
		"domain \"a b\"":              {Domain: "a b", Selector: "s", KeyFile: good.KeyFile},
		"selector \"\" is not":        {Domain: "gov.test", KeyFile: good.KeyFile},
		"dkim: 1: keyFile is missing": {Domain: "gov.test", Selector: "s"},
	} {
		o := options("127.0.0.1", 25)
		o.DKIM = []email.DKIMKey{k}
		_, err := email.New(o, slog.New(slog.DiscardHandler))
		if name == "" && err != nil || name != "" && (err == nil || !strings.Contains(err.Error(), name)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
