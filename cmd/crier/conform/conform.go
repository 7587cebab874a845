package conform

import (
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
	Token     rooms.Secret // a bearer token, for the other interfaces
	Member    string       // who calls the Information Mediator: INSTANCE/CLASS/MEMBER/APPLICATION
	Room      string       // into which alerts are published, and whose event types are made
	Sender    string       // an e-mail address that the key may send from
	Recipient string       // an e-mail address that is nobody's
	HTTP      *http.Client // default: one that waits 30 seconds for each answer
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
	lacks  func(Options) string // what has to be given; empty: nothing
	checks []check
}

type check struct {
	name string
	run  func(context.Context, *caller) error
}

// Interfaces are the names of all that can be checked.
func Interfaces() (names []string) {
	for _, s := range suites() {
		names = append(names, s.name)
	}
	return names
}

func suites() []suite { return []suite{emailSuite(), mediatorSuite(), alertsSuite()} }

const answerTimeout = 30 * time.Second

// Run makes every check of the interfaces that wanted names, or of all if it names none, and tells each result as it comes.
// It says whether none failed.
func Run(ctx context.Context, o Options, wanted []string, tell func(Result)) bool {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: answerTimeout}
	}
	good := true
	for _, s := range suites() {
		if len(wanted) == 0 || slices.Contains(wanted, s.name) {
			good = s.run(ctx, o, tell) && good
		}
	}
	return good
}

func (s suite) run(ctx context.Context, o Options, tell func(Result)) (good bool) {
	c, lacking := &caller{options: o, made: map[string]string{}}, s.lacks(o)
	good = true
	for _, one := range s.checks {
		r := Result{Interface: s.name, Check: one.name, Outcome: Passed}
		began := time.Now()
		switch {
		case lacking != "":
			r.Outcome, r.Detail = Skipped, lacking
		default:
			if err := one.run(ctx, c); err != nil {
				r.Outcome, r.Detail, good = Failed, err.Error(), false
			}
		}
		r.Took = time.Since(began).Milliseconds()
		tell(r)
	}
	return good
}
