package config_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/config"
)

const several = `
providers:
  email:
    kind: sandbox
    name: first
    weight: 90
    rate: 100
    more:
      - {name: second, kind: sandbox, weight: 10, fail: temporarily}
      - name: relay
        kind: smtp
        host: relay.example.org
        from: noreply@example.org
        sendTimeout: 5s
        oauth2: {tokenURL: "https://login.example.org/token", clientID: crier, clientSecretFile: /run/secret}
        username: crier
        dkim: [{domain: example.org, selector: s1, keyFile: /run/dkim.pem}]
  sms:
    kind: sandbox
`

func nowhere(string) string { return "" }

func TestSeveralProviders(t *testing.T) {
	c, _ := load(t, several, nowhere) // which is not whole
	p := c.Providers
	if faults := slices.Concat(p.Email.Check(), p.SMS.Check()); len(faults) > 0 {
		t.Fatal(errors.Join(faults...))
	}
	if len(p.Email.More) != 2 || p.Email.Called(p.Email.Kind) != "first" || p.Email.Rate != 100 || p.Email.More[0].Fail != "temporarily" ||
		p.Email.More[1].Port != 587 || p.Email.More[1].OAuth2.ClientID != "crier" || p.Email.More[1].DKIM[0].Selector != "s1" || p.SMS.Called(p.SMS.Kind) != "sandbox" || !p.Sandboxed() {
		t.Errorf("got %+v, %+v", p.Email, p.SMS)
	}
}

func TestSeveralProvidersWithFaults(t *testing.T) {
	for more, want := range map[string]string{
		"{kind: sandbox}":                             "providers.email.more: each provider has a name of its own, sandbox stands twice",
		"{name: a, kind: pigeon}":                     "providers.email.more: provider 2: kind: one of",
		"{name: A, kind: sandbox}":                    "providers.email.more: provider 2: name: lower-case",
		"{name: a, kind: sandbox, weight: -1}":        "providers.email.more: provider 2: weight: must not be negative",
		"{name: a, kind: sandbox, fail: sometimes}":   "providers.email.more: provider 2: fail: always, temporarily, or nothing",
		"{name: a, kind: none, fail: always}":         "providers.email.more: provider 2: fail: only the sandbox",
		"{name: a, kind: smtp, from: a@b.example}":    "providers.email.more: provider 2: host",
		"{name: a, colour: red}":                      "providers.email.more[0].colour: unknown key",
		"{name: a, kind: sandbox, sendTimeout: 5}":    "providers.email.more[0].sendTimeout: a duration has a unit",
		"{name: a, kind: sandbox, more: [{name: b}]}": "providers.email.more[0].more: unknown key",
		"{name: a, kind: smtp, dkim: [{key: x}]}":     "providers.email.more[0].dkim[0].key: unknown key",
		"{name: a, name: b}":                          "providers.email.more[0].name: stands here for a second time",
	} {
		_, faults := load(t, "providers: {email: {kind: sandbox, more: ["+more+"]}}", nowhere)
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("%s: %q; want %s", more, faults, want)
		}
	}
}

func TestProvidersBySet(t *testing.T) {
	c := config.New()
	if err := c.Set("providers.sms.more", "[{name: reserve, kind: sandbox}, {name: other, rate: 0.5}]"); err != nil {
		t.Fatal(err)
	}
	if got := c.Providers.SMS.More; len(got) != 2 || got[0].Name != "reserve" || got[1].Rate != 0.5 {
		t.Errorf("got %+v", got)
	}
	for _, bad := range []string{"reserve", "[{colour: red}]", "[{name: ", "5"} {
		if c.Set("providers.sms.more", bad) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// Policies name the providers as operators see them.
func TestProviderNames(t *testing.T) {
	var p config.Providers
	p.Email.Kind, p.SMS.Kind, p.Webhook.Kind = config.KindSMTP, config.KindNone, config.KindHTTP
	p.WebPush.Kind, p.Matrix.Kind, p.Telegram.Kind, p.WhatsApp.Kind = config.KindNone, config.KindNone, config.KindNone, config.KindNone
	p.Email.More = []config.EmailRelay{{Kind: config.KindSandbox, Share: config.Share{Name: "reserve"}}}
	if got := fmt.Sprint(p.Names()); got != "map[email:[smtp reserve] webhook:[http]]" {
		t.Error(got)
	}
}
