package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/config"
)

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want string // how a fault begins
	}{
		"unknown section":          {"quotas: {}\n", "quotas: unknown key (line 6)"},
		"unknown key":              {"index: {pathh: x}\n", "index.pathh: unknown key"},
		"path as a key":            {"log: {}\nindex.path: x\n", "index.path: unknown key"},
		"section given twice":      {"oidc: {audience: x}\n", "oidc: stands here for a second time"},
		"key given twice":          {"index: {keep: 800h, keep: 900h}\n", "index.keep: stands here for a second time"},
		"not a section":            {"index: 5\n", "index: keys are expected here"},
		"not a number":             {"bridge: {maxWaiting: many}\n", "bridge.maxWaiting: not a whole number"},
		"a word for a number":      {"sandbox: {keep: lots}\n", "sandbox.keep: not a whole number"},
		"duration without unit":    {"bridge: {sendTimeout: 30}\n", "bridge.sendTimeout: a duration has a unit"},
		"duration in a list":       {"policy: {retry: [1m, 5]}\n", "policy.retry: a duration has a unit"},
		"not a duration":           {"policy: {expiry: soon}\n", "policy.expiry: not a duration"},
		"not YAML":                 {"\tx\n", "not a YAML document"},
		"of a package":             {"bridge: {workers: {bulk: -1}}\n", "bridge.workers.bulk: must not be negative"},
		"of a package with prefix": {"index: {batchSize: 99999}\n", "index.batchSize: is from 1 to 10000"},
		"unknown lane":             {"log: {queueBytes: {slow: 500000000}}\n", "log.queueBytes: the lanes are"},
		"provider":                 {"providers: {email: {kind: pigeon}}\n", "providers.email.kind: one of none, smtp, sandbox"},
		"relay":                    {"providers: {email: {kind: smtp, from: a@example.org}}\n", "providers.email.host: is missing"},
		"SMS":                      {"providers: {sms: {kind: smtp}}\n", "providers.sms.kind: one of none, smpp, http, sandbox"},
		"SMS by HTTP":              {"providers: {sms: {kind: http, http: {profile: pigeon, request: {url: 'https://sms.example.org'}}}}\n", "providers.sms.http.profile: one of africastalking, twilio, vonage"},
		"SMS by HTTP, its key":     {"providers: {sms: {kind: http, http: {request: {url: 'https://sms.example.org', uri: x}}}}\n", "providers.sms.http.request.uri: unknown key"},
		"SMS by HTTP, its file":    {"providers: {sms: {kind: http, http: {profile: twilio, account: a, secretFile: /nowhere/token}}}\n", "providers.sms.http.secretFile: open /nowhere/token"},
		"SMS by HTTP, its place":   {"providers: {sms: {kind: http, http: {request: {url: 'https://sms.example.org'}, answer: {id: there}}}}\n", "providers.sms.http.answer.id: a place is"},
		"SMS by HTTP, further":     {"providers: {sms: {more: [{name: b, kind: http}]}}\n", "providers.sms.more: provider 2: http.request.url"},
		"SMS centre and HTTP":      {"providers: {sms: {kind: smpp, host: smsc.example, systemId: crier, http: {profile: twilio}}}\n", "providers.sms.http.profile: only where kind is http"},
		"HTTP and SMS centre":      {"providers: {sms: {kind: http, window: 50, http: {request: {url: 'https://sms.example.org'}}}}\n", "providers.sms.window: only where kind is smpp"},
		"sandbox and SMS centre":   {"providers: {sms: {kind: sandbox, addressing: {short: 1/1}}}\n", "providers.sms.addressing.short: only where kind is smpp"},
		"sandbox and HTTP":         {"providers: {sms: {kind: sandbox, http: {answer: {id: /id}}}}\n", "providers.sms.http.answer.id: only where kind is http"},
		"further with idle keys":   {"providers: {sms: {more: [{name: b, kind: sandbox, from: CLINIC}]}}\n", "providers.sms.more: provider 2: from: only"},
		"what is empty is not set": {"providers: {sms: {kind: sandbox, port: 0, http: {request: {headers: {}, form: {}}, answer: {rules: []}}}}\n", ""},
		"keys that wait":           {"providers: {sms: {window: 50, http: {profile: twilio}}}\n", ""},
		"two bots":                 {"providers: {telegram: {kind: sandbox, more: [{name: b, kind: sandbox}]}}\n", "providers.telegram.more: there is one bot only: a chat belongs"},
		"two VAPID keys":           {"providers: {webpush: {kind: sandbox, more: [{name: b, kind: sandbox}]}}\n", "providers.webpush.more: there is one only: a subscription"},
		"two homeservers":          {"providers: {matrix: {kind: sandbox, more: [{name: b, kind: sandbox}]}}\n", ""},
		"platform without a kind":  {"providers: {telegram: {tokenFile: /run/token}}\n", "providers.telegram.kind: is missing, so that tokenFile does nothing; bot, or none"},
		"further platform without a kind": {"providers: {matrix: {kind: sandbox, more: [{name: b, userId: '@clinic:example.org'}]}}\n",
			"providers.matrix.more: provider 2: kind: is missing, so that userId does nothing"},
		"platform that waits":      {"providers: {telegram: {kind: none, tokenFile: /run/token}, webpush: {name: browsers}}\n", ""},
		"platform of another kind": {"providers: {telegram: {kind: sandbox, tokenFile: /run/token}}\n", "providers.telegram.tokenFile: only where kind is bot"},
		"name of two channels": {"providers: {email: {kind: sandbox, name: acme}, whatsapp: {kind: sandbox, more: [{name: acme, kind: sandbox}]}}\n",
			"providers.whatsapp: acme is also what a provider of email is called"},
		"name that is another's kind": {"providers: {sms: {kind: sandbox, name: http}}\n", "providers.webhook: http is also what a provider of sms is called"},
		"kinds of several channels":   {"providers: {email: {kind: sandbox}, sms: {kind: sandbox, more: [{name: b, kind: http, http: {request: {url: 'https://sms.example.org'}}}]}, matrix: {kind: sandbox}}\n", ""},
		"HTTP on two channels":        {"providers: {sms: {kind: http, http: {request: {url: 'https://sms.example.org'}}}}\n", ""},
		"name of none":                {"providers: {email: {name: acme}, sms: {kind: sandbox, name: acme}}\n", ""},
		"webhooks":                    {"providers: {webhook: {kind: smtp}}\n", "providers.webhook.kind: one of none, http, sandbox"},
		"webhooks' networks":          {"providers: {webhook: {allow: [10.0.0.1]}}\n", "providers.webhook.allow: networks such as"},
		"webhooks' ports":             {"providers: {webhook: {ports: [443, 70000]}}\n", "providers.webhook.ports: from 1 to 65535"},
		"webhooks' secrets":           {"providers: {webhook: {keepSecret: -1h}}\n", "providers.webhook.keepSecret: not negative"},
		"logging":                     {"logging: {level: loud}\n", "logging.level: one of"},
		"address":                     {"metrics: {listen: localhost}\n", "metrics.listen: of the form host:port"},
		"mailbox":                     {"mailbox: {kind: lmtp}\n", "mailbox.domains: missing"},
		"mailbox's folder":            {"mailbox: {kind: imap, imap: {address: a.test:993, username: a, passwordFile: b, failed: inbox}}\n", "mailbox.imap.failed: is imap.folder"},
		"policy":                      {"policy: {jitter: 2}\n", "policy.jitter: from 0 to 1"},
		"rules of the policy": {`policy: {quota: {perMinute: 10}, lanes: {normal: {}, bulk: {perDay: 2}}, content: {segments: 2}, zone: Asia/Bishkek,
  quietHours: ["21:00-08:00", "sun 00:00-24:00"], cap: {messages: 3, per: 24h}, sentIsDelivered: [email], holdAfter: 100}
`, ""},
		"lane of the policy":     {"policy: {lanes: {fast: {}}}\n", "policy.lanes: a lane is one of"},
		"quota of a lane":        {"policy: {lanes: {bulk: {perHour: 1}}}\n", "policy.lanes.bulk.perHour: unknown key"},
		"quota below 0":          {"policy: {quota: {perDay: -1}}\n", "policy.quota: from 0"},
		"quiet hours":            {"policy: {quietHours: [9-10]}\n", "policy.quietHours: lines such as"},
		"no minute is left":      {"policy: {quietHours: [\"00:00-24:00\"]}\n", "policy.quietHours: no minute"},
		"zone":                   {"policy: {zone: Mars/Olympus}\n", "policy.zone: a name of the IANA"},
		"cap of no time":         {"policy: {cap: {messages: 3}}\n", "policy.cap: both"},
		"channel of no kind":     {"policy: {sentIsDelivered: [pigeon]}\n", "policy.sentIsDelivered: a channel"},
		"outlives the log":       {"policy: {expiry: 200h}\n", "policy.expiry: longer than log.messageAge"},
		"as long as the log":     {"log: {messageAge: 200h}\npolicy: {expiry: 200h}\n", ""},
		"forgets early":          {"index: {keep: 1h}\n", "index.keep: shorter than log.eventAge"},
		"bounces come elsewhere": {mailboxAnd("bounceAddress: return@mail.example.org"), "providers.email.bounceAddress: begins otherwise than mailbox.bounce"},
		"answers of others":      {mailboxAnd("replyAddress: reply@example.org"), "providers.email.replyAddress: not in one of mailbox.domains"},
		"one more relay": {mailboxAnd("more: [{name: b, kind: smtp, host: b.example.org, from: a@example.org, bounceAddress: return@mail.example.org}]"),
			"providers.email.more: provider 2: bounceAddress: begins otherwise"},
		"what comes back": {mailboxAnd("bounceAddress: Bounces@mail.example.org, replyAddress: reply@MAIL.example.org"), ""},
		"erases early":    {"retention: {settle: 12m}\n", "retention.settle: shorter than log.duplicates"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := load(t, good+tc.text, nothing)
			begins := func(f string) bool { return strings.HasPrefix(f, tc.want) }
			if tc.want == "" && faults != nil || tc.want != "" && !slices.ContainsFunc(faults, begins) {
				t.Errorf("got %q, want %q", faults, tc.want)
			}
			if len(faults) > 1 {
				t.Errorf("one mistake gives %d faults: %q", len(faults), faults)
			}
		})
	}
}

