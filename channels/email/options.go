package email

import (
	"cmp"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms"
)

// How the connection to the relay is encrypted.
const (
	TLSNone          = "none"          // not at all
	TLSOpportunistic = "opportunistic" // STARTTLS if offered, with any certificate
	TLSRequired      = "required"      // STARTTLS with a verified certificate, or nothing is sent
	TLSImplicit      = "implicit"      // TLS from the first byte (RFC 8314 §3), verified
)

// How the gateway proves to the relay who it is.
const (
	AuthAuto    = "auto"  // xoauth2 if there is a token; else plain if offered, else login
	AuthPlain   = "plain" // RFC 4616
	AuthLogin   = "login"
	AuthXOAUTH2 = "xoauth2" // an access token of OAuth 2.0 instead of a password
)

// Options say which relay to use and how. Host and From have no default.
type Options struct {
	Host string `yaml:"host"` // name or IP address of the relay
	Port int    `yaml:"port"` // default 587, or 465 if TLS is implicit

	TLS        string `yaml:"tls"`        // none, opportunistic, required or implicit; default required, on loopback opportunistic
	CAFile     string `yaml:"caFile"`     // PEM file of the authorities to trust instead of the system's
	ServerName string `yaml:"serverName"` // name in the relay's certificate; default Host

	Username     string       `yaml:"username"`     // empty: no authentication
	Password     rooms.Secret `yaml:"-"`            // for programs; in a configuration it is a file
	PasswordFile string       `yaml:"passwordFile"` // of mode 0600; read at each connection, so it may change; a line break at its end is dropped
	Auth         string       `yaml:"auth"`         // auto, plain, login or xoauth2; default auto
	TokenFile    string       `yaml:"tokenFile"`    // access token for xoauth2, of mode 0600; read at each connection
	OAuth2       OAuth2       `yaml:"oauth2"`       // where to get one instead

	Credentials *credential.Files `yaml:"-"` // how files of credentials are read

	From     string `yaml:"from"`     // address of the sender, to which bounces go too
	FromName string `yaml:"fromName"` // name shown beside it
	ReplyTo  string `yaml:"replyTo"`  // address for answers, if not From
	// SenderReturnPath has bounces of a message whose sender has an address of its own go there, instead of to From.
	SenderReturnPath bool `yaml:"senderReturnPath"`
	// BounceAddress is where bounces go instead of From, and ReplyAddress where all answers go: bounces@crier.example is
	// written bounces+TOKEN@crier.example, with the delivery's token, by which they are known again.
	BounceAddress string `yaml:"bounceAddress"`
	ReplyAddress  string `yaml:"replyAddress"`
	// UnsubscribeAddress is where a subscriber's mail program may write to end the subscription (RFC 2369), with the token too.
	UnsubscribeAddress string `yaml:"unsubscribeAddress"`

	Notify []string  `yaml:"notify"` // of what the relay is to tell (RFC 3461): failure, delay, success, or never; default failure and delay
	DKIM   []DKIMKey `yaml:"dkim"`   // those of the domain in From sign
	SMIME  SMIME     `yaml:"smime"`  // signs the content

	// Who has a key gets his mail encrypted. Its subject stands within, and outside EncryptedSubject, unless ClearSubject
	// leaves it where it is.
	EncryptedSubject string `yaml:"encryptedSubject"` // default "Encrypted message"
	ClearSubject     bool   `yaml:"clearSubject"`

	HelloName       string `yaml:"helloName"`       // how the gateway introduces itself (EHLO); default MessageIDDomain
	MessageIDDomain string `yaml:"messageIDDomain"` // right-hand side of each Message-ID; default the domain of From

	MaxConnections           int           `yaml:"maxConnections"`           // at once; default 8
	MaxMessagesPerConnection int           `yaml:"maxMessagesPerConnection"` // default 100
	MaxPerDestination        int           `yaml:"maxPerDestination"`        // at once to one recipient domain; default MaxConnections
	IdleTimeout              time.Duration `yaml:"idleTimeout"`              // after which an unused connection is closed; default 30s
	SendTimeout              time.Duration `yaml:"sendTimeout"`              // for one delivery, once it has its turn; default 30s
	MaxRetryAfter            time.Duration `yaml:"maxRetryAfter"`            // the longest wait that the relay can ask for; default 24h
	CacheBytes               int           `yaml:"cacheBytes"`               // of composed bodies that are kept for the next recipient; default 8 MiB
}

// WithDefaults fills what is not set.
func (o Options) WithDefaults() Options {
	o.TLS = cmp.Or(o.TLS, o.defaultTLS())
	o.Port = cmp.Or(o.Port, o.defaultPort())
	name, _, _ := strings.Cut(o.Host, "%") // a certificate names no zone
	o.ServerName = cmp.Or(o.ServerName, name)
	o.Auth = cmp.Or(o.Auth, AuthAuto)
	o.MessageIDDomain = cmp.Or(o.MessageIDDomain, domain(o.From))
	o.HelloName = cmp.Or(o.HelloName, o.MessageIDDomain)
	o.MaxConnections = cmp.Or(o.MaxConnections, 8)
	o.MaxMessagesPerConnection = cmp.Or(o.MaxMessagesPerConnection, 100)
	o.MaxPerDestination = cmp.Or(o.MaxPerDestination, o.MaxConnections)
	o.EncryptedSubject = cmp.Or(o.EncryptedSubject, "Encrypted message")
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 30*time.Second)
	o.SendTimeout = cmp.Or(o.SendTimeout, 30*time.Second)
	o.MaxRetryAfter = cmp.Or(o.MaxRetryAfter, maxWait)
	o.CacheBytes = cmp.Or(o.CacheBytes, 8<<20)
	if len(o.Notify) == 0 {
		o.Notify = []string{NotifyFailure, NotifyDelay}
	}
	return o
}

func (o Options) defaultTLS() string {
	if o.loopback() {
		return TLSOpportunistic
	}
	return TLSRequired
}

func (o Options) defaultPort() int {
	if o.TLS == TLSImplicit {
		return 465
	}
	return 587
}

func (o Options) loopback() bool {
	ip, err := netip.ParseAddr(o.Host)
	return o.Host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

func (o Options) address() string { return net.JoinHostPort(o.Host, strconv.Itoa(o.Port)) }

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
