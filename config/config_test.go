package config_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

const exampleFile = "../deploy/crier.example.yaml"

// good is the least that a configuration has to say.
const good = `
broker: {store: /srv/crier, keyFile: /etc/crier/store.key}
vault: {keysFile: /etc/crier/keys.json}
api: {tls: {certFile: /etc/crier/tls.crt, keyFile: /etc/crier/tls.key}}
oidc: {issuer: "https://id.example.org"}
`

func nothing(string) string { return "" }

// load reads a configuration out of a text and gives its faults one by one.
func load(t *testing.T, text string, env func(string) string) (config.Config, []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crier.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, env)
	var faults []string
	if err != nil {
		faults = strings.Split(err.Error(), "\n")
	}
	return c, faults
}

func TestExampleIsWhatDescribeWrites(t *testing.T) {
	var b bytes.Buffer
	if err := config.Describe(&b); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, b.Bytes()) {
		t.Errorf("%s is not current: go generate ./config", exampleFile)
	}
}

func TestExampleHasNoFault(t *testing.T) {
	if _, err := config.Load(exampleFile, nothing); err != nil {
		t.Error(err)
	}
}

// What the example shows as a default must be one: uncommented, it changes nothing.
func TestExampleShowsTheDefaults(t *testing.T) {
	file, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(file)) {
		trimmed := strings.TrimLeft(line, " ")
		key, value, isKey := strings.Cut(strings.TrimPrefix(trimmed, "# "), ": ")
		if strings.HasPrefix(trimmed, "# ") && isKey && !strings.ContainsAny(key, " `\"") && strings.TrimSpace(value) != "" && value[0] != '\n' && key[0] >= 'a' {
			line = strings.Replace(line, "# ", "", 1)
		}
		lines = append(lines, line)
	}
	all, faults := load(t, strings.Join(lines, ""), nothing)
	if faults != nil {
		t.Fatal(strings.Join(faults, "\n"))
	}
	few, err := config.Load(exampleFile, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(plain(all), plain(few)) {
		t.Error("a value shown as the default is not the default")
	}
}

// plain leaves out what cannot be compared.
func plain(c config.Config) config.Config {
	c.Broker.Log, c.Log.Log, c.Index.Logger, c.Index.Metrics, c.Index.Now, c.Sandbox.Now = nil, nil, nil, nil, nil, nil
	c.Index.Path = ""
	for _, list := range []*[]string{&c.OIDC.Algorithms, &c.OIDC.ClientClaims, &c.Broker.Cluster.Routes, &c.Broker.NATS.Origins, &c.Mailbox.Domains, &c.Mailbox.Trusted, &c.Operators.Except, &c.Providers.Webhook.Allow, &c.Providers.WebPush.Options.Allow, &c.Providers.WebPush.Options.Services, &c.Policy.QuietHours, &c.Providers.Email.OAuth2.Scopes} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if len(c.Providers.WebPush.Options.Ports) == 0 {
		c.Providers.WebPush.Options.Ports = nil
	}
	if h := c.Providers.SMS.HTTP; len(h.Request.Form)+len(h.Request.JSON)+len(h.Answer.Rules)+len(h.Receipt.Statuses)+len(h.Allow) == 0 {
		h.Request.Query, h.Request.Form, h.Request.JSON, h.Request.Headers, h.Receipt.Statuses = nil, nil, nil, nil, nil
		h.Answer.Rules, h.Verify.Over, h.Verify.Networks, h.Allow, h.Ports = nil, nil, nil, nil, nil
		c.Providers.SMS.HTTP = h
	}
	if m := &c.API.Mediator; len(m.Members)+len(m.Proxies) == 0 {
		m.Members, m.Proxies = nil, nil
	}
	if len(c.Providers.Email.DKIM) == 0 {
		c.Providers.Email.DKIM = nil
	}
	for _, o := range []*outbound.Options{&c.Providers.Telegram.Options.Options, &c.Providers.WhatsApp.Options.Options} {
		if len(o.Allow)+len(o.Ports) == 0 {
			o.Allow, o.Ports = nil, nil
		}
	}
	if len(c.Providers.WhatsApp.Options.Templates) == 0 {
		c.Providers.WhatsApp.Options.Templates = nil
	}
	if len(c.Policy.Lanes)+len(c.Policy.SentIsDelivered) == 0 {
		c.Policy.Lanes, c.Policy.SentIsDelivered = nil, nil
	}
	return c
}

