package mailbox_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/channels/mailbox"
)

func listening() mailbox.Options {
	return mailbox.Options{Kind: mailbox.KindSMTP, Domains: []string{"crier.test"}}
}

func polling() mailbox.Options {
	return mailbox.Options{Kind: mailbox.KindIMAP, IMAP: mailbox.IMAPOptions{Address: "imap.gov.test:993", Username: "crier", PasswordFile: "/run/secrets/imap"}}
}

// All faults are told at once, each by the name of its option.
func TestOptionsCheck(t *testing.T) {
	for _, good := range []mailbox.Options{{}, listening(), polling()} {
		if faults := good.Check(); len(faults) > 0 {
			t.Fatal(faults)
		}
	}
	for name, o := range map[string]func(*mailbox.Options){
		"kind":                    func(o *mailbox.Options) { o.Kind = "pop3" },
		"listen":                  func(o *mailbox.Options) { o.Listen = "25" },
		"domains":                 func(o *mailbox.Options) { o.Domains = nil },
		"domains ":                func(o *mailbox.Options) { o.Domains = []string{"*"} },
		"bounce":                  func(o *mailbox.Options) { o.Bounce = "a+b" },
		"bounce ":                 func(o *mailbox.Options) { o.Bounce = "returned" },
		"reply":                   func(o *mailbox.Options) { o.Reply = "bounces" },
		"unsubscribe":             func(o *mailbox.Options) { o.Unsubscribe = "a-very-long-local-part" },
		"unsignedIds":             func(o *mailbox.Options) { o.UnsignedIDs = "yes" },
		"maxMessageBytes":         func(o *mailbox.Options) { o.MaxMessageBytes = 1 },
		"hostname":                func(o *mailbox.Options) { o.Hostname = "a b" },
		"tls.keyFile":             func(o *mailbox.Options) { o.TLS = servercert.Files{CertFile: "a"} },
		"trusted":                 func(o *mailbox.Options) { o.Trusted = []string{"192.0.2.1"} },
		"maxConnections":          func(o *mailbox.Options) { o.MaxConnections = -1 },
		"maxConnectionsPerSource": func(o *mailbox.Options) { o.MaxConnectionsPerSource = -1 },
		"mailsPerMinute":          func(o *mailbox.Options) { o.MailsPerMinute = -1 },
		"maxRecipients":           func(o *mailbox.Options) { o.MaxRecipients = -1 },
		"readTimeout":             func(o *mailbox.Options) { o.ReadTimeout = -1 },
		"sessionTimeout":          func(o *mailbox.Options) { o.SessionTimeout = 1 },
		"imap.address":            func(o *mailbox.Options) { *o = polling(); o.IMAP.Address = "imap" },
		"imap.tls":                func(o *mailbox.Options) { *o = polling(); o.IMAP.TLS = "yes" },
		"imap.tls ":               func(o *mailbox.Options) { *o = polling(); o.IMAP.TLS = mailbox.TLSNone },
		"imap.username":           func(o *mailbox.Options) { *o = polling(); o.IMAP.Username = "" },
		"imap.passwordFile":       func(o *mailbox.Options) { *o = polling(); o.IMAP.PasswordFile = "" },
		"imap.auth":               func(o *mailbox.Options) { *o = polling(); o.IMAP.Auth = "plain" },
		"imap.poll":               func(o *mailbox.Options) { *o = polling(); o.IMAP.Poll = -1 },
		"imap.processed":          func(o *mailbox.Options) { *o = polling(); o.IMAP.Processed = "inbox" },
		"imap.failed":             func(o *mailbox.Options) { *o = polling(); o.IMAP.Failed = "INBOX" },
	} {
		bad := listening()
		o(&bad)
		if text := fmt.Sprint(bad.Check()); !strings.Contains(text, "mailbox: "+strings.TrimSpace(name)+": ") {
			t.Errorf("%s: faults are %s", name, text)
		}
	}
	if n := len((mailbox.Options{Kind: mailbox.KindSMTP, Bounce: "+", MaxRecipients: -1}).Check()); n < 3 {
		t.Errorf("%d faults told at once, want all three", n)
	}
}
