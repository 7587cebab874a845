package quota

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Quotas say whether a client may publish one more message.
type Quotas struct {
	options Options
	tally   *tally
	wait    func(ctx context.Context) error
	warn    func(Warning)

	mu         sync.Mutex
	current    time.Time     // when all that was in the log is counted
	generation int           // how often counting has begun anew
	looking    chan struct{} // closed when the look under way is over; nil if none is
}

// Deps are what quotas stand on.
type Deps struct {
	// Wait returns when Accepted was called with all that was in the log as of the call.
	Wait func(ctx context.Context) error
	// Warn hears of quotas of which nine tenths are used, of each once in its minute or day. It is called beside a publish and
	// must not wait. Nobody hears of them if nil.
	Warn func(Warning)
	Now  func() time.Time // by which messages are received; time.Now if nil
}

// New makes quotas that count nothing yet: Accepted has to hear of all that was accepted in the last day.
func New(o Options, d Deps) *Quotas {
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Quotas{options: o.WithDefaults(), tally: newTally(d.Now), wait: d.Wait, warn: d.Warn}
}

// Accepted counts messages that are in the log, by whichever node; each is told once.
func (q *Quotas) Accepted(headers []rooms.Header) { q.tally.hear(headers) }

// Anew says that all is told again.
func (q *Quotas) Anew() {
	q.mu.Lock()
	q.current, q.generation = time.Time{}, q.generation+1
	q.mu.Unlock()
	q.tally.forget()
}

// Oldest is the time from which on messages count.
func (q *Quotas) Oldest() time.Time { return q.tally.now().Add(-day().length() - day().bucket) }

// applying are the quotas of a message, in the order of its scopes; none says that there are none.
func (q *Quotas) applying(h rooms.Header, rules rooms.PolicyRules) (all [3]rooms.Quota, none bool) {
	all = [3]rooms.Quota{q.options.of(h.Publisher), rules.Quota, rules.Lanes[h.Lane]}
	if h.Lane == rooms.Emergency {
		all = [3]rooms.Quota{q.options.emergencies(h.Publisher), emergencies(rules)}
	}
	return all, all == [3]rooms.Quota{}
}

// Take counts a message that is about to be accepted, and says what is left of the tightest of the quotas that apply. It
// refuses with a *rooms.QuotaError, or rooms.ErrQuotaUnknown, and then counts nothing. Where no quota applies it does nothing.
func (q *Quotas) Take(ctx context.Context, h rooms.Header, rules rooms.PolicyRules) (rooms.Allowance, error) {
	quotas, none := q.applying(h, rules)
	if none {
		return rooms.Allowance{}, nil
	}
	if err := q.catchUpFor(ctx, h.Lane); err != nil {
		return rooms.Allowance{}, err
	}
	a, over, low := q.tally.take(h, quotas)
	if over {
		return a, &rooms.QuotaError{Allowance: a}
	}
	if q.warn != nil {
		for _, w := range low {
			q.warn(w)
		}
	}
	return a, nil
}

// Give takes back what was taken for a message that was not accepted.
func (q *Quotas) Give(h rooms.Header) { q.tally.give(h) }

// Used tells how much of its quotas a client has used: of that over all rooms if no room is given, else of those that the
// rules of a room have.
func (q *Quotas) Used(ctx context.Context, c rooms.Client, room rooms.Room, rules rooms.PolicyRules) (all []rooms.QuotaUse, err error) {
	ask := map[scope]rooms.Quota{}
	order := []scope{{c, room, ""}}
	urgent := emergencies(rules)
	if ask[order[0]] = rules.Quota; room == "" {
		ask[order[0]], urgent = q.options.of(c), q.options.emergencies(c)
	}
	for _, lane := range rooms.Lanes() {
		in := scope{c, room, lane}
		if order, ask[in] = append(order, in), rules.Lanes[lane]; lane == rooms.Emergency {
			ask[in] = urgent
		}
	}
	for _, in := range order {
		if ask[in] == (rooms.Quota{}) {
			continue
		}
		if err := q.catchUp(ctx); err != nil {
			return nil, err
		}
		all = append(all, q.tally.usedIn(in, ask[in]))
	}
	return all, nil
}

func (t *tally) usedIn(in scope, of rooms.Quota) rooms.QuotaUse {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := t.left(in, of, t.now())
	return rooms.QuotaUse{Room: in.room, Lane: in.lane, PerMinute: left[0], PerDay: left[1]}
}

// catchUp makes sure that the count is not further behind than it may be. Before it is, it has another look at the log under
// way, for which nobody waits.
func (q *Quotas) catchUp(ctx context.Context) error {
	age := q.age()
	if age <= q.options.MaxLag/2 {
		return nil
	}
	over := q.look()
	if age <= q.options.MaxLag {
		return nil
	}
	select {
	case <-over:
	case <-ctx.Done():
	}
	if q.age() > q.options.MaxLag {
		return fmt.Errorf("%w: it is further behind than %s", rooms.ErrQuotaUnknown, q.options.MaxLag)
	}
	return nil
}

// catchUpFor does so for a lane, but for an emergency, which goes by what is known: it waits for no look at the log.
func (q *Quotas) catchUpFor(ctx context.Context, l rooms.Lane) error {
	if l != rooms.Emergency {
		return q.catchUp(ctx)
	}
	if q.age() > q.options.MaxLag/2 {
		q.look()
	}
	return nil
}

// age is how far behind the count may be.
func (q *Quotas) age() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Since(q.current)
}

// look has somebody wait until all that is in the log now is counted, if nobody does; it gives the end of that.
func (q *Quotas) look() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.looking == nil {
		q.looking = make(chan struct{})
		go q.watch(time.Now(), q.generation)
	}
	return q.looking
}

func (q *Quotas) watch(began time.Time, generation int) {
	ctx, cancel := context.WithTimeout(context.Background(), q.options.MaxLag)
	defer cancel()
	err := q.wait(ctx)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil && generation == q.generation {
		q.current = began
	}
	close(q.looking)
	q.looking = nil
}
