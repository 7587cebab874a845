package whatsapp

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// Options describe a number.
type Options struct {
	// Credentials reads the files of credentials; nil if no key service has encrypted them.
	Credentials *credential.Files `yaml:"-"`
	// PhoneNumberID is what Meta calls the number that is sent from.
	PhoneNumberID string `yaml:"phoneNumberId"`
	// TokenFile holds the access token; of mode 0600.
	TokenFile string `yaml:"tokenFile"`
	// SecretFile holds the app's secret, with which Meta signs its calls; of mode 0600. Without it nothing is heard.
	SecretFile string `yaml:"secretFile"`
	// VerifyFile holds the word that Meta repeats when it asks for the URL; of mode 0600.
	VerifyFile string `yaml:"verifyFile"`
	// URL is that of the Graph API. Default https://graph.facebook.com.
	URL string `yaml:"url"`
	// Version is that of the API. Default v23.0.
	Version string `yaml:"version"`
	// Templates are looked at in order; the first that fits is used.
	Templates []Template `yaml:"templates"`

	outbound.Options `yaml:",inline"`
}

// Template is one that Meta has approved, and what it is for. What is empty fits all.
type Template struct {
	Room     string `yaml:"room"`
	Type     string `yaml:"type"`
	Language string `yaml:"language"` // of the person: ky fits ky-KG too

	Name string `yaml:"name"`
	// Code is the language of the template as Meta writes it, such as en_US. Default Language.
	Code string `yaml:"code"`
	// Header and Body are the parameters, in order: subject, text, sms, name or value.NAME.
	Header []string `yaml:"header"`
	Body   []string `yaml:"body"`
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	o.URL = strings.TrimSuffix(cmp.Or(o.URL, "https://graph.facebook.com"), "/")
	o.Version = cmp.Or(o.Version, "v23.0")
	o.Concurrency = cmp.Or(o.Concurrency, 32)
	o.Options = o.Options.WithDefaults()
	return o
}

// hears says whether Meta's calls are taken.
func (o Options) hears() bool { return o.SecretFile != "" }

// Check names every fault. It looks at the files that are named and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	when := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	for _, f := range []struct{ key, file string }{{"tokenFile", o.TokenFile}, {"secretFile", o.SecretFile}, {"verifyFile", o.VerifyFile}} {
		if err := credential.CheckLine(f.file); f.file != "" && err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.key, err))
		}
	}
	when(o.TokenFile == "", "tokenFile: is missing")
	when(!matches(`^[0-9]{1,32}$`, o.PhoneNumberID), "phoneNumberId: the digits that Meta shows beside the number")
	when(o.hears() != (o.VerifyFile != ""), "secretFile and verifyFile: both, or nothing is heard")
	when(!isBase(o.URL), "url: begins with https:// or http:// and has no query")
	when(!matches(`^v[0-9]{1,3}\.[0-9]{1,2}$`, o.Version), "version: such as v23.0")
	for i, t := range o.Templates {
		for _, err := range t.check() {
			faults = append(faults, fmt.Errorf("templates: %d: %w", i+1, err))
		}
	}
	return append(faults, o.Options.Check()...)
}

func (t Template) check() (faults []error) {
	when := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	when(!matches(`^[a-z0-9_]{1,512}$`, t.Name), "name: letters a-z, digits and _, as Meta has approved it")
	when(!matches(`^[a-z]{2,3}(_[A-Za-z]{2,4})?$`, t.code()), "code: a language such as en_US; Meta has the list")
	if _, err := rooms.ParseRoom(t.Room); t.Room != "" && err != nil {
		faults = append(faults, fmt.Errorf("room: %w", err))
	}
	if _, err := rooms.ParseType(t.Type); t.Type != "" && err != nil {
		faults = append(faults, fmt.Errorf("type: %w", err))
	}
	if _, err := rooms.ParseLanguage(t.Language); t.Language != "" && err != nil {
		faults = append(faults, fmt.Errorf("language: %w", err))
	}
	for _, p := range append(append([]string(nil), t.Header...), t.Body...) {
		when(!matches(`^(subject|text|sms|name|value\.[a-z][a-z0-9_]*)$`, p), "a parameter is subject, text, sms, name or value.NAME")
	}
	when(len(t.Header) > 1, "header: one parameter at most")
	return faults
}

// code is the language of a template.
func (t Template) code() string { return cmp.Or(t.Code, strings.ReplaceAll(t.Language, "-", "_")) }

func matches(expression, s string) bool { return regexp.MustCompile(expression).MatchString(s) }

func isBase(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
