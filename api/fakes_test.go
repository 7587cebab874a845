package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/live"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
)

const (
	umid       = "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M"
	subscriber = "n3fXk0mZq9sV2hYt7LwB1cRjEuA"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// verifier takes the token for the client's name; "+" adds roles; "!" and a kind refuses.
type verifier struct{}

func (verifier) Verify(_ context.Context, token string) (oidc.Identity, error) {
	for _, kind := range oidc.Kinds() {
		if token == "!"+strings.ReplaceAll(string(kind), " ", "_") {
			return oidc.Identity{}, kind
		}
	}
	name, roles, _ := strings.Cut(token, "+")
	return oidc.Identity{Client: name, Roles: strings.Split(roles, "+")}, nil
}

// engine is everything below the API, in memory.
type engine struct {
	log       *memoryLog
	hub       *live.Hub
	mu        sync.Mutex
	published []publish.Request
	receipt   publish.Receipt
	err       error // what the next call below gives
	panics    bool
	hold      chan struct{} // a publish waits for it, or for its context
	rooms     map[rooms.Room]rooms.RoomConfig
	people    map[rooms.SubscriberID]rooms.Subscriber
	witness   rooms.Client // who has recorded their consent; "" is boss
	contacts  []rooms.Contact
	hooks     []registry.Webhook
	callbacks map[rooms.Client]registry.Callback
	signed    []rooms.Client
	messages  map[rooms.UMID]index.Summary
	late      map[rooms.UMID]index.Summary // folded by a Wait
	waits     int
	recorded  []audit.Entry
	noted     []audit.Entry
	auditErr  error
	blocked   []rooms.Blocked
	decided   map[rooms.UMID]rooms.Control
	resent    int
	swept     []control.Sweep
	dead      []index.DeadQuery
	senders   []rooms.Registration // in the order of their entries
	apiKeys   []rooms.APIKey       // likewise
	handed    []replies.Handed
	used      []rooms.QuotaUse
	use       rooms.ProviderUse
	tried     int
	policies  []rooms.PolicyRevision // in the order of their entries
	consumers map[rooms.ConsumerID]rooms.Consumer
	waiting   map[rooms.ConsumerID][]stream.Handout // to be handed out
	settled   []stream.Settlement
	pulling   chan struct{} // told of each pull that waits
	pulled    chan struct{} // and when it ends
}

func newEngine() *engine {
	l := newMemoryLog()
	e := &engine{
		log: l, hub: hubOn(l),
		receipt:   publish.Receipt{UMID: umid, Room: "newborn", ReceivedAt: noon()},
		rooms:     map[rooms.Room]rooms.RoomConfig{},
		callbacks: map[rooms.Client]registry.Callback{},
		people:    map[rooms.SubscriberID]rooms.Subscriber{},
		messages:  map[rooms.UMID]index.Summary{},
		late:      map[rooms.UMID]index.Summary{},
		decided:   map[rooms.UMID]rooms.Control{},

		consumers: map[rooms.ConsumerID]rooms.Consumer{},
		waiting:   map[rooms.ConsumerID][]stream.Handout{},
		pulling:   make(chan struct{}, 100),
		pulled:    make(chan struct{}, 100),
	}
	e.rooms["newborn"] = rooms.RoomConfig{
		Name: "newborn", Title: "Mothers", Admins: []rooms.Client{"boss"}, CreatedAt: noon(), Revision: 7,
		Publishers: []rooms.Publisher{{Client: "hosp-7", Direct: true}, {Client: "hosp-8"}}, Readers: []rooms.Client{"ear", "clinic-4", "clinic-5"},
	}
	e.senders = []rooms.Registration{{Client: "hosp-7", Organisation: "Ministry of Health", Email: []string{"noreply@health.example"}, SMS: []string{"HEALTH"}, Entry: 1}}
	e.use = rooms.UnmovedProvider(rooms.Email, "first").With(rooms.ProviderChange{State: rooms.ProviderRunning, Factor: 50, Reason: "12 of 100 calls failed", At: noon()})
	e.use.Entry, e.use.Changes = 7, []rooms.ProviderChange{{State: rooms.ProviderPinned, Factor: 80, By: "root", At: noon()}}
	e.hooks = []registry.Webhook{hookOf(hookID, "clinic-4", "https://app.example:8443/secret-path", 5)}
	ledger := rooms.Consumer{Created: noon(), Delivered: 9, Acked: 7, Pending: 3, AckPending: 2, Redelivered: 1}
	ledger.ID, ledger.Client, ledger.AckWait = clinicConsumer("ledger"), "clinic-4", 30*time.Second
	e.consumers[ledger.ID] = ledger
	e.rooms["taxes"] = rooms.RoomConfig{Name: "taxes", CreatedAt: noon(), Revision: 1}
	e.people[subscriber] = rooms.Subscriber{ID: subscriber, Room: "newborn", Channel: rooms.Email, Since: noon(), Sequence: 5}
	for i, state := range []rooms.PolicyState{rooms.PolicyPublished, rooms.PolicySubmitted, rooms.PolicyDraft, rooms.PolicyApproved} {
		one := rooms.PolicyRevision{Policy: standardRules(), State: state, Author: "boss", ChangedAt: noon(), Entry: uint64(i + 1)}
		one.Revision, one.Expiry = rooms.Revision{Name: "patient", Revision: i + 1}, time.Duration(i+1)*time.Hour
		e.policies = append(e.policies, one)
	}
	e.messages[umid] = index.Summary{
		Header: rooms.Header{
			UMID: umid, Room: "newborn", Type: "reminder", Lane: rooms.Normal, Direct: true, Publisher: "hosp-7",
			Policy: rooms.Revision{Name: "standard", Revision: 3}, ReceivedAt: noon(), ExpiresAt: noon().Add(24 * time.Hour),
		},
		Recipients: 2, Counts: index.Counts{Sent: 1, Delivered: 1}, FirstSentAt: noon().Add(time.Second),
	}
	return e
}

func (e *engine) Publish(ctx context.Context, r publish.Request) (publish.Receipt, error) {
	if e.panics {
		panic("secret inside")
	}
	if e.hold != nil {
		select {
		case <-e.hold:
		case <-ctx.Done():
			return publish.Receipt{}, ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.published = append(e.published, r)
	return e.receipt, e.err
}

func (e *engine) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.published)
}

type roomsFake struct{ *engine }

func (e roomsFake) Get(_ context.Context, name rooms.Room) (rooms.RoomConfig, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r, ok := e.rooms[name]
	if !ok {
		return r, registry.ErrUnknownRoom
	}
	return r, nil
}

func (e roomsFake) List(context.Context) (list []rooms.RoomConfig, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.rooms {
		list = append(list, r)
	}
	return list, e.err
}

func (e roomsFake) Create(_ context.Context, r rooms.RoomConfig) (rooms.RoomConfig, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.rooms[r.Name]; ok {
		return r, registry.ErrExists
	}
	r.CreatedAt, r.Revision = noon(), 1
	e.rooms[r.Name] = r
	return r, e.err
}

func (e roomsFake) Put(_ context.Context, r rooms.RoomConfig) (rooms.RoomConfig, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.rooms[r.Name].Revision != r.Revision {
		return rooms.RoomConfig{}, registry.ErrRevision
	}
	r.Revision++
	e.rooms[r.Name] = r
	return r, e.err
}

func (e roomsFake) Delete(_ context.Context, name rooms.Room) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.rooms, name)
	return e.err
}

