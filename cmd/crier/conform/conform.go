package conform

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Options say which server is checked, and with what.
type Options struct {
	URL       string       // of the server, with a prefix where there is one
	APIKey    rooms.Secret // for the e-mail API
	OtherKey  rooms.Secret // of another client than APIKey
	Token     rooms.Secret // a bearer token, for the other interfaces
	Member    string       // who calls the Information Mediator: INSTANCE/CLASS/MEMBER/APPLICATION
	Room      string       // into which alerts are published, and whose event types are made
	Sender    string       // an e-mail address that the key may send from
	Recipient string       // an e-mail address that is nobody's
	Ear       *Ear         // where the server calls back and pushes; nil: what needs it is skipped
	HTTP      *http.Client // default: one that waits 30 seconds for each answer

	// Patience is for how long what the server does by itself may take: an event to be pulled or pushed, a callback, a feed.
	// Default 15 seconds.
	Patience time.Duration
}

// Outcome is what a check came to.
type Outcome string

// The outcomes of a check.
const (
	Passed  Outcome = "pass"
	Failed  Outcome = "FAIL"
	Skipped Outcome = "skip"
)

// Result is what one check found.
type Result struct {
	Interface string  `json:"interface"`
	Check     string  `json:"check"`
	Outcome   Outcome `json:"outcome"`
	Detail    string  `json:"detail,omitempty"` // of what failed or was skipped: why
	Took      int64   `json:"milliseconds"`
}

// suite is the checks of one interface, in their order: later ones may need what earlier ones made.
type suite struct {
	name   string
	lacks  func(Options) string // what has to be given, as flags of crier conform; empty: nothing
	checks []check
}

type check struct {
	name  string
	run   func(context.Context, *caller) error
	needs func(Options) string // as suite.lacks, for this check alone; nil: nothing
}

// lacking says what has to be given for a check; empty: nothing.
func (k check) lacking(o Options) string {
	if k.needs == nil {
		return ""
	}
	return k.needs(o)
}

// Summary counts the checks by what they came to.
type Summary struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

func (s *Summary) add(o Outcome) {
	switch o {
	case Passed:
		s.Passed++
	case Failed:
		s.Failed++
	case Skipped:
		s.Skipped++
	}
}

// Interfaces are the names of all that can be checked.
func Interfaces() (names []string) {
	for _, s := range suites() {
		names = append(names, s.name)
	}
	return names
}

func suites() []suite { return []suite{emailSuite(), mediatorSuite(), alertsSuite()} }

// For how long is waited unless the options say otherwise.
const (
	answerTimeout = 30 * time.Second
	patience      = 15 * time.Second
)

// Run makes every check of the interfaces that wanted names, or of all if it names none, and tells each result as it comes.
func Run(ctx context.Context, o Options, wanted []string, tell func(Result)) (sum Summary) {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: answerTimeout}
	}
	if o.Patience == 0 {
		o.Patience = patience
	}
	for _, s := range suites() {
		if len(wanted) == 0 || slices.Contains(wanted, s.name) {
			s.run(ctx, o, func(r Result) {
				sum.add(r.Outcome)
				tell(r)
			})
		}
	}
	return sum
}

func (s suite) run(ctx context.Context, o Options, tell func(Result)) {
	c := &caller{options: o, made: map[string]string{}}
	for _, one := range s.checks {
		r := Result{Interface: s.name, Check: one.name, Outcome: Passed}
		began := time.Now()
		if lacking := cmp.Or(s.lacks(o), one.lacking(o)); lacking != "" {
			r.Outcome, r.Detail = Skipped, "give "+lacking
		} else if err := one.run(ctx, c); err != nil {
			r.Outcome, r.Detail = Failed, err.Error()
		}
		r.Took = time.Since(began).Milliseconds()
		tell(r)
	}
}
