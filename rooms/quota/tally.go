package quota

import (
	"sync"
	"time"

	"github.com/govcrier/crier/rooms"
)

// scope is what is counted together: what a client sends, into a room, on a lane. An empty room is all of them, an empty lane
// all but emergencies.
type scope struct {
	client rooms.Client
	room   rooms.Room
	lane   rooms.Lane
}

// scopes are those that a message counts in; the zero scope is none. Emergencies count by themselves.
func scopes(h rooms.Header) [3]scope {
	if h.Lane == rooms.Emergency {
		return [3]scope{{h.Publisher, "", h.Lane}, {h.Publisher, h.Room, h.Lane}}
	}
	return [3]scope{{h.Publisher, "", ""}, {h.Publisher, h.Room, ""}, {h.Publisher, h.Room, h.Lane}}
}

// use is what a scope has used, and when it was last told that little is left.
type use struct {
	windows [2]window
	warned  [2]time.Time
}

func spans() [2]span { return [2]span{minute(), day()} }

// limits are a quota's in the order of the spans.
func limits(q rooms.Quota) [2]int { return [2]int{q.PerMinute, q.PerDay} }

// tally counts. It is safe for concurrent use.
type tally struct {
	now func() time.Time

	mu     sync.Mutex
	used   map[scope]*use
	flying map[rooms.UMID]rooms.Header // counted here, and not heard of from the index yet
	swept  time.Time
}

func newTally(now func() time.Time) *tally {
	return &tally{now: now, used: map[scope]*use{}, flying: map[rooms.UMID]rooms.Header{}}
}

// count adds n messages like one. The caller holds the lock.
func (t *tally) count(h rooms.Header, now time.Time, n int) {
	if now.Sub(h.ReceivedAt) > day().length()+day().bucket {
		return
	}
	for _, in := range scopes(h) {
		if in == (scope{}) {
			continue
		}
		u := t.used[in]
		if u == nil {
			u = &use{}
			t.used[in] = u
		}
		for i, s := range spans() {
			u.windows[i].add(s, h.ReceivedAt, now, n)
		}
	}
}

// hear counts what the index has learnt, once each.
func (t *tally) hear(headers []rooms.Header) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for _, h := range headers {
		if _, ours := t.flying[h.UMID]; ours {
			delete(t.flying, h.UMID)
			continue
		}
		t.count(h, now, 1)
	}
	t.sweep(now)
}

// forget begins anew, with what is on its way here.
func (t *tally) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.used)
	now := t.now()
	for _, h := range t.flying {
		t.count(h, now, 1)
	}
}

// give takes back a message that was not accepted.
func (t *tally) give(h rooms.Header) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ours := t.flying[h.UMID]; ours {
		delete(t.flying, h.UMID)
		t.count(h, t.now(), -1)
	}
}

// sweepEvery is the time between two searches for what has not been used for a day.
const sweepEvery = 10 * time.Minute

// sweep forgets who has not sent anything for a day. The caller holds the lock.
func (t *tally) sweep(now time.Time) {
	if now.Sub(t.swept).Abs() < sweepEvery {
		return
	}
	t.swept = now
	for in, u := range t.used {
		idle := true
		for i, s := range spans() {
			u.windows[i].expire(s, now)
			idle = idle && len(u.windows[i].kept) == 0
		}
		if idle {
			delete(t.used, in)
		}
	}
	for umid, h := range t.flying {
		if now.Sub(h.ReceivedAt) > day().length()+day().bucket {
			delete(t.flying, umid)
		}
	}
}

// take counts a message, unless that would go beyond a limit; limits are in the order of the scopes. It says what is left of
// the tightest one, which of several that are used up is the one that takes longest, and of which little is left for the first
// time.
func (t *tally) take(h rooms.Header, quotas [3]rooms.Quota) (a rooms.Allowance, over bool, low []Warning) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if a := t.tightest(h, quotas, now); a.Limit > 0 && a.Remaining == 0 {
		return a, true, nil
	}
	t.count(h, now, 1)
	t.flying[h.UMID] = h
	return t.tightest(h, quotas, now), false, t.low(h, quotas, now)
}

// tightest is what is left of the limit of which the least is. The caller holds the lock.
func (t *tally) tightest(h rooms.Header, quotas [3]rooms.Quota, now time.Time) (least rooms.Allowance) {
	for i, in := range scopes(h) {
		for _, a := range t.left(in, quotas[i], now) {
			if a.Limit > 0 && (least.Limit == 0 || a.Remaining < least.Remaining || a.Remaining == least.Remaining && a.Reset > least.Reset) {
				least = a
			}
		}
	}
	return least
}

// left is what is left of a quota in each span. The caller holds the lock.
func (t *tally) left(in scope, q rooms.Quota, now time.Time) (out [2]rooms.Allowance) {
	u := t.used[in]
	for i, s := range spans() {
		limit := limits(q)[i]
		switch {
		case limit == 0:
		case u == nil:
			out[i] = rooms.Allowance{Limit: limit, Remaining: limit}
		default:
			u.windows[i].expire(s, now)
			out[i] = u.windows[i].allowance(s, limit, now)
		}
	}
	return out
}

// Warning says that little is left of a quota.
type Warning struct {
	Client rooms.Client
	Room   rooms.Room // empty: over all rooms
	Lane   rooms.Lane // empty: on all lanes
	Window string     // "minute" or "day"
	Limit  int
	Used   int
	At     time.Time
}

// low finds the limits of which nine tenths are used, each once in its span. The caller holds the lock.
func (t *tally) low(h rooms.Header, quotas [3]rooms.Quota, now time.Time) (all []Warning) {
	for i, in := range scopes(h) {
		u := t.used[in]
		if u == nil {
			continue
		}
		for j, s := range spans() {
			limit, used := limits(quotas[i])[j], u.windows[j].sum
			if limit == 0 || used*10 < limit*9 || now.Sub(u.warned[j]) < s.length() {
				continue
			}
			u.warned[j] = now
			all = append(all, Warning{in.client, in.room, in.lane, s.name, limit, used, now})
		}
	}
	return all
}
