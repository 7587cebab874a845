package config

import (
	"errors"
	"net"
	"reflect"
	"slices"
	"strings"

	"github.com/govcrier/crier/broker"
)

// Check names every fault of a complete configuration, each with the path of its key. It reads no file but those that
// name certificate authorities.
//
// Of a witness, which neither serves nor delivers, only what it uses must be right.
func (c Config) Check() []error {
	if c.Broker.Role == broker.Witness { // which uses nothing else
		return slices.Concat(
			located("broker", "broker", c.Broker, c.Broker.Check()),
			located("logging", "logging", c.Logging, c.Logging.Check()),
		)
	}
	return slices.Concat(
		located("broker", "broker", c.Broker, c.Broker.Check()),
		located("log", "stream", c.Log, c.Log.Check()),
		located("lease", "lease", c.Lease, c.Lease.Check()),
		located("vault", "vault", c.Vault, c.Vault.Check()),
		located("index", "index", c.Index, c.checkIndex()),
		located("live", "live", c.Live, c.Live.Check()),
		located("consumers", "consumers", c.Consumers, c.Consumers.Check()),
		located("release", "release", c.Release, c.Release.Check()),
		located("retention", "retention", c.Retention, c.Retention.Check()),
		located("api", "api", c.API, c.API.Check()),
		located("api.quotas", "quota", c.API.Quotas, c.API.Quotas.Check()),
		located("oidc", "oidc", c.OIDC, c.OIDC.Check()),
		located("policy", "policy", c.Policy, c.Policy.Check()),
		located("alerts", "cap", c.Alerts, c.Alerts.Check()),
		located("operators", "operators", c.Operators, c.Operators.Check()),
		located("inbound", "replies", c.Inbound, c.Inbound.Check()),
		located("invitations", "registry", c.Invitations, c.Invitations.Check()),
		located("suppressions", "registry", c.Suppressions, c.Suppressions.Check()),
		located("bridge", "channels", c.Bridge, c.Bridge.Check()),
		located("providers.email", "email", c.Providers.Email, c.Providers.Email.Check()),
		located("providers.sms", "sms", c.Providers.SMS, c.Providers.SMS.Check()),
		located("providers.webhook", "outbound", c.Providers.Webhook, c.Providers.Webhook.Check()),
		located("providers.webpush", "webpush", c.Providers.WebPush, c.Providers.WebPush.checkOnly(KindWebPush, "there is one only: a subscription takes notifications that are signed with the key that it was made with")),
		located("providers.matrix", "matrix", c.Providers.Matrix, c.Providers.Matrix.check(KindMatrix)),
		located("providers.telegram", "telegram", c.Providers.Telegram, c.Providers.Telegram.checkOnly(KindBot, "there is one bot only: a chat belongs to the bot with which a person has begun it")),
		located("providers.whatsapp", "whatsapp", c.Providers.WhatsApp, c.Providers.WhatsApp.check(KindCloud)),
		located("sandbox", "sandbox", c.Sandbox, c.Sandbox.Check()),
		located("mailbox", "mailbox", c.Mailbox, c.Mailbox.Check()),
		located("logging", "logging", c.Logging, c.Logging.Check()),
		c.checkAddresses(), c.contradictions(),
	)
}

// checkIndex leaves out a missing path that follows from a missing store.
func (c Config) checkIndex() []error {
	if c.Broker.Store == "" && c.Index.Path == "" {
		c.Index.Path = "-"
	}
	return c.Index.Check()
}

func (c Config) checkAddresses() []error {
	var faults []error
	for path, address := range map[string]string{"api.listen": c.API.Listen, "metrics.listen": c.Metrics.Listen} {
		_, port, err := net.SplitHostPort(address)
		if address != "" && (err != nil || port == "") {
			faults = append(faults, errors.New(path+": of the form host:port, or :port for every address"))
		}
	}
	return faults
}

// located gives the faults of a section the paths of their keys: packages begin a fault with the name of an option, and
// some with their own name before it.
func located(path, pkg string, section any, faults []error) []error {
	at := key{path, reflect.ValueOf(section)}
	out := make([]error, len(faults))
	for i, f := range faults {
		out[i] = errors.New(locate(at, strings.TrimPrefix(f.Error(), pkg+": ")))
	}
	return out
}

func locate(section key, text string) string {
	name := text[:len(text)-len(strings.TrimLeft(text, optionLetters))]
	k, ok := section.find(name)
	rest, named := strings.CutPrefix(text[len(name):], ":")
	switch {
	case !ok || !named && strings.HasPrefix(rest, " and "):
		return section.path + ": " + text
	default:
		return k.path + ": " + strings.TrimSpace(rest)
	}
}

const optionLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ."
