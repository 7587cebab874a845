package config_test

import (
	"slices"
	"strings"
	"testing"
)

// What is written nearly right is answered with what was meant, and a fault is about what stands there, and nothing else.
func TestFaultsSayWhatWasMeant(t *testing.T) {
	for text, want := range map[string]string{
		"api: {publicUrl: 'https://crier.example.org'}": "api.publicUrl: unknown key; did you mean publicURL? (line 2)",
		"broker: {clutser: {}}":                         "broker.clutser: unknown key; did you mean cluster? (line 2)",
		"vault: {keyFile: x}":                           "vault.keyFile: unknown key; did you mean keysFile? (line 2)",
		"vault: {colour: x}":                            "vault.colour: unknown key (line 2)",
		"operators: {again: 20s}":                       "operators.again: at least 1m",
		"providers: {email: {kind: SMTP}}":              "providers.email.kind: one of none, smtp, sandbox",
		"providers: {email: {kind: smtp, from: a@example.org, host: 'relay.example.org:587'}}": `providers.email.host: "relay.example.org:587" has more than a name: the port is set by port`,
		"providers: {sms: {kind: smpp, systemId: crier, host: 'smsc.example.org:2775'}}":       `providers.sms.host: "smsc.example.org:2775" has more than a name: the port is set by port`,
	} {
		_, faults := load(t, "\n"+text+"\n", nothing)
		about := slices.DeleteFunc(faults, func(f string) bool {
			return !slices.ContainsFunc([]string{"unknown key", "operators", "providers"}, func(s string) bool { return strings.Contains(f, s) })
		})
		if !slices.Equal(about, []string{want}) {
			t.Errorf("%s: %q, want %q", text, about, want)
		}
	}
}
