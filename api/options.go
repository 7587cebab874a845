package api

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/govcrier/crier/api/govstack/email"
	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
)

// Values of Options.Senders.
const (
	SendersOptional = "optional"
	SendersRequired = "required"
)

// Options of the HTTP API. The zero value works but for the certificate.
type Options struct {
	TLS TLSOptions `yaml:"tls"`
	// Insecure serves HTTP without TLS, for development and behind a proxy on the same machine.
	Insecure bool `yaml:"insecure"`
	// MaxBody is the most bytes of a request but an upload. Default 4 MiB.
	MaxBody int64 `yaml:"maxBody"`
	// MaxRecipients is how many recipients a message may name. Default 10000.
	MaxRecipients int `yaml:"maxRecipients"`
	// PreviewLimit is how many subscribers of a room a preview looks at; the others are counted. Default 100000.
	PreviewLimit int `yaml:"previewLimit"`
	// Prices are what sending costs, for the estimates of previews.
	Prices Prices `yaml:"prices"`
	// MaxUpload is the most bytes of an upload of subscribers. Default 256 MiB.
	MaxUpload int64 `yaml:"maxUpload"`
	// MaxExpiry is how far ahead a message may set its expiry. Default 168h, seven days.
	MaxExpiry time.Duration `yaml:"maxExpiry"`
	// HeaderTimeout is the time for a request's header to arrive. Default 10s.
	HeaderTimeout time.Duration `yaml:"headerTimeout"`
	// BodyTimeout is the time for a whole request to arrive, or for 1,000 rows of an upload. Default 30s.
	BodyTimeout time.Duration `yaml:"bodyTimeout"`
	// AnswerTimeout is the time from the end of the header to the end of the answer. Default 90s.
	AnswerTimeout time.Duration `yaml:"answerTimeout"`
	// IdleTimeout is how long a connection without request is kept. Default 2m.
	IdleTimeout time.Duration `yaml:"idleTimeout"`
	// PublishTimeout is the time for a message to become durable, and for its audit entry. Default 15s.
	PublishTimeout time.Duration `yaml:"publishTimeout"`
	// ReadWait is how long a read of a message that is not known waits for the index to catch up. Default 2s.
	ReadWait time.Duration `yaml:"readWait"`
	// DrainTimeout is how long requests may take to finish when the server stops. Default 20s.
	DrainTimeout time.Duration `yaml:"drainTimeout"`
	// CancelTimeout is how long they may take after that, when they have been told to give up. Default 3s.
	CancelTimeout time.Duration `yaml:"cancelTimeout"`
	// Senders says whether clients have to be registered as senders to publish: "optional" (default) or "required".
	Senders string `yaml:"senders"`
	// Streams are the limits of streams of events.
	Streams StreamOptions `yaml:"streams"`
	// Strangers bounds what callers without a good token can have recorded.
	Strangers StrangerOptions `yaml:"strangers"`
	// JoinsPerMinute is how many people one client may ask to subscribe in a minute, on each node. Default 300.
	JoinsPerMinute int `yaml:"joinsPerMinute"`
	// Pulls are the limits of pulls that wait.
	Pulls PullOptions `yaml:"pulls"`
	// Mediator says who is who on the GovStack Information Mediator.
	Mediator mediator.Options `yaml:"mediator"`
	// SearchTimeout is the time for looking through all subscribers for a person. Default 10m.
	SearchTimeout time.Duration `yaml:"searchTimeout"`
	// PublicURL is where people reach this API, by https, for the links that they are sent. Empty: they are sent none.
	PublicURL string `yaml:"publicURL"`
	// ProblemBase stands before the code in the type URI of problems. Default "urn:crier:problem:".
	ProblemBase string `yaml:"problemBase"`
	// Metrics serves /metrics on the API too, to whoever reaches it. Server.Metrics is there in any case, for an address of
	// its own.
	Metrics bool `yaml:"metrics"`
	// GovstackEmail is GovStack's e-mail API.
	GovstackEmail email.Options `yaml:"govstackEmail"`
}

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	o.MaxBody = cmp.Or(o.MaxBody, 4<<20)
	o.MaxRecipients = cmp.Or(o.MaxRecipients, request.MaxRecipients)
	o.Prices = o.Prices.withDefaults()
	o.PreviewLimit = cmp.Or(o.PreviewLimit, 100_000)
	o.MaxUpload = cmp.Or(o.MaxUpload, 256<<20)
	o.MaxExpiry = cmp.Or(o.MaxExpiry, 7*24*time.Hour)
	o.HeaderTimeout = cmp.Or(o.HeaderTimeout, 10*time.Second)
	o.BodyTimeout = cmp.Or(o.BodyTimeout, 30*time.Second)
	o.AnswerTimeout = cmp.Or(o.AnswerTimeout, 90*time.Second)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 2*time.Minute)
	o.PublishTimeout = cmp.Or(o.PublishTimeout, 15*time.Second)
	o.SearchTimeout = cmp.Or(o.SearchTimeout, 10*time.Minute)
	o.ReadWait = cmp.Or(o.ReadWait, 2*time.Second)
	o.DrainTimeout = cmp.Or(o.DrainTimeout, 20*time.Second)
	o.CancelTimeout = cmp.Or(o.CancelTimeout, 3*time.Second)
	o.Senders = cmp.Or(o.Senders, SendersOptional)
	o.Streams = o.Streams.withDefaults()
	o.Strangers = o.Strangers.withDefaults()
	o.JoinsPerMinute = cmp.Or(o.JoinsPerMinute, 300)
	o.Pulls = o.Pulls.withDefaults()
	o.GovstackEmail = o.GovstackEmail.WithDefaults()
	o.ProblemBase = cmp.Or(o.ProblemBase, problem.Base)
	return o
}

