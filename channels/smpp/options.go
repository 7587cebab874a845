package smpp

import (
	"cmp"
	"net"
	"strconv"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms"
)

// How a session begins.
const (
	BindTransceiver = "transceiver" // one connection for both ways
	BindSeparate    = "separate"    // a transmitter, and a receiver beside it
)

// How the connection is encrypted.
const (
	TLSNone     = "none"
	TLSImplicit = "implicit" // from the first byte, with a verified certificate
)

// How texts are written.
const (
	AlphabetGSM7   = "gsm7"   // data_coding 0, one septet in each byte; UCS-2 where it lacks a character
	AlphabetLatin1 = "latin1" // data_coding 3; UCS-2 where it, or GSM 7, lacks a character
	AlphabetUCS2   = "ucs2"   // always
)

// How a text of several segments is sent.
const (
	LongUDH8    = "udh8"    // in parts, with a header of 6 bytes
	LongUDH16   = "udh16"   // in parts, with a header of 7 bytes and a longer reference
	LongPayload = "payload" // whole, as message_payload; the centre cuts it
)

// How receipts write the ids that answers gave.
const (
	IDsAsSent  = "as-sent"
	IDsHex     = "hex"     // in hexadecimal, where the answer had decimal
	IDsDecimal = "decimal" // in decimal, where the answer had hexadecimal
)

// How the time after which a message is worthless is told to the centre.
const (
	ValidityAbsolute = "absolute"
	ValidityRelative = "relative"
	ValidityNone     = "none"
)

// Options say which SMS centre to use and how. Host and SystemID have no default.
type Options struct {
	Host       string `yaml:"host"`
	Port       int    `yaml:"port"`       // default 2775, with TLS 3550
	TLS        string `yaml:"tls"`        // none or implicit; default implicit, on loopback none
	CAFile     string `yaml:"caFile"`     // PEM file of the authorities to trust instead of the system's
	ServerName string `yaml:"serverName"` // name in the centre's certificate; default Host

	SystemID     string       `yaml:"systemId"`
	Password     rooms.Secret `yaml:"-"`            // for programs; in a configuration it is a file
	PasswordFile string       `yaml:"passwordFile"` // of mode 0600; read at each bind, so it may change; a line break at its end is dropped
	SystemType   string       `yaml:"systemType"`

	Credentials *credential.Files `yaml:"-"` // how PasswordFile is read

	Bind   string `yaml:"bind"`   // transceiver or separate
	Binds  int    `yaml:"binds"`  // how many of them; default 1
	Window int    `yaml:"window"` // unanswered messages on each; default 10

	ConnectTimeout  time.Duration `yaml:"connectTimeout"`  // for connection and bind; default 10s
	ResponseTimeout time.Duration `yaml:"responseTimeout"` // for the answer to a message; default 20s
	EnquireLink     time.Duration `yaml:"enquireLink"`     // how long a bind may be silent before it is asked whether it lives; default 30s
	EnquireTimeout  time.Duration `yaml:"enquireTimeout"`  // how long that answer may take; default 10s
	ReconnectMax    time.Duration `yaml:"reconnectMax"`    // the longest wait before a bind is tried again; default 30s
	ThrottleWait    time.Duration `yaml:"throttleWait"`    // how long nothing is sent after the centre has said that it is too much; default 1s

	From        string     `yaml:"from"` // sender id or number of messages that have none of their own
	ServiceType string     `yaml:"serviceType"`
	Addressing  Addressing `yaml:"addressing"`
	CountryCode string     `yaml:"countryCode"` // of numbers that the centre gives in national form, such as 996

	Alphabet     string        `yaml:"alphabet"`
	LongMessages string        `yaml:"longMessages"`
	Validity     string        `yaml:"validity"`
	MaxValidity  time.Duration `yaml:"maxValidity"` // the longest that the centre takes; default 48h
	NoReceipts   bool          `yaml:"noReceipts"`  // asks for none
	ReceiptIDs   string        `yaml:"receiptIds"`
}

// Addressing is type and plan of addresses by their form, as TON/NPI.
type Addressing struct {
	Destination   string `yaml:"destination"`   // default 1/1
	International string `yaml:"international"` // senders of the form +996…; default 1/1
	Short         string `yaml:"short"`         // senders of a few digits; default 3/0
	Alphanumeric  string `yaml:"alphanumeric"`  // senders with letters; default 5/0
}

// WithDefaults fills what is not set.
func (o Options) WithDefaults() Options {
	o.TLS = cmp.Or(o.TLS, o.defaultTLS())
	o.Port = cmp.Or(o.Port, o.defaultPort())
	o.ServerName = cmp.Or(o.ServerName, o.Host)
	o.Bind = cmp.Or(o.Bind, BindTransceiver)
	o.Binds = cmp.Or(o.Binds, 1)
	o.Window = cmp.Or(o.Window, 10)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.ResponseTimeout = cmp.Or(o.ResponseTimeout, 20*time.Second)
	o.EnquireLink = cmp.Or(o.EnquireLink, 30*time.Second)
	o.EnquireTimeout = cmp.Or(o.EnquireTimeout, 10*time.Second)
	o.ReconnectMax = cmp.Or(o.ReconnectMax, 30*time.Second)
	o.ThrottleWait = cmp.Or(o.ThrottleWait, time.Second)
	o.Addressing.Destination = cmp.Or(o.Addressing.Destination, "1/1")
	o.Addressing.International = cmp.Or(o.Addressing.International, "1/1")
	o.Addressing.Short = cmp.Or(o.Addressing.Short, "3/0")
	o.Addressing.Alphanumeric = cmp.Or(o.Addressing.Alphanumeric, "5/0")
	o.Alphabet = cmp.Or(o.Alphabet, AlphabetGSM7)
	o.LongMessages = cmp.Or(o.LongMessages, LongUDH8)
	o.Validity = cmp.Or(o.Validity, ValidityAbsolute)
	o.MaxValidity = cmp.Or(o.MaxValidity, 48*time.Hour)
	o.ReceiptIDs = cmp.Or(o.ReceiptIDs, IDsAsSent)
	return o
}

func (o Options) defaultTLS() string {
	if o.loopback() {
		return TLSNone
	}
	return TLSImplicit
}

func (o Options) defaultPort() int {
	if o.TLS == TLSImplicit {
		return 3550
	}
	return 2775
}

func (o Options) loopback() bool {
	ip := net.ParseIP(o.Host)
	return o.Host == "localhost" || ip != nil && ip.IsLoopback()
}

func (o Options) address() string { return net.JoinHostPort(o.Host, strconv.Itoa(o.Port)) }
