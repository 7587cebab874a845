package email_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/channels/email"
	"github.com/govcrier/crier/rooms"
)

func TestOptionsFromYAML(t *testing.T) {
	var o email.Options
	err := yaml.Unmarshal([]byte(`
host: relay.gov.test
from: office@gov.test
passwordFile: /run/secrets/relay
username: crier
sendTimeout: 1m
`), &o)
	if err != nil {
		t.Fatal(err)
	}
	if faults := o.Check(); len(faults) > 0 {
		t.Error(faults)
	}
	o = o.WithDefaults()
	got := fmt.Sprint(o.Port, o.TLS, o.ServerName, o.Auth, o.HelloName, o.MessageIDDomain, o.MaxConnections, o.MaxMessagesPerConnection, o.IdleTimeout, o.SendTimeout)
	want := fmt.Sprint(587, "required", "relay.gov.test", "auto", "gov.test", "gov.test", 8, 100, 30*time.Second, time.Minute)
	if got != want {
		t.Errorf("defaults %s, want %s", got, want)
	}
	if o.TLS = email.TLSImplicit; (email.Options{TLS: o.TLS}).WithDefaults().Port != 465 {
		t.Error("implicit TLS has a port of its own, 465")
	}
}

// All faults are told at once, each by the name of its option.
func TestOptionsCheck(t *testing.T) {
	good := email.Options{Host: "relay.gov.test", From: "office@gov.test"}
	if faults := good.Check(); len(faults) > 0 {
		t.Fatal(faults)
	}
	for name, spoil := range map[string]func(*email.Options){
		"host":                     func(o *email.Options) { o.Host = "" },
		"host ":                    func(o *email.Options) { o.Host = "smtp://relay" },
		"port":                     func(o *email.Options) { o.Port = 70000 },
		"tls":                      func(o *email.Options) { o.TLS = "yes" },
		"tls ":                     func(o *email.Options) { o.TLS, o.Username, o.PasswordFile = "opportunistic", "crier", "f" },
		"auth":                     func(o *email.Options) { o.Auth = "cram-md5" },
		"username":                 func(o *email.Options) { o.Username = "crier" },
		"passwordFile":             func(o *email.Options) { o.PasswordFile = "f" },
		"password":                 func(o *email.Options) { o.Username, o.Password, o.PasswordFile = "c", rooms.NewSecret("p"), "f" },
		"from":                     func(o *email.Options) { o.From = "office" },
		"fromName":                 func(o *email.Options) { o.FromName = "a\r\nBcc: b" },
		"replyTo":                  func(o *email.Options) { o.ReplyTo = "desk" },
		"helloName":                func(o *email.Options) { o.HelloName = "a b" },
		"messageIDDomain":          func(o *email.Options) { o.MessageIDDomain = "a>b" },
		"maxConnections":           func(o *email.Options) { o.MaxConnections = -1 },
		"maxMessagesPerConnection": func(o *email.Options) { o.MaxMessagesPerConnection = -1 },
		"idleTimeout":              func(o *email.Options) { o.IdleTimeout = -1 },
		"maxPerDestination":        func(o *email.Options) { o.MaxPerDestination = -1 },
		"maxRetryAfter":            func(o *email.Options) { o.MaxRetryAfter = -1 },
		"cacheBytes":               func(o *email.Options) { o.CacheBytes = -1 },
		"notify":                   func(o *email.Options) { o.Notify = []string{"sometimes"} },
		"notify ":                  func(o *email.Options) { o.Notify = []string{"never", "delay"} },
		"notify names":             func(o *email.Options) { o.Notify = []string{"delay", "delay"} },
		"bounceAddress":            func(o *email.Options) { o.BounceAddress = "bounces" },
		"bounceAddress: at most 7": func(o *email.Options) { o.BounceAddress = "bouncing@crier.test" },
		"replyAddress":             func(o *email.Options) { o.ReplyAddress = "answers to@crier.test" },
		"replyTo and replyAddress": func(o *email.Options) { o.ReplyTo, o.ReplyAddress = "a@gov.test", "b@gov.test" },
		"auth is xoauth2":          func(o *email.Options) { o.Auth = "xoauth2" },
		"tokenFile":                func(o *email.Options) { o.TokenFile = "f" },
		"tokenFile and oauth2":     func(o *email.Options) { o.Auth, o.TokenFile, o.Username = "plain", "f", "c" },
		"oauth2.tokenURL":          func(o *email.Options) { o.OAuth2.ClientID = "c" },
		"oauth2.tokenURL is not":   func(o *email.Options) { o.OAuth2.TokenURL = "http://login.test/token" },
		"clientSecretFile":         func(o *email.Options) { o.OAuth2.TokenURL = "https://login.test/token" },
		"one of tokenFile and":     func(o *email.Options) { o.TokenFile, o.OAuth2.TokenURL = "f", "https://login.test/token" },
		"one of passwordFile":      func(o *email.Options) { o.TokenFile, o.PasswordFile = "f", "f" },
		"smime":                    func(o *email.Options) { o.SMIME.KeyFile = "f" },
		"encryptedSubject":         func(o *email.Options) { o.EncryptedSubject = "a\r\nBcc: b" },
		"dkim":                     func(o *email.Options) { o.DKIM = []email.DKIMKey{{}} },
		"sendTimeout":              func(o *email.Options) { o.SendTimeout = -1 },
	} {
		o := good
		spoil(&o)
		if text := fmt.Sprint(o.Check()); !strings.Contains(text, strings.TrimSpace(name)) {
			t.Errorf("%s: faults are %s", name, text)
		}
		if _, err := email.New(o, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: a provider was made", name)
		}
	}
	if n := len(email.Options{Port: -1, TLS: "yes", Auth: "no"}.Check()); n < 5 {
		t.Errorf("%d faults told at once, want all five or more", n)
	}
}

func TestRelayIsNamedOrAnAddress(t *testing.T) {
	for host, good := range map[string]bool{
		"relay.gov.test": true, "192.0.2.25": true, "2001:db8::25": true, "fe80::25%eth0": true, "::ffff:192.0.2.25": true,
		"relay.gov.test:25": false, "192.0.2.25:25": false, "[2001:db8::25]": false, "fe80::25%": false,
	} {
		o := email.Options{Host: host, From: "office@gov.test"}
		if faults := o.Check(); good != (len(faults) == 0) {
			t.Errorf("%s: %v", host, faults)
		}
		if name := o.WithDefaults().ServerName; strings.Contains(name, "%") {
			t.Errorf("%s: a certificate for %s", host, name)
		}
	}
}

func TestFilesAreReadAtStart(t *testing.T) {
	missing := email.Options{Host: "relay.gov.test", From: "office@gov.test", CAFile: "/nowhere/ca.pem"}
	if _, err := email.New(missing, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a provider was made without its caFile")
	}
	missing = email.Options{Host: "relay.gov.test", From: "office@gov.test", Username: "crier", PasswordFile: "/nowhere/password"}
	if _, err := email.New(missing, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a provider was made without its passwordFile")
	}
}

func TestOptionsKeepThePassword(t *testing.T) {
	o := email.Options{Username: "crier", Password: rooms.NewSecret("correct horse")}
	if text := fmt.Sprintf("%v %+v %#v", o, o, o); strings.Contains(text, "correct") {
		t.Error("the printed options hold the password")
	}
}
