package rooms_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestURLs(t *testing.T) {
	long := "https://example.org/" + strings.Repeat("x", 1980)
	for _, s := range []string{
		"https://example.org", "https://example.org/", "https://example.org/hook?x=1&y=%20", "HTTPS://Example.ORG:8443/Path",
		"https://xn--bcher-kva.example/", "https://localhost/", "https://127.0.0.1:1/", "https://[2001:db8::1]:443/x", "https://example.org./",
		"http://example.org/", long,
	} {
		a, err := rooms.ParseAddress(rooms.Webhook, s)
		if err != nil && !strings.HasPrefix(s, "HTTPS") || err == nil && a.Reveal() != s {
			t.Errorf("%.60q: %v", s, err)
		}
	}
	for _, s := range []string{
		"", "example.org", "//example.org/", "ftp://example.org/", "https:example.org", "https:///x", "https://", "https://?x", "javascript:alert(1)",
		"https://user@example.org/", "https://user:secret@example.org/", "https://@example.org/", "https://example.org/#", "https://example.org/#secret",
		"https://example.org:0/", "https://example.org:/", "https://example.org:65536/", "https://example.org:080/", "https://example.org:+443/", "https://example.org:x/",
		"https://2130706433/", "https://017700000001/", "https://0177.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://0x7f.1/", "https://0x7f.0x1/",
		"https://127.0.0.1./", "https://1.2.3.4.5/", "https://[fe80::1%25eth0]/", "https://[::1/", "https://::1/", "https://exa mple.org/", "https://example.org/\r\nHost: x",
		"https://ex\u212aample.org/", "https://bücher.example/", "https://example..org/", "https://-a.example/", "https://%31%32%37.0.0.1/", "https://example.org\\@evil.example/",
		"https://example.org/%zz", "https://[::ffff:127.0.0.1]x/", "https://\u3002example/", long + "x",
	} {
		if _, err := rooms.ParseAddress(rooms.Webhook, s); !errors.Is(err, rooms.ErrAddress) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: %v, want ErrAddress", s, err)
		}
	}
}

func TestPathsKeepTheirCase(t *testing.T) {
	same := func(s string) string {
		a, err := rooms.ParseURL(s)
		if err != nil {
			t.Fatal(err)
		}
		return a.Same()
	}
	if same("https://App.Example:8443/A?B=C") != "https://app.example:8443/A?B=C" || same("https://APP.example") != "https://app.example" {
		t.Errorf("%s, %s", same("https://App.Example:8443/A?B=C"), same("https://APP.example"))
	}
}

func TestSecretsRotate(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	c := rooms.Contact{Channel: rooms.Webhook, Signing: []rooms.Signing{rooms.NewSigning()}}
	first := c.Signing[0]
	if key, err := first.Key(); err != nil || len(key) != 32 {
		t.Fatalf("%d bytes, %v", len(key), err)
	}
	c = c.Rotate(now, 24*time.Hour)
	active := c.Active(now.Add(24*time.Hour - 1))
	if len(active) != 2 || active[0].Secret.Reveal() == first.Secret.Reveal() || active[1].Secret.Reveal() != first.Secret.Reveal() {
		t.Errorf("%d sign, the newest not first, or the first is lost", len(active))
	}
	if active := c.Active(now.Add(24 * time.Hour)); len(active) != 1 || active[0].Secret.Reveal() != c.Signing[0].Secret.Reveal() {
		t.Errorf("%d sign a day later", len(active))
	}
	second := c.Rotate(now.Add(time.Hour), 24*time.Hour)
	if got := second.Signing[2].Until; !got.Equal(now.Add(24 * time.Hour)) {
		t.Errorf("a secret that ends is given time until %s", got)
	}
	if got := c.Rotate(now.Add(time.Hour), time.Minute).Signing[2].Until; !got.Equal(now.Add(time.Hour + time.Minute)) {
		t.Errorf("a secret outlives what the operator has set: %s", got)
	}
	for range 20 {
		c = c.Rotate(now, time.Hour)
	}
	if len(c.Signing) != 5 {
		t.Errorf("%d secrets are kept", len(c.Signing))
	}
	for _, s := range []string{"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", strings.TrimPrefix(first.Secret.Reveal(), "whsec_")} {
		if _, err := (rooms.Signing{Secret: rooms.NewSecret(s)}).Key(); !errors.Is(err, rooms.ErrText) {
			t.Errorf("%q is a secret", s)
		}
	}
}

func TestWebhookContactRoundTrip(t *testing.T) {
	until := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at, err := rooms.ParseURL("https://app.example/x")
	if err != nil {
		t.Fatal(err)
	}
	c := rooms.Contact{Channel: rooms.Webhook, Address: at, Signing: []rooms.Signing{rooms.NewSigning(), {Secret: rooms.NewSigning().Secret, Until: until}}}
	got, err := rooms.DecodeContact(c.Encode())
	if err != nil || string(got.Encode()) != string(c.Encode()) || len(got.Signing) != 2 || !got.Signing[1].Until.Equal(until) ||
		got.Signing[0].Secret.Reveal() != c.Signing[0].Secret.Reveal() {
		t.Errorf("read back as another contact (%v)", err)
	}
}
