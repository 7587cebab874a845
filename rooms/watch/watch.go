package watch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Condition is something that needs a person while it holds. Its texts hold no personal data.
type Condition struct {
	Key    string // what it is about, such as provider-dead.n1.sms.first
	Title  string // what is wrong, in one line
	Advice string // what to do
}

// Look sees which conditions of a kind hold at this moment.
type Look struct {
	Kind string
	// After is for how long one holds before it is said; 0: as for all.
	After time.Duration
	See   func(ctx context.Context) ([]Condition, error)
}

// Alert is what the operators are told.
type Alert struct {
	ID    string // of the message
	Title string
	Text  string
	Over  bool // the condition is gone
}

// Teller tells the operators, and says whether the same alert had been told before.
type Teller interface {
	Tell(ctx context.Context, a Alert) (before bool, err error)
}

// Watch looks, and tells what has begun and what is over.
type Watch struct {
	Looks   []Look
	Teller  Teller
	Options Options
	Now     func() time.Time
	Log     *slog.Logger

	known map[string]*stand // by key
	blind map[string]bool   // looks that fail
}

// stand is how it stands with a condition.
type stand struct {
	Condition
	kind  string
	began time.Time // when it was seen first
	gone  time.Time // since when it is not seen; zero: it holds
	told  string    // the id under which it was said; "" if it was not
	tried string    // the id under which it had been said before
	over  string    // the id of which it was said last that it is over
	why   string    // it could not be said the last time
}

// Run looks until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	every := w.Options.WithDefaults().Every
	for ctx.Err() == nil {
		w.Step(ctx)
		select {
		case <-time.After(every):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// Step looks once.
func (w *Watch) Step(ctx context.Context) {
	if w.known == nil {
		w.known, w.blind = map[string]*stand{}, map[string]bool{}
	}
	for _, l := range w.Looks {
		seen, err := l.See(ctx)
		if ctx.Err() != nil {
			return
		}
		if w.see(l, seen, err) {
			w.tell(ctx, l)
		}
	}
}

// see notes what a look has seen; false if it has failed, which is logged once.
func (w *Watch) see(l Look, seen []Condition, err error) bool {
	if err != nil {
		if !w.blind[l.Kind] {
			w.Log.Warn("a part of the gateway cannot be looked at for the operators", "what", l.Kind, "error", err)
		}
		w.blind[l.Kind] = true
		return false
	}
	w.blind[l.Kind] = false
	now := w.Now()
	for _, s := range w.known {
		if s.kind == l.Kind && s.gone.IsZero() && !slices.ContainsFunc(seen, func(c Condition) bool { return c.Key == s.Key }) {
			s.gone = now
		}
	}
	for _, c := range seen {
		s := w.known[c.Key]
		if s == nil {
			s = &stand{kind: l.Kind, began: now}
			w.known[c.Key] = s
		}
		if s.told == "" && !s.gone.IsZero() { // what was not said begins anew
			s.began = now
		}
		s.Condition, s.gone = c, time.Time{}
	}
	return true
}

// said is the id under which it was said last, by whatever process.
func (s *stand) said() string { return cmp.Or(s.told, s.tried) }

// tell says what has held, or been gone, for long enough.
func (w *Watch) tell(ctx context.Context, l Look) {
	o, now := w.Options.WithDefaults(), w.Now()
	after := o.After
	if l.After > 0 {
		after = l.After
	}
	for _, key := range slices.Sorted(maps.Keys(w.known)) {
		s := w.known[key]
		switch {
		case s.kind != l.Kind:
		case s.gone.IsZero() && s.told == "" && now.Sub(s.began) >= after:
			w.begin(ctx, s, now, o)
		case !s.gone.IsZero() && s.said() == s.over:
			if now.Sub(s.gone) >= o.Again { // until then it is known that it comes and goes
				delete(w.known, key)
			}
		case !s.gone.IsZero() && now.Sub(s.gone) >= o.After:
			w.end(ctx, s, now)
		}
	}
}

// begin says that something is wrong, unless it has been said in this stretch.
func (w *Watch) begin(ctx context.Context, s *stand, now time.Time, o Options) {
	id := fmt.Sprintf("operators-%s-%d", s.Key, now.UnixNano()/int64(o.Again))
	if id == s.tried {
		return
	}
	text := fmt.Sprintf("%s\nSince %s.\n\n%s", s.Title, moment(s.began), s.Advice)
	before, err := w.Teller.Tell(ctx, Alert{ID: id, Title: s.Title, Text: text})
	switch {
	case err != nil:
		w.untold(s, "the operators cannot be told", err)
	case before:
		s.tried = id
	default:
		s.told, s.why = id, ""
		w.Log.Warn("the operators were told", "alert", s.Title, "advice", s.Advice)
	}
}

// untold logs why something could not be said, once for each cause.
func (w *Watch) untold(s *stand, what string, why error) {
	if cause := what + why.Error(); cause != s.why {
		s.why = cause
		w.Log.Warn(what, "alert", s.Title, "advice", s.Advice, "error", why)
	}
}

// end says that it is over.
func (w *Watch) end(ctx context.Context, s *stand, now time.Time) {
	text := fmt.Sprintf("It is over: %s\nSince %s; it had begun at %s.", s.Title, moment(s.gone), moment(s.began))
	if _, err := w.Teller.Tell(ctx, Alert{ID: s.said() + "-over", Title: "Over: " + s.Title, Text: text, Over: true}); err != nil {
		w.untold(s, "the operators cannot be told that it is over", err)
		return
	}
	s.why = ""
	w.Log.Info("the operators were told that it is over", "alert", s.Title, "lasted", now.Sub(s.began).Round(time.Second))
	s.over = s.said()
	s.tried, s.told = s.over, ""
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