// mailboxAnd takes mail for one domain, and has a relay with further options.
func mailboxAnd(relay string) string {
	return "mailbox: {kind: lmtp, domains: [mail.example.org]}\n" +
		"providers: {email: {kind: smtp, host: relay.example.org, from: a@example.org, " + relay + "}}\n"
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, faults := load(t, "oidc: {audiense: x}\npolicy: {jitter: 7}\napi: {maxBody: -1}\n", nothing)
	for _, want := range []string{
		"oidc.audiense: unknown key", "policy.jitter:", "api.maxBody:", "broker.store:", "broker.key:", "vault:", "oidc.issuer:",
		"api: tls.certFile and tls.keyFile are needed",
	} {
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, want) }) {
			t.Errorf("no fault %q among\n%s", want, strings.Join(faults, "\n"))
		}
	}
}

func TestKeysStayOutOfTheStore(t *testing.T) {
	_, faults := load(t, `
broker: {store: /srv/crier, keyFile: /srv/crier/store.key}
vault: {keysFile: /srv/crier/keys.json}
api: {tls: {certFile: /srv/crier/tls.crt, keyFile: /srv/crier/tls.key}}
oidc: {issuer: "https://id.example.org"}
`, nothing)
	for _, want := range []string{"broker.keyFile: lies inside", "vault.keysFile: lies inside", "api.tls.keyFile: lies inside"} {
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, want) }) {
			t.Errorf("no fault %q among %q", want, faults)
		}
	}
}