// Check names every fault at once.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var errs []error
	need := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New(text))
		}
	}
	need(o.Insecure || o.TLS.CertFile != "" && o.TLS.KeyFile != "",
		"tls.certFile and tls.keyFile are needed, or insecure: true for development")
	public, err := url.Parse(o.PublicURL)
	need(err == nil && (o.PublicURL == "" || public.Host != "" && (public.Scheme == "https" || o.Insecure && public.Scheme == "http")),
		"publicURL is the https URL under which people reach the API")
	need(o.MaxBody > 0 && o.MaxBody <= 4<<20, "maxBody is at most 4 MiB")
	need(o.MaxRecipients > 0, "maxRecipients is positive")
	need(o.JoinsPerMinute > 0, "joinsPerMinute is positive")
	need(o.PreviewLimit > 0, "previewLimit is positive")
	need(o.MaxUpload > 0, "maxUpload is positive")
	need(o.MaxExpiry > 0, "maxExpiry is positive")
	need(o.HeaderTimeout > 0, "headerTimeout is positive")
	need(o.BodyTimeout >= o.HeaderTimeout, "bodyTimeout is at least headerTimeout")
	need(o.AnswerTimeout > o.BodyTimeout+o.PublishTimeout, "answerTimeout is more than bodyTimeout and publishTimeout together")
	need(o.PublishTimeout > 0, "publishTimeout is positive")
	need(o.SearchTimeout > 0, "searchTimeout is positive")
	need(o.ReadWait > 0, "readWait is positive")
	need(o.DrainTimeout > o.PublishTimeout, "drainTimeout is more than publishTimeout, so that a publish is never cut off")
	need(o.CancelTimeout > 0, "cancelTimeout is positive")
	need(o.Senders == SendersOptional || o.Senders == SendersRequired, "senders is optional or required")
	return slices.Concat(errs, o.Streams.check(), o.Strangers.check(), o.Pulls.check(), o.Prices.check(), o.Mediator.Check(), o.GovstackEmail.Check())
}