type peopleFake struct{ *engine }

func (e peopleFake) Subscribe(_ context.Context, room rooms.Room, p rooms.Subscription) (rooms.Subscriber, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c, created := p.Contact, true
	if left := (rooms.Left{At: noon()}); c.Address.Same() == "left@example.com" && left.Binds(p) {
		return rooms.Subscriber{}, false, registry.ErrLeft
	}
	for _, known := range e.contacts {
		created = created && known.Address.Same() != c.Address.Same()
	}
	e.contacts = append(e.contacts, c)
	return rooms.Subscriber{ID: subscriber, Room: room, Channel: c.Channel, Since: noon()}, created, e.err
}

func (e peopleFake) SubscribeMany(ctx context.Context, room rooms.Room, list []rooms.Subscription) (sums registry.Sums, err error) {
	for _, c := range list {
		switch _, created, err := e.Subscribe(ctx, room, c); {
		case errors.Is(err, registry.ErrLeft):
			sums.Left++
		case created:
			sums.Added++
		default:
			sums.Existing++
		}
	}
	return sums, e.err
}

func (e peopleFake) List(_ context.Context, _ rooms.Room, after uint64, limit int) ([]rooms.Subscriber, uint64, error) {
	var list []rooms.Subscriber
	for i := range uint64(limit) {
		list = append(list, rooms.Subscriber{ID: subscriber, Channel: rooms.SMS, Since: noon(), Sequence: after + i + 1, Contact: []byte("sealed")})
	}
	if after > 0 {
		return list, 0, e.err
	}
	return list, after + uint64(limit), e.err
}

func (e peopleFake) Remove(_ context.Context, _ rooms.Room, id rooms.SubscriberID) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, ok := e.people[id]; !ok {
		return registry.ErrUnknownSubscriber
	}
	delete(e.people, id)
	return e.err
}