func TestPlainHTTPIsForDevelopment(t *testing.T) {
	_, faults := load(t, strings.Replace(good, "api: {", "api: {insecure: true, ", 1), nothing)
	if len(faults) != 1 || !strings.HasPrefix(faults[0], "api.insecure: ") {
		t.Errorf("got %q", faults)
	}
}

func TestFaultsNeverRepeatSecrets(t *testing.T) {
	_, faults := load(t, good+"vault2: s3cret\n", nothing)
	_, more := load(t, "broker: {key: [s3cret]}\nvault: {keys: {a: s3cret}, transit: {url: 'http://u:s3cret@h'}}\nsandbox: {url: 's3cret'}\n", nothing)
	for _, f := range append(faults, more...) {
		if strings.Contains(f, "s3cret") {
			t.Errorf("%q", f)
		}
	}
	if len(more) < 4 {
		t.Errorf("too few faults: %q", more)
	}
}

func TestSecretsFromTheEnvironment(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == name {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	rest := strings.NewReplacer(", keyFile: /etc/crier/store.key", "", "vault: {keysFile: /etc/crier/keys.json}\n", "").Replace(good)
	const key = "0123456789012345678901234567890123456789"
	c, faults := load(t, rest, env("CRIER_STORE_KEY", key, "CRIER_VAULT_KEYS_FILE", "/run/keys.json"))
	if faults != nil || c.Broker.Key != key || c.Vault.KeysFile != "/run/keys.json" {
		t.Errorf("faults %q", faults)
	}
	for name, tc := range map[string][]string{
		"broker.keyFile: given here and in the environment": {"CRIER_STORE_KEY", key},
		"vault.keysFile: given here and in the environment": {"CRIER_VAULT_KEYS_FILE", "/x"},
		"providers.email.passwordFile: CRIER_EMAIL":         {"CRIER_EMAIL_PASSWORD", "a", "CRIER_EMAIL_PASSWORD_FILE", "/b"},
	} {
		_, faults := load(t, good, env(tc...))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], name) {
			t.Errorf("%v: %q, want %q", tc[0], faults, name)
		}
	}
	relay := good + "providers: {email: {kind: smtp, host: relay.example.org, username: u, from: a@example.org}}\n"
	c, faults = load(t, relay, env("CRIER_EMAIL_PASSWORD", "pw"))
	if faults != nil || c.Providers.Email.Password.Reveal() != "pw" {
		t.Errorf("faults %q", faults)
	}
}

