package vault

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Options say where the keys are. Exactly one of KeysFile and Keys is set;
// there is no default, since keys that nobody chose are keys that nobody keeps.
type Options struct {
	// KeysFile is the path of a key file of mode 0600 or stricter.
	KeysFile string `yaml:"keysFile"`
	// Keys is the content of a key file, for environments without files.
	Keys string `yaml:"keys" json:"-"`
	// RekeyAfter is how long after a change of keys the subscribers are moved to them, so that
	// the other nodes have read the keys; a minute by default.
	RekeyAfter time.Duration `yaml:"rekeyAfter"`
	// Transit, if set, is the service that encrypts what KeysFile or Keys hold.
	Transit Transit `yaml:"transit"`
}

// Transit names a key of a service that speaks HashiCorp Vault's transit API
// (1.13 or later, for associated data; OpenBao too).
type Transit struct {
	// URL is the service's base, https://host:port; http only on loopback.
	URL string `yaml:"url"`
	// Mount is the path of the secrets engine, with its namespace: "transit" if empty.
	Mount string `yaml:"mount"`
	// Key is the name of an AEAD key (aes256-gcm96 or chacha20-poly1305).
	Key string `yaml:"key"`
	// TokenFile holds the access token, read anew for each call.
	TokenFile string `yaml:"tokenFile"`
}

// WithDefaults fills what was left out.
func (o Options) WithDefaults() Options {
	o.RekeyAfter = cmp.Or(o.RekeyAfter, time.Minute)
	return o
}

// Check names every fault of the options. It reads no file and calls nobody.
func (o Options) Check() []error {
	var faults []error
	if (o.KeysFile == "") == (o.Keys == "") {
		faults = append(faults, errors.New("vault: set one of keysFile and keys"))
	}
	if o.RekeyAfter < 0 {
		faults = append(faults, errors.New("vault: rekeyAfter is below 0"))
	}
	if o.Transit.Used() {
		faults = append(faults, o.Transit.check()...)
	}
	return faults
}

// Format prints the options without Keys, whatever the verb.
func (o Options) Format(w fmt.State, _ rune) {
	fmt.Fprintf(w, "{KeysFile:%q Keys:%s RekeyAfter:%s Transit:%+v}", o.KeysFile, redacted, o.RekeyAfter, o.Transit)
}

// Used says whether there is such a service.
func (t Transit) Used() bool { return t != Transit{} }

func (t Transit) mount() string {
	if t.Mount == "" {
		return "transit"
	}
	return t.Mount
}

func (t Transit) check() []error {
	faults := checkURL(t.URL)
	if !validPath(t.mount()) {
		faults = append(faults, fmt.Errorf("vault: transit.mount %q is not a path of plain names", t.Mount))
	}
	if !validName(t.Key) {
		faults = append(faults, fmt.Errorf("vault: transit.key %q is not a plain name", t.Key))
	}
	if t.TokenFile == "" {
		faults = append(faults, errors.New("vault: transit.tokenFile is missing"))
	}
	return faults
}

// checkURL never quotes the URL, which may hold a password by mistake.
func checkURL(text string) []error {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return []error{errors.New("vault: transit.url is not of the form https://host:port")}
	}
	var faults []error
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		faults = append(faults, errors.New("vault: transit.url must be https, or http on loopback"))
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		faults = append(faults, errors.New("vault: transit.url must have no user, query or fragment"))
	}
	return faults
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func validPath(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if !validName(name) {
			return false
		}
	}
	return true
}

// validName holds for what needs no escaping in a URL path and climbs nowhere.
func validName(name string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	return strings.Trim(name, plain) == "" && strings.Trim(name, ".") != ""
}
