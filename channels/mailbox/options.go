package mailbox

import (
	"cmp"
	"time"

	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/channels/credential"
)

// How mail comes in.
const (
	KindNone = "none"
	KindSMTP = "smtp"
	KindLMTP = "lmtp"
	KindIMAP = "imap"
)

// Whether ids without a signature are believed.
const (
	UnsignedNone   = "none"
	UnsignedSingle = "single" // of messages with one recipient
	UnsignedAll    = "all"
)

// Options say how mail comes in, and for whom.
type Options struct {
	Kind    string   `yaml:"kind"`    // none, smtp, lmtp or imap
	Domains []string `yaml:"domains"` // ours: of smtp and lmtp those for which mail is taken

	Bounce      string `yaml:"bounce"`      // local part of return paths, before + and a token; default bounces
	Reply       string `yaml:"reply"`       // of addresses for answers; default reply
	Unsubscribe string `yaml:"unsubscribe"` // of those that end a subscription; default unsubscribe
	UnsignedIDs string `yaml:"unsignedIds"` // none, single or all; default single

	MaxMessageBytes int64 `yaml:"maxMessageBytes"` // default 10 MiB

	Listen   string           `yaml:"listen"`   // host:port; default :25, of lmtp localhost:24
	Hostname string           `yaml:"hostname"` // how the server introduces itself; default the first domain
	TLS      servercert.Files `yaml:"tls"`      // STARTTLS is offered if set
	Trusted  []string         `yaml:"trusted"`  // networks of our own relays, to which the limits of one source do not apply

	MaxConnections          int           `yaml:"maxConnections"`          // at once; default 50
	MaxConnectionsPerSource int           `yaml:"maxConnectionsPerSource"` // default 10
	MailsPerMinute          int           `yaml:"mailsPerMinute"`          // from one source; default 300
	MaxRecipients           int           `yaml:"maxRecipients"`           // of one mail; default 100
	ReadTimeout             time.Duration `yaml:"readTimeout"`             // for a command, or a whole mail; default 5m
	SessionTimeout          time.Duration `yaml:"sessionTimeout"`          // for everything on a connection; default 30m

	IMAP IMAPOptions `yaml:"imap"`
}

// IMAPOptions say which mailbox is read.
type IMAPOptions struct {
	Address      string            `yaml:"address"`      // host:port
	TLS          string            `yaml:"tls"`          // implicit, starttls or none; default implicit
	CAFile       string            `yaml:"caFile"`       // PEM file of the authorities to trust instead of the system's
	ServerName   string            `yaml:"serverName"`   // name in the certificate; default that of address
	Username     string            `yaml:"username"`     //
	PasswordFile string            `yaml:"passwordFile"` // of mode 0600; the password or access token; read at each connection
	Credentials  *credential.Files `yaml:"-"`            // how it is read
	Auth         string            `yaml:"auth"`         // login or xoauth2; default login
	Folder       string            `yaml:"folder"`       // default INBOX
	Processed    string            `yaml:"processed"`    // folder for what was taken; default Processed
	Failed       string            `yaml:"failed"`       // folder for what cannot be read; default Failed
	Delete       bool              `yaml:"delete"`       // what was taken is deleted instead
	Poll         time.Duration     `yaml:"poll"`         // where the server does not say when mail comes; default 1m
}

// How the connection to the mailbox is encrypted, and who reads it.
const (
	TLSImplicit = "implicit"
	TLSStart    = "starttls"
	TLSNone     = "none"

	AuthLogin   = "login"
	AuthXOAUTH2 = "xoauth2"
)

// WithDefaults fills what is not set.
func (o Options) WithDefaults() Options {
	o.Kind = cmp.Or(o.Kind, KindNone)
	o.Bounce = cmp.Or(o.Bounce, "bounces")
	o.Reply = cmp.Or(o.Reply, "reply")
	o.Unsubscribe = cmp.Or(o.Unsubscribe, "unsubscribe")
	o.UnsignedIDs = cmp.Or(o.UnsignedIDs, UnsignedSingle)
	o.MaxMessageBytes = cmp.Or(o.MaxMessageBytes, 10<<20)
	o.Listen = cmp.Or(o.Listen, o.defaultListen())
	if len(o.Domains) > 0 {
		o.Hostname = cmp.Or(o.Hostname, o.Domains[0])
	}
	o.MaxConnections = cmp.Or(o.MaxConnections, 50)
	o.MaxConnectionsPerSource = cmp.Or(o.MaxConnectionsPerSource, 10)
	o.MailsPerMinute = cmp.Or(o.MailsPerMinute, 300)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, 100)
	o.ReadTimeout = cmp.Or(o.ReadTimeout, 5*time.Minute)
	o.SessionTimeout = cmp.Or(o.SessionTimeout, 30*time.Minute)
	o.IMAP = o.IMAP.withDefaults()
	return o
}

func (o Options) defaultListen() string {
	if o.Kind == KindLMTP {
		return "localhost:24"
	}
	return ":25"
}

func (o IMAPOptions) withDefaults() IMAPOptions {
	o.TLS = cmp.Or(o.TLS, TLSImplicit)
	o.Auth = cmp.Or(o.Auth, AuthLogin)
	o.Folder = cmp.Or(o.Folder, "INBOX")
	o.Processed = cmp.Or(o.Processed, "Processed")
	o.Failed = cmp.Or(o.Failed, "Failed")
	o.Poll = cmp.Or(o.Poll, time.Minute)
	return o
}

// Listens says whether others bring the mail.
func (o Options) Listens() bool { return o.Kind == KindSMTP || o.Kind == KindLMTP }
