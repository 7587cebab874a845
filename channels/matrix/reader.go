package matrix

import (
	"context"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// reader reads /sync for all nodes.
type reader struct {
	*Provider
	turn   sync.Mutex // of who reads
	filter string
	read   map[string]string // by room: our newest event of which it is known that somebody has read it
	others map[string]string // by room: who is there alone with us; "": nobody or several
	told   map[string]bool   // rooms in which it was said that encryption is not understood
	kept   string            // the position that the homeserver keeps
	keptAt time.Time

	invitations chan invitation // that wait to be accepted
}

// The pauses of the reader.
const (
	readSoon = 200 * time.Millisecond // after a failure, doubled
	readMost = 30 * time.Second
	readIdle = time.Second      // at least, between two readings that bring nothing
	keepIdle = 10 * time.Minute // after which a position is kept that nothing was read for
)

const (
	timelineLimit = 20  // events of a room that a reading brings; others are fetched
	maxRemembered = 1e5 // rooms of which something is known in memory
	positionType  = "org.crier.sync"
)

func newReader(p *Provider) *reader {
	return &reader{
		Provider: p, filter: syncFilter(p.options),
		read: map[string]string{}, others: map[string]string{}, told: map[string]bool{},
		invitations: make(chan invitation, maxInvitations),
	}
}

// OneReader says that one reads for all: the homeserver keeps one position.
func (p *Provider) OneReader() {}

// Inbound has fn hear what people write, as long as somebody hears the receipts.
func (p *Provider) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	defer p.texts.Begin(fn)()
	<-ctx.Done()
	return ctx.Err()
}

// Receipts reads what happens in our rooms until ctx ends. What cannot be made durable is read again.
func (p *Provider) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	defer p.receipts.Begin(fn)()
	p.reader.run(ctx)
	return ctx.Err()
}

// run begins where the homeserver has kept that it was ended, and goes on, with growing pauses while it fails.
func (r *reader) run(ctx context.Context) {
	r.turn.Lock()
	defer r.turn.Unlock()
	var accepting sync.WaitGroup
	defer accepting.Wait()
	for range acceptors {
		accepting.Go(func() { r.acceptAll(ctx) })
	}
	since, known := "", false
	for wait := readSoon; ctx.Err() == nil; {
		began := time.Now()
		var err error
		if !known {
			since, err = r.position(ctx)
			known = err == nil
		}
		var next page
		if err == nil {
			next, err = r.sync(ctx, since)
		}
		if err == nil {
			err = r.take(ctx, next, since)
		}
		if err == nil {
			err = r.keep(ctx, next)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.deps.Log.Warn("what happens in the rooms of Matrix is not read; this is tried again", "wait", wait, "error", err)
			sleep(ctx, wait)
			wait = min(2*wait, readMost)
			continue
		}
		first := since == ""
		since, wait = next.NextBatch, readSoon
		if next.isEmpty() && !first {
			sleep(ctx, readIdle-time.Since(began))
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// sync reads what has happened since a position. The first reading of all, which has none, does not wait.
func (r *reader) sync(ctx context.Context, since string) (p page, err error) {
	q := url.Values{"filter": {r.filter}}
	if since != "" {
		q.Set("since", since)
		q.Set("timeout", strconv.FormatInt(r.options.Poll.Milliseconds(), 10))
	}
	err = r.client.do(ctx, request{method: "GET", path: "/sync", query: q, timeout: r.options.Poll + r.options.Timeout}, &p)
	if err == nil && p.NextBatch == "" {
		err = &fault{status: 200, code: "answer"}
	}
	return p, err
}

// position is where reading goes on; "" if it begins.
func (r *reader) position(ctx context.Context) (string, error) {
	var kept struct {
		NextBatch string `json:"next_batch"`
	}
	err := r.client.do(ctx, request{method: "GET", path: r.positionPath()}, &kept)
	if is(err, codeNotFound) {
		return "", nil
	}
	r.kept = kept.NextBatch
	return kept.NextBatch, err
}

func (r *reader) positionPath() string {
	return at("user", r.options.UserID, "account_data", positionType)
}

// keep has the homeserver keep a position once all before it is durable. Where nothing has happened it can wait: to keep it
// may be something that happens.
func (r *reader) keep(ctx context.Context, p page) error {
	if p.isEmpty() && r.kept != "" && r.deps.Now().Sub(r.keptAt) < keepIdle || r.kept == p.NextBatch {
		return nil
	}
	err := r.client.do(ctx, request{method: "PUT", path: r.positionPath(), body: map[string]string{"next_batch": p.NextBatch}}, nil)
	if err == nil {
		r.kept, r.keptAt = p.NextBatch, r.deps.Now()
	}
	return err
}

// take makes durable what a reading has brought; invitations are nothing that it waits for. In the first of all nobody has written anything to us yet.
func (r *reader) take(ctx context.Context, p page, since string) error {
	for room, j := range p.Rooms.Join {
		if err := r.room(ctx, room, j, since); err != nil {
			return err
		}
	}
	for room, j := range p.Rooms.Leave {
		for _, e := range j.Timeline.Events {
			if err := r.putOut(ctx, room, e, since); err != nil {
				return err
			}
		}
	}
	r.invite(p.Rooms.Invite)
	return nil
}

// room takes what has happened in a room.
func (r *reader) room(ctx context.Context, room string, j joined, since string) error {
	if since != "" {
		all, err := r.whole(ctx, room, j.Timeline, since)
		if err != nil {
			return err
		}
		for _, e := range all {
			if err := r.event(ctx, room, e); err != nil {
				return err
			}
		}
	}
	for _, e := range j.Ephemeral.Events {
		for _, read := range readings(e, r.options.UserID, r.deps.Now()) {
			if err := r.readUpTo(ctx, room, read); err != nil {
				return err
			}
		}
	}
	return nil
}

// event takes one of a room.
func (r *reader) event(ctx context.Context, room string, e event) error {
	if e.Type == typeMember {
		delete(r.others, room)
	}
	switch {
	case e.Sender == r.options.UserID:
		return nil
	case e.Type == typeMessage:
		return r.written(ctx, room, e)
	case e.Type == typeEncrypted:
		return r.encrypted(ctx, room, e)
	case e.Type == typeMember:
		return r.left(ctx, room, e)
	}
	return nil
}

// skips says whether a failure is of one thing that there will never be, and logs it; the rest must go on.
func (r *reader) skips(what string, err error) bool {
	if err == nil || passing(err) {
		return false
	}
	r.deps.Log.Info("skipped in a room of Matrix", "what", what, "error", err)
	return true
}
