package telegram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/channels/outbound"
)

// How what people write is heard.
const (
	InboundPoll    = "poll"    // one node asks
	InboundWebhook = "webhook" // Telegram calls
	InboundNone    = "none"    // not at all
)

// Options describe a bot.
type Options struct {
	// TokenFile holds the bot's token, such as 123456:ABC-DEF; of mode 0600.
	TokenFile string `yaml:"tokenFile"`
	// URL is that of the Bot API. Default https://api.telegram.org.
	URL string `yaml:"url"`
	// Inbound is poll, webhook or none. Default poll.
	Inbound string `yaml:"inbound"`
	// PollFor is how long a question for updates waits for one. Default 50s.
	PollFor time.Duration `yaml:"pollFor"`
	// SecretFile holds the secret_token that was given to setWebhook; of mode 0600.
	SecretFile string `yaml:"secretFile"`
	// MaxParts is how many messages a long text may become, from 1 to 6. Default 4.
	MaxParts int `yaml:"maxParts"`

	// Credentials reads both files; nil if no key service has encrypted them.
	Credentials *credential.Files `yaml:"-"`

	outbound.Options `yaml:",inline"`
}

// The bounds of what is configured.
const (
	mostParts   = 6 // whose ids stand together in one provider id
	longestPoll = 50 * time.Second
)

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	o.URL = strings.TrimSuffix(cmp.Or(o.URL, "https://api.telegram.org"), "/")
	o.Inbound = cmp.Or(o.Inbound, InboundPoll)
	o.PollFor = cmp.Or(o.PollFor, longestPoll)
	o.MaxParts = cmp.Or(o.MaxParts, 4)
	o.Concurrency = cmp.Or(o.Concurrency, 32)
	o.Options = o.Options.WithDefaults()
	return o
}

// Check names every fault. It looks at the files that are named and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	when := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	when(o.TokenFile == "", "tokenFile: is missing")
	if _, err := readToken(context.Background(), nil, o.TokenFile); o.TokenFile != "" && err != nil && !errors.Is(err, credential.ErrNoService) {
		faults = append(faults, fmt.Errorf("tokenFile: %w", err))
	}
	when(!isBase(o.URL), "url: begins with https:// or http:// and has no query")
	when(!slices.Contains([]string{InboundPoll, InboundWebhook, InboundNone}, o.Inbound), "inbound: poll, webhook or none")
	when(o.PollFor < time.Second || o.PollFor > longestPoll, "pollFor: from 1s to 50s")
	when(o.MaxParts < 1 || o.MaxParts > mostParts, "maxParts: from 1 to 6")
	if o.Inbound == InboundWebhook {
		when(o.SecretFile == "", "secretFile: whoever knows the URL could write anything; what was given to setWebhook as secret_token is needed")
		if err := credential.CheckLine(o.SecretFile); o.SecretFile != "" && err != nil {
			faults = append(faults, fmt.Errorf("secretFile: %w", err))
		}
	} else {
		when(o.SecretFile != "", "secretFile: only where inbound is webhook")
	}
	return append(faults, o.Options.Check()...)
}

func isBase(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// token is what the Bot API knows a bot by. Its number is nobody's secret.
type token struct{ number, whole string }

// readToken reads the token of a bot.
func readToken(ctx context.Context, files *credential.Files, file string) (t token, err error) {
	if t.whole, err = files.Line(ctx, file); err != nil {
		return t, err
	}
	number, rest, ok := strings.Cut(t.whole, ":")
	bad := func(r rune) bool { return !('0' <= r && r <= '9') }
	other := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	}
	if !ok || len(number) < 2 || len(number) > 15 || strings.ContainsFunc(number, bad) || rest == "" || strings.ContainsFunc(rest, other) {
		return t, errors.New(file + " does not hold a bot's token, such as 123456:ABC-DEF")
	}
	t.number = number
	return t, nil
}
