package sandbox

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Values of Options.Receipts.
const (
	ReceiptsSMS  = "sms"
	ReceiptsAll  = "all"
	ReceiptsNone = "none"
)

// Fail is what happens to every delivery, whoever the recipient is.
type Fail string

// As the recipient says; rejected; deferred.
const (
	FailNever       Fail = ""
	FailAlways      Fail = "always"
	FailTemporarily Fail = "temporarily"
)

// Valid says whether it is one of these.
func (f Fail) Valid() bool { return f == FailNever || f == FailAlways || f == FailTemporarily }

// Options say what the sandbox does with what it is given. The zero value works.
type Options struct {
	// Keep is how many deliveries are kept in memory, the latest. Default 10000.
	Keep int `yaml:"keep"`
	// URL, if set, is where each delivery is posted as JSON instead of being kept. A status
	// other than 2xx defers it.
	URL string `yaml:"url"`
	// Receipts says which channels confirm at once that a delivery arrived: "sms" (default),
	// "all" or "none". Recipients that fail on demand are not affected.
	Receipts string `yaml:"receipts"`
	// Late is how long after sending a late or bounced recipient's receipt comes. Default 5s.
	Late time.Duration `yaml:"late"`

	// Now is the clock; nil means time.Now.
	Now func() time.Time `yaml:"-"`
}

// WithDefaults fills in what was left at its zero value.
func (o Options) WithDefaults() Options {
	o.Keep = cmp.Or(o.Keep, 10_000)
	o.Receipts = cmp.Or(o.Receipts, ReceiptsSMS)
	o.Late = cmp.Or(o.Late, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Check names every fault. It never quotes the URL, which may hold a password.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New("sandbox: "+text))
		}
	}
	bad(o.Keep < 0, "keep must not be negative")
	bad(o.URL != "" && !isHTTP(o.URL), "url is not of the form http://host/path or https://host/path")
	bad(o.Receipts != ReceiptsSMS && o.Receipts != ReceiptsAll && o.Receipts != ReceiptsNone,
		`receipts must be "sms", "all" or "none"`)
	bad(o.Late < 0, "late must not be negative")
	return faults
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// confirms says whether an ordinary delivery on the channel has a receipt.
func (o Options) confirms(c rooms.Channel) bool {
	return o.Receipts == ReceiptsAll || o.Receipts == ReceiptsSMS && c == rooms.SMS
}
