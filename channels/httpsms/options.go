package httpsms

import (
	"cmp"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/channels/outbound"
)

// Options describe a provider. Those of a profile hold where nothing else is said.
type Options struct {
	// Profile is one of Profiles, or empty: all is said here.
	Profile string `yaml:"profile"`
	// Account is the value account.
	Account string `yaml:"account"`
	// From is whom messages are from that do not say so themselves: a number, or a name of up to 11 characters.
	From string `yaml:"from"`
	// SecretFile holds the credential for calls to the provider; of mode 0600.
	SecretFile string `yaml:"secretFile"`
	// SigningFile holds what the provider signs its calls with, or repeats in them. Default SecretFile, where it only signs.
	SigningFile string `yaml:"signingFile"`
	// Credentials reads both; nil if no key service has encrypted them.
	Credentials *credential.Files `yaml:"-"`

	Request Request `yaml:"request"`
	Answer  Answer  `yaml:"answer"`
	Verify  Verify  `yaml:"verify"`
	Receipt Receipt `yaml:"receipt"`
	Inbound Inbound `yaml:"inbound"`

	outbound.Options `yaml:",inline"`
}

// Request is what is sent for a delivery.
type Request struct {
	Method      string            `yaml:"method"`      // default POST
	URL         string            `yaml:"url"`         // a template of account alone
	ContentType string            `yaml:"contentType"` // form, json, xml, text or none; default that of what is given
	Query       map[string]string `yaml:"query"`
	Form        map[string]string `yaml:"form"`
	JSON        map[string]any    `yaml:"json"`
	Body        string            `yaml:"body"` // of xml and text
	Headers     map[string]string `yaml:"headers"`
	IDHeader    string            `yaml:"idHeader"`    // has the value id, such as Idempotency-Key
	Auth        string            `yaml:"auth"`        // none, basic, bearer or header
	Username    string            `yaml:"username"`    // of basic; default account
	Header      string            `yaml:"header"`      // of header
	Scheme      string            `yaml:"scheme"`      // of header: a word before the secret
	MaxValidity time.Duration     `yaml:"maxValidity"` // the longest that the provider takes; 0: any
}

// How a request proves who sends it.
const (
	AuthNone   = "none"   // not at all, or by a template of secret
	AuthBasic  = "basic"  // RFC 7617
	AuthBearer = "bearer" // RFC 6750
	AuthHeader = "header" // the secret in a header, behind Scheme
)

// The content types of requests.
const (
	Form = "form"
	JSON = "json"
	XML  = "xml"
	Text = "text"
	None = "none"
)

// Answer says what an answer means.
type Answer struct {
	Rules []Rule `yaml:"rules"`
	ID    string `yaml:"id"`   // place of the provider's id
	Code  string `yaml:"code"` // place of its code
}

// Rule says what answers mean that have one of the statuses, and a field that is one of some values or matches.
type Rule struct {
	Status  []string      `yaml:"status"` // such as 201 or 2xx; none: any
	Field   string        `yaml:"field"`  // a place
	Equals  []string      `yaml:"equals"`
	Matches string        `yaml:"matches"` // a regular expression
	Outcome string        `yaml:"outcome"` // sent, deferred, throttled, rejected or suppressed
	Reason  string        `yaml:"reason"`  // of deferred and rejected
	After   time.Duration `yaml:"after"`   // of deferred and throttled, where the answer has no Retry-After
}

// Verify says how it is known that the provider calls.
type Verify struct {
	Kind   string        `yaml:"kind"`   // hmac, jwt, basic, header, query or none
	Hash   string        `yaml:"hash"`   // of hmac: sha256 or sha1; default sha256
	Coding string        `yaml:"coding"` // of hmac: hex or base64; default hex
	Over   []string      `yaml:"over"`   // of hmac: url, form, body, timestamp and text:… one after the other; default body
	Name   string        `yaml:"name"`   // of the header or query parameter with signature or secret; of basic the user
	Prefix string        `yaml:"prefix"` // what stands before the signature, such as sha256=
	Stamp  string        `yaml:"stamp"`  // of hmac: the header with the timestamp, Unix seconds
	Window time.Duration `yaml:"window"` // how far a signed time may be from ours; default 5m
	// Networks are those that calls come from; none: any. Behind a proxy they are the proxy's.
	Networks []string `yaml:"networks"`
}

