package email_test

import (
	"bytes"
	"crypto/x509"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/mailkeys/mailkeystest"
)

func key(kind rooms.KeyKind, text string) rooms.EncryptionKey {
	return rooms.EncryptionKey{Kind: kind, Text: rooms.NewBody(text)}
}

// wantContent looks at what was signed or encrypted: the content of a delivery, whole.
func wantContent(t *testing.T, d rooms.Delivery, entity []byte, subject string) {
	t.Helper()
	header, parts := parse(t, entity)
	wantParts(t, parts, part{"text/plain", crlf(d.Content.Text.Reveal())}, part{"text/html", d.Content.HTML.Reveal()})
	if got, err := header.Subject(); err != nil || got != subject {
		t.Errorf("the subject within is %q (%v), want %q", got, err, subject)
	}
}

// wantHidden looks for the content on the wire.
func wantHidden(t *testing.T, d rooms.Delivery, raw []byte) {
	t.Helper()
	for _, word := range []string{"Vaccination", "Monday", "appointment", "text/plain"} {
		if bytes.Contains(raw, []byte(word)) {
			t.Errorf("%q goes in the clear:\n%s", word, raw)
		}
	}
	if header, _ := parse(t, raw); header.Get("Subject") != "Encrypted message" {
		t.Errorf("the subject outside is %q", header.Get("Subject"))
	}
}

// OpenSSL verifies what is signed, and that through Postfix too; a client's address, which the certificate does not name,
// is signed for by nobody.
func TestSigned(t *testing.T) {
	t.Parallel()
	office := mailkeystest.NewSMIME(t, "Office@gov.test")
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	o := options(postfix.Host, postfix.Port)
	o.SMIME = email.SMIME{CertificateFile: office.File, KeyFile: office.Key}
	p := provider(t, o)
	d := delivery(t, 7, "citizen@people.test")
	mustSend(t, p, d)
	raw := wantMessages(t, sink, postfix, 1)[0].Body
	wantContent(t, d, office.Verify(t, raw), "")
	if !bytes.Contains(raw, []byte(`multipart/signed; protocol="application/pkcs7-signature"`)) {
		t.Errorf("not what RFC 8551 calls signed:\n%s", raw)
	}
	d.Sender.Email = address(t, "noreply@health.test")
	mustSend(t, p, d)
	if raw := wantMessages(t, sink, postfix, 2)[1].Body; bytes.Contains(raw, []byte("pkcs7")) {
		t.Errorf("signed for another:\n%s", raw)
	}
}

// Who has a certificate gets what only he can read: signed first, then encrypted.
func TestEncryptedToACertificate(t *testing.T) {
	t.Parallel()
	office, person := mailkeystest.NewSMIME(t, "office@gov.test"), mailkeystest.NewSMIME(t, "citizen@people.test")
	for _, signs := range []bool{false, true} {
		z := zone{}
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		o := to(sink)
		o.DKIM = []email.DKIMKey{z.dkimKey(t, "gov.test", "s", edKey(t))}
		if signs {
			o.SMIME = email.SMIME{CertificateFile: office.File, KeyFile: office.Key}
		}
		d := delivery(t, 7, "citizen@people.test")
		d.To.Keys = []rooms.EncryptionKey{key(rooms.SMIME, person.Certificate)}
		mustSend(t, provider(t, o), d)
		raw := sink.Messages()[0].Body
		wantHidden(t, d, raw)
		inner := person.Decrypt(t, raw, "SMIME")
		subject := d.Content.Subject.Reveal()
		if signs {
			inner = office.Verify(t, inner)
		}
		wantContent(t, d, inner, subject)
		if !bytes.Contains(inner, []byte(`protected-headers="v1"`)) {
			t.Errorf("the subject is not said to be the message's:\n%s", inner)
		}
		if got := z.verify(raw); got != "gov.test" {
			t.Errorf("DKIM: %s", got)
		}
	}
}

// Who has an OpenPGP key likewise; the operator may leave the subject outside.
func TestEncryptedToAnOpenPGPKey(t *testing.T) {
	t.Parallel()
	person := mailkeystest.NewOpenPGP(t, "citizen@people.test", "future-default")
	for _, clear := range []bool{false, true} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
		o := options(postfix.Host, postfix.Port)
		o.ClearSubject = clear
		d := delivery(t, 7, "citizen@people.test")
		d.To.Keys = []rooms.EncryptionKey{key(rooms.OpenPGP, person.Public)}
		mustSend(t, provider(t, o), d)
		raw := wantMessages(t, sink, postfix, 1)[0].Body
		header, parts := parse(t, raw)
		kind, parameters, err := header.ContentType()
		if err != nil || kind != "multipart/encrypted" || parameters["protocol"] != "application/pgp-encrypted" || len(parts) != 2 ||
			parts[0] != (part{"application/pgp-encrypted", "Version: 1\r\n"}) || parts[1].kind != "application/octet-stream" {
			t.Fatalf("not what RFC 3156 calls encrypted: %v\n%s", err, raw)
		}
		inner := person.Decrypt(t, []byte(parts[1].text))
		subject, within := d.Content.Subject.Reveal(), d.Content.Subject.Reveal()
		if clear {
			if outside, _ := header.Subject(); outside != subject {
				t.Errorf("the subject outside is %q", outside)
			}
			within = ""
		} else {
			wantHidden(t, d, raw)
		}
		wantContent(t, d, inner, within)
	}
}

// A key that does not do is no reason to send in the clear.
func TestNothingGoesInTheClear(t *testing.T) {
	t.Parallel()
	expired := mailkeystest.NewSMIME(t, "a@people.test", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p := provider(t, to(sink))
	for name, k := range map[string]rooms.EncryptionKey{
		"expired":      key(rooms.SMIME, expired.Certificate),
		"unreadable":   key(rooms.OpenPGP, "canary"),
		"of a new way": key("mls", "canary"),
		"none":         {},
	} {
		d := delivery(t, 7, "citizen@people.test")
		d.To.Keys = []rooms.EncryptionKey{k}
		want := rejected("554 5.7.5")
		if got := p.Send(t.Context(), d); got != want {
			t.Errorf("%s: outcome %+v, want %+v", name, got, want)
		}
	}
	if made, _ := sink.Connections(); made != 0 || len(sink.Messages()) != 0 {
		t.Errorf("%d connections, %d messages: nobody should have been asked", made, len(sink.Messages()))
	}
}

// What does not fit together is refused at the start.
func TestSigningRefused(t *testing.T) {
	t.Parallel()
	good, other := mailkeystest.NewSMIME(t, "office@gov.test"), mailkeystest.NewSMIME(t, "office@gov.test")
	nameless := mailkeystest.NewSMIME(t, "", func(c *x509.Certificate) { c.EmailAddresses = nil })
	if err := os.Chmod(other.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]email.SMIME{
		"":                            {CertificateFile: good.File, KeyFile: good.Key},
		"belong together":             {CertificateFile: good.File},
		"has mode 0644":               {CertificateFile: good.File, KeyFile: other.Key},
		"private key does not match":  {CertificateFile: other.File, KeyFile: good.Key},
		"names no e-mail address":     {CertificateFile: nameless.File, KeyFile: nameless.Key},
		"no such file":                {CertificateFile: "/nowhere/cert", KeyFile: good.Key},
		"failed to find any PEM data": {CertificateFile: secretFile(t, "x"), KeyFile: good.Key},
	} {
		o := options("127.0.0.1", 25)
		o.SMIME = s
		_, err := email.New(o, slog.New(slog.DiscardHandler))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