func TestSet(t *testing.T) {
	c := config.New()
	for _, pair := range [][2]string{
		{"policy.retry", "1s, 2s"}, {"sandbox.url", "http://127.0.0.1:1/x"}, {"bridge.workers.normal", "16"},
		{"oidc.allowHttp", "true"}, {"policy.jitter", "0"}, {"log.eventAge", "2000h"}, {"oidc.audience", "true"},
		{"providers.sms.http.request.json", `{to: "{{.to}}", parts: [{n: 1}]}`},
	} {
		if err := c.Set(pair[0], pair[1]); err != nil {
			t.Errorf("%v: %v", pair, err)
		}
	}
	c = c.Complete()
	if len(c.Policy.Retry) != 2 || c.Sandbox.URL == "" || c.Bridge.Workers.Normal != 16 || !c.OIDC.AllowHTTP || c.Policy.Jitter != 0 || c.OIDC.Audience != "true" || len(c.Providers.SMS.HTTP.Request.JSON) != 2 {
		t.Error("not all was set")
	}
	if c.Index.Keep != c.Log.EventAge {
		t.Errorf("what follows from a value did not: %s", c.Index.Keep)
	}
	for _, pair := range [][2]string{{"policy", "x"}, {"policy.x", "1"}, {"x", "1"}, {"policy.expiry", "5"}, {"bridge.maxWaiting", "x"}, {"log.queueBytes", "1"}} {
		if err := c.Set(pair[0], pair[1]); err == nil || !strings.HasPrefix(err.Error(), pair[0]+": ") {
			t.Errorf("%v: %v", pair, err)
		}
	}
}