// How calls prove whose they are.
const (
	VerifyNone   = "none"   // by their network alone
	VerifyHMAC   = "hmac"   // a keyed hash in a header
	VerifyJWT    = "jwt"    // a JSON Web Token (HS256) in Authorization that has the SHA-256 of the body as payload_hash
	VerifyBasic  = "basic"  // RFC 7617
	VerifyHeader = "header" // a secret in a header
	VerifyQuery  = "query"  // a secret in the URL
)

// Receipt says where a call has what became of a delivery. Without status there are none.
type Receipt struct {
	Each       string            `yaml:"each"`   // JSON pointer to a list with several; the other places are within each
	ID         string            `yaml:"id"`     // place of the provider's id
	Status     string            `yaml:"status"` // place
	Statuses   map[string]string `yaml:"statuses"`
	Code       string            `yaml:"code"` // place
	Time       string            `yaml:"time"` // place
	TimeFormat string            `yaml:"timeFormat"`
	Reply      Reply             `yaml:"reply"`
}

// Inbound says where a call has what somebody has written. Without text there is none.
type Inbound struct {
	Each       string `yaml:"each"`
	ID         string `yaml:"id"`
	From       string `yaml:"from"`
	To         string `yaml:"to"`
	Text       string `yaml:"text"`
	Time       string `yaml:"time"`
	TimeFormat string `yaml:"timeFormat"` // rfc3339, unix, unixms, or as Go writes 2006-01-02 15:04:05; default rfc3339
	Reply      Reply  `yaml:"reply"`
}

// Reply is what the provider wants to be answered. Default 204 without body.
type Reply struct {
	Status      int    `yaml:"status"`
	ContentType string `yaml:"contentType"`
	Body        string `yaml:"body"`
}

// WithDefaults fills in the profile, if there is one of that name, and what is left.
func (o Options) WithDefaults() Options {
	if p, err := profile(o.Profile); err == nil {
		o = overlay(p, o)
	}
	o.Concurrency = cmp.Or(o.Concurrency, 32)
	o.Options = o.Options.WithDefaults()
	r := &o.Request
	r.Method = cmp.Or(r.Method, "POST")
	r.ContentType = cmp.Or(r.ContentType, r.given())
	r.Auth = cmp.Or(r.Auth, AuthNone)
	r.Username = cmp.Or(r.Username, o.Account)
	v := &o.Verify
	v.Kind = cmp.Or(v.Kind, VerifyNone)
	v.Hash, v.Coding, v.Window = cmp.Or(v.Hash, "sha256"), cmp.Or(v.Coding, "hex"), cmp.Or(v.Window, 5*time.Minute)
	if len(v.Over) == 0 {
		v.Over = []string{"body"}
	}
	if o.SigningFile == "" && v.signs() {
		o.SigningFile = o.SecretFile
	}
	o.Receipt.TimeFormat, o.Inbound.TimeFormat = cmp.Or(o.Receipt.TimeFormat, "rfc3339"), cmp.Or(o.Inbound.TimeFormat, "rfc3339")
	for _, reply := range []*Reply{&o.Receipt.Reply, &o.Inbound.Reply} {
		reply.Status = cmp.Or(reply.Status, 204)
	}
	return o
}

// given is the content type of what the request has.
func (r Request) given() string {
	switch {
	case len(r.Form) > 0:
		return Form
	case len(r.JSON) > 0:
		return JSON
	case r.Body != "":
		return Text
	}
	return None
}

// signs says that the secret itself does not come with a call.
func (v Verify) signs() bool { return v.Kind == VerifyHMAC || v.Kind == VerifyJWT }