func TestLeastConfiguration(t *testing.T) {
	c, faults := load(t, good, nothing)
	if faults != nil {
		t.Fatal(strings.Join(faults, "\n"))
	}
	if c.Index.Path != "/srv/crier/index/index.db" || c.Index.Keep != c.Log.EventAge {
		t.Errorf("index at %s for %s", c.Index.Path, c.Index.Keep)
	}
	if rules := c.Policy.Rules(); rules.Expiry != 24*time.Hour || rules.Jitter != 0.2 || len(rules.Retry) != 8 {
		t.Errorf("rules %+v", rules)
	}
}

func TestMetricsAreOffTheAPIUnlessAskedFor(t *testing.T) {
	for text, want := range map[string]bool{
		good: false, good + "metrics: {listen: \":9090\"}\n": false, strings.Replace(good, "api: {", "api: {metrics: true, ", 1): true,
	} {
		if c, faults := load(t, text, nothing); faults != nil || c.API.Metrics != want {
			t.Errorf("%s: %t, %q", text, c.API.Metrics, faults)
		}
	}
}

func TestZerosOfThePolicyCount(t *testing.T) {
	c, faults := load(t, good+"policy: {jitter: 0, retry: [1s]}\n", nothing)
	if faults != nil || c.Policy.Jitter != 0 || !slices.Equal(c.Policy.Retry, []time.Duration{time.Second}) {
		t.Errorf("jitter %v, retry %v, faults %v", c.Policy.Jitter, c.Policy.Retry, faults)
	}
}

func TestConfigurationPrintsNothing(t *testing.T) {
	c, _ := load(t, strings.Replace(good, "keyFile: /etc/crier/store.key", "key: a-very-secret-key-of-the-store-0123456789", 1), nothing)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if out := fmt.Sprintf(verb, c); out != "[configuration]" {
			t.Errorf("%s prints %.40s…", verb, out)
		}
	}
}

// The standard policy may have rules of most kinds.
func TestRulesOfTheStandardPolicy(t *testing.T) {
	c, faults := load(t, good+`policy: {quota: {perMinute: 10}, lanes: {bulk: {perDay: 2}}, content: {segments: 2, bytes: 9}, zone: Asia/Bishkek,
  quietHours: ["21:00-08:00"], cap: {messages: 3, per: 24h}, sentIsDelivered: [email], holdAfter: 100, release: two-person}
`, nothing)
	if faults != nil {
		t.Fatal(strings.Join(faults, "\n"))
	}
	want := rooms.PolicyRules{
		Quota: rooms.Quota{PerMinute: 10}, Lanes: map[rooms.Lane]rooms.Quota{rooms.Bulk: {PerDay: 2}}, Content: rooms.ContentLimits{Segments: 2, Bytes: 9},
		Times: rooms.Times{Zone: "Asia/Bishkek", Quiet: []rooms.QuietHours{{From: 21 * 60, Until: 8 * 60}}},
		Cap:   rooms.Frequency{Messages: 3, Per: 24 * time.Hour}, SentIsDelivered: []rooms.Channel{rooms.Email}, HoldAfter: 100, Release: rooms.ReleaseTwoPerson,
	}
	if got := c.Policy.Rules().PolicyRules; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want\n%+v", got, want)
	}
	if c, _ := load(t, good, nothing); !reflect.DeepEqual(c.Policy.Rules().PolicyRules, rooms.PolicyRules{}) {
		t.Errorf("nothing was asked for: %+v", c.Policy.Rules())
	}
}
