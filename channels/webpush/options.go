package webpush

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/channels/outbound"
)

// Options say who sends, and whom push services may be.
type Options struct {
	// Credentials reads the files of credentials; nil if no key service has encrypted them.
	Credentials *credential.Files `yaml:"-"`
	// KeyFile holds the VAPID key, of mode 0600: PEM, or 32 bytes in base64url. Read at the start.
	KeyFile string `yaml:"keyFile"`
	// Contact is where push services reach the operator: mailto:ops@example.org, or an https URL.
	Contact string `yaml:"contact"`
	// URL is the page that a notification opens; empty: what the service worker likes.
	URL string `yaml:"url"`
	// MaxTTL bounds for how long a push service is asked to keep a notification. Default 672h, four weeks.
	MaxTTL time.Duration `yaml:"maxTTL"`
	// Services are the hosts that are called: names, or *.example.org for all below one. Default: all.
	Services []string `yaml:"services"`

	outbound.Options `yaml:",inline"`
}

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	o.MaxTTL = cmp.Or(o.MaxTTL, 4*7*24*time.Hour)
	o.Concurrency = cmp.Or(o.Concurrency, 64)
	o.Options = o.Options.WithDefaults()
	return o
}

// Check names every fault. It reads the file that is named, and calls nobody.
func (o Options) Check() []error {
	faults := o.Options.Check()
	bad := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, errors.New("webpush: "+what))
		}
	}
	if _, err := ReadKey(context.Background(), nil, o.KeyFile); err != nil && !errors.Is(err, credential.ErrNoService) {
		faults = append(faults, err)
	}
	bad(!contact(o.Contact), "contact: mailto:ops@example.org, or an https URL")
	bad(o.URL != "" && !https(o.URL), "url: an https URL")
	bad(o.MaxTTL < 0, "maxTTL: longer than 0s")
	for _, s := range o.Services {
		name := strings.TrimPrefix(s, "*.")
		bad(name == "" || strings.ContainsAny(name, "*/: "), "services: names of hosts, or *.example.org")
	}
	return faults
}

func contact(s string) bool {
	address, mail := strings.CutPrefix(s, "mailto:")
	return https(s) || mail && strings.Contains(address, "@") && !strings.ContainsAny(address, " \r\n")
}

func https(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// serves says whether a host is a push service that may be called.
func (o Options) serves(host string) bool {
	if len(o.Services) == 0 {
		return true
	}
	host = strings.ToLower(host)
	for _, s := range o.Services {
		s = strings.ToLower(s)
		if below, all := strings.CutPrefix(s, "*"); host == s || all && strings.HasSuffix(host, below) {
			return true
		}
	}
	return false
}