func (e peopleFake) RemoveAll(context.Context, rooms.Room) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.people)
	return e.err
}

func (e *engine) Message(u rooms.UMID) (index.Summary, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, ok := e.messages[u]
	if !ok {
		return m, index.ErrUnknown
	}
	return m, nil
}

func (e *engine) Messages(_ rooms.Room, _ string, limit int) (list []index.Summary, next string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.messages {
		list = append(list, m)
	}
	if limit == 1 {
		next = umid
	}
	return list, next, e.err
}

// Events knows the event 9.
func (e *engine) Events(_ context.Context, sequences []uint64) ([]rooms.Event, error) {
	events := make([]rooms.Event, len(sequences))
	for i, n := range sequences {
		if n == 9 {
			events[i] = rooms.Event{Kind: rooms.EventErrored, UMID: umid, N: 1, At: noon(), Attempt: 1, Channel: rooms.SMS, Provider: "relay", Reason: rooms.Rejected,
				Code: "550 5.7.1", Rule: rooms.RuleFallback, Next: rooms.Email, RetryAt: noon()}
		}
	}
	return events, e.err
}

// Dead has one that nobody knows of, and remembers what was asked for.
func (e *engine) Dead(q index.DeadQuery, cursor string, _ int) (list []index.Dead, next string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dead = append(e.dead, q)
	if cursor != "" {
		return nil, "", nil
	}
	return []index.Dead{{
		Header: rooms.Header{UMID: umid, Type: "reminder", Room: q.Room}, Resendable: true,
		Delivery: index.Delivery{N: 7, Entry: 9, Channel: rooms.SMS, State: rooms.State{Status: rooms.Errored, Reason: rooms.Unknown, Attempt: 2, At: noon()}},
	}}, umid + "-8", nil
}

func (e *engine) Deliveries(_ rooms.UMID, from, limit int) (list []index.Delivery, next int, err error) {
	next = -1
	for n := from; n < from+limit && n < 3; n++ {
		list = append(list, index.Delivery{
			N: n, Channel: rooms.SMS, QueuedAt: noon(),
			State: rooms.State{Status: rooms.Errored, Reason: rooms.Throttled, Attempt: 2, At: noon()},
		})
	}
	if from+limit < 3 {
		next = from + limit
	}
	return list, next, e.err
}

// Steps knows of the delivery 1 what the event 9 says, and of an event that is no longer kept.
func (e *engine) Steps(_ rooms.UMID, numbers ...int) (map[int][]uint64, error) {
	found := map[int][]uint64{}
	for _, n := range numbers {
		if n == 1 {
			found[n] = []uint64{3, 9}
		}
	}
	return found, e.err
}

func (e *engine) Wait(ctx context.Context) error {
	if e.hold != nil {
		<-ctx.Done()
		return ctx.Err()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.waits++
	for u, m := range e.late {
		e.messages[u] = m
	}
	return nil
}

func (e *engine) Record(_ context.Context, entries ...audit.Entry) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.recorded = append(e.recorded, entries...)
	return e.auditErr
}

func (e *engine) Note(entry audit.Entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.noted = append(e.noted, entry)
}

// blockedFake keeps out whom engine.blocked names.
type blockedFake struct{ *engine }

func (b blockedFake) Has(c rooms.Client) bool {
	return slices.ContainsFunc(b.List(), func(one rooms.Blocked) bool { return one.Client == c })
}

func (b blockedFake) List() []rooms.Blocked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.blocked)
}

func (b blockedFake) Block(_ context.Context, one rooms.Blocked) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocked = append(b.blocked, one)
	return nil
}

func (b blockedFake) Unblock(_ context.Context, c rooms.Client) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.blocked = slices.DeleteFunc(b.blocked, func(one rooms.Blocked) bool { return one.Client == c })
	return nil
}

func (e *engine) Connections(context.Context) ([]broker.Connection, error) {
	return []broker.Connection{{Node: "n1", ID: 7, Client: "clinic-4", Kind: "nats", Address: "203.0.113.7:51234", Since: noon(), Until: noon().Add(time.Hour)}}, nil
}

// Each has the contacts that were added.
func (e peopleFake) Each(ctx context.Context, _ rooms.Room, fn func(rooms.Channel, func() (rooms.Contact, error)) error) error {
	e.mu.Lock()
	all := slices.Clone(e.contacts)
	e.mu.Unlock()
	for _, c := range all {
		if err := fn(c.Channel, func() (rooms.Contact, error) { return c, ctx.Err() }); err != nil {
			return err
		}
	}
	return ctx.Err()
}
