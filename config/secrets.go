package config

import (
	"fmt"

	"github.com/govcrier/crier/rooms"
)

// secret is a value that may come from the environment: NAME holds it, NAME_FILE names a file that does.
type secret struct {
	name string
	key  string // for the first
	file string // for the second
	set  func(c *Config, value string)
	path func(c *Config) *string
	has  func(c Config) bool
}

// secrets is the table of them.
func secrets() []secret {
	return []secret{
		{
			name: "CRIER_STORE_KEY", key: "broker.key", file: "broker.keyFile",
			set:  func(c *Config, v string) { c.Broker.Key = v },
			path: func(c *Config) *string { return &c.Broker.KeyFile },
			has:  func(c Config) bool { return c.Broker.Key != "" || c.Broker.KeyFile != "" },
		},
		{
			name: "CRIER_VAULT_KEYS", key: "vault.keys", file: "vault.keysFile",
			set:  func(c *Config, v string) { c.Vault.Keys = v },
			path: func(c *Config) *string { return &c.Vault.KeysFile },
			has:  func(c Config) bool { return c.Vault.Keys != "" || c.Vault.KeysFile != "" },
		},
		{
			name: "CRIER_EMAIL_PASSWORD", file: "providers.email.passwordFile",
			set:  func(c *Config, v string) { c.Providers.Email.Password = rooms.NewSecret(v) },
			path: func(c *Config) *string { return &c.Providers.Email.PasswordFile },
			has: func(c Config) bool {
				return !c.Providers.Email.Password.IsZero() || c.Providers.Email.PasswordFile != ""
			},
		},
		{
			name: "CRIER_SMS_PASSWORD", file: "providers.sms.passwordFile",
			set:  func(c *Config, v string) { c.Providers.SMS.Password = rooms.NewSecret(v) },
			path: func(c *Config) *string { return &c.Providers.SMS.PasswordFile },
			has: func(c Config) bool {
				return !c.Providers.SMS.Password.IsZero() || c.Providers.SMS.PasswordFile != ""
			},
		},
	}
}

// readSecrets takes what the environment has. A secret that is given twice is a fault, for one of the two is not the one
// that is meant.
func (c *Config) readSecrets(env func(string) string) []error {
	var faults []error
	for _, s := range secrets() {
		value, file := env(s.name), env(s.name+"_FILE")
		given := value != "" || file != ""
		switch {
		case value != "" && file != "":
			faults = append(faults, fmt.Errorf("%s: %s and %s_FILE are both in the environment", s.file, s.name, s.name))
		case given && s.has(*c):
			faults = append(faults, fmt.Errorf("%s: given here and in the environment as %s", s.file, s.name))
		case value != "":
			s.set(c, value)
		case file != "":
			*s.path(c) = file
		}
	}
	return faults
}
