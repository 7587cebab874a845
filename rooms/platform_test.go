package rooms_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// pushSubscription is one as a browser gives it.
func pushSubscription(endpoint string) string {
	public := base64.URLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...))
	return `{"expirationTime":null, "keys":{"auth":"` + base64.URLEncoding.EncodeToString(make([]byte, 16)) + `","p256dh":"` + public + `"},"endpoint":"` + endpoint + `"}`
}

func TestPushSubscription(t *testing.T) {
	a, err := rooms.ParseAddress(rooms.WebPush, pushSubscription("https://push.example.org/p/Ab?c=d&e=f"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := rooms.ParseAddress(rooms.WebPush, a.Reveal())
	if err != nil || again.Reveal() != a.Reveal() || strings.ContainsAny(a.Reveal(), " =\n") != strings.Contains(a.Reveal(), "c=d") {
		t.Errorf("in another form the second time: %v", err)
	}
	p, ok := a.PushSubscription()
	if !ok || p.Endpoint != "https://push.example.org/p/Ab?c=d&e=f" || len(p.Keys.P256dh) != 87 || len(p.Keys.Auth) != 22 {
		t.Errorf("read as another one: %v", ok)
	}
	if a.Same() != "https://push.example.org/p/Ab?c=d&e=f" {
		t.Error("compared by something else than its endpoint")
	}
	if mail, _ := rooms.ParseEmail("a@example.com"); mail.Same() != "a@example.com" {
		t.Error("mail is compared otherwise")
	}
}

func TestPlatformsRefuse(t *testing.T) {
	for name, tc := range map[string]struct {
		channel rooms.Channel
		address string
	}{
		"push, no JSON":         {rooms.WebPush, "canary"},
		"push, http":            {rooms.WebPush, pushSubscription("http://canary.example.org/x")},
		"push, a quote":         {rooms.WebPush, pushSubscription(`https://canary.example.org/x\"y`)},
		"push, short key":       {rooms.WebPush, `{"endpoint":"https://canary.example.org/","keys":{"p256dh":"BAAA","auth":"AAAAAAAAAAAAAAAAAAAAAA"}}`},
		"push, no keys":         {rooms.WebPush, `{"endpoint":"https://canary.example.org/"}`},
		"push, too long":        {rooms.WebPush, pushSubscription("https://canary.example.org/" + strings.Repeat("x", 2000))},
		"matrix, a name":        {rooms.Matrix, "canary"},
		"matrix, no server":     {rooms.Matrix, "@canary"},
		"matrix, an alias":      {rooms.Matrix, "#canary:example.org"},
		"matrix, no local part": {rooms.Matrix, "@:example.org"},
		"matrix, a line break":  {rooms.Matrix, "@canary:example.org\n"},
		"matrix, a path":        {rooms.Matrix, "@canary:example.org/x"},
		"matrix, a query":       {rooms.Matrix, "@canary?:example.org"},
		"telegram, a name":      {rooms.Telegram, "@canary"},
		"telegram, zero":        {rooms.Telegram, "0"},
		"telegram, too long":    {rooms.Telegram, strings.Repeat("9", 20)},
		"whatsapp, a name":      {rooms.WhatsApp, "canary"},
	} {
		if _, err := rooms.ParseAddress(tc.channel, tc.address); !errors.Is(err, rooms.ErrAddress) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for channel, addresses := range map[rooms.Channel][]string{
		rooms.Matrix:   {"@ada.l=_-/+:matrix.example.org:8448", "!qporfwt:example.org", "!VNb2rM7d3fqjYrz9Vv5m0V0n4hWk3dLw0QqJz1aB2cD"},
		rooms.Telegram: {"4711080815", "-1001234567890"},
		rooms.WhatsApp: {"+996555000111"},
	} {
		for _, one := range addresses {
			if a, err := rooms.ParseAddress(channel, one); err != nil || a.Reveal() != one {
				t.Errorf("%s: %v", one, err)
			}
		}
	}
}

// Every channel has a letter of its own, which stays what it is: the log holds it.
func TestMarks(t *testing.T) {
	letters := ""
	for _, c := range rooms.Channels() {
		letters += string(rooms.Mark(c))
		if rooms.MarkChannel(rooms.Mark(c)) != c {
			t.Errorf("%s is read as another channel", c)
		}
	}
	if letters != "eswpmta" || rooms.MarkChannel(rooms.MarkSuppressed) != "" || rooms.MarkChannel(rooms.MarkCancelled) != "" {
		t.Errorf("letters %s", letters)
	}
	for _, c := range rooms.Personal() {
		if _, err := rooms.ParseChannel(string(c)); err != nil {
			t.Error(err)
		}
	}
}
