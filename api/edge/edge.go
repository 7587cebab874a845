// Package edge lets NATS clients of others in, with the same identity and the same rights as over
// HTTP.
//
// It promises that a client is who its access token says, for as long as that is good; that it can
// hear live what is published to all subscribers of rooms that it may read, and nothing else; that
// it can fetch from durable consumers that are its own, and no other; and that it can publish into
// rooms where it may, and read the replies there, through services that answer as the HTTP API does. Whoever loses a right
// that he was let in with is disconnected within seconds; who gains one connects anew.
package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

// ErrNoRights refuses a client that may neither read nor publish anywhere.
var ErrNoRights = errors.New("edge: the client may neither read nor publish in any room")

// ErrBlocked refuses a client that is kept out, and one that has the gateway's own name.
var ErrBlocked = errors.New("edge: the client is blocked")

// Bearer is who sent a token.
type Bearer struct {
	Client  string
	Subject string
	Until   time.Time // the end of the token
}

// Verifier tells who sent a token.
type Verifier interface {
	Bearer(ctx context.Context, token string) (Bearer, error)
}

// Rooms lists the rooms.
type Rooms interface {
	List(ctx context.Context) ([]rooms.RoomConfig, error)
}

// Consumers lists the durable consumers of a client, by the names that JetStream knows them under.
type Consumers interface {
	Owned(ctx context.Context, client rooms.Client) (map[rooms.Room][]string, error)
}

// Blocked knows the clients that are kept out.
type Blocked interface {
	Has(c rooms.Client) bool
}

// Gatekeeper decides who comes in.
type Gatekeeper struct {
	Verifier  Verifier
	Rooms     Rooms
	Consumers Consumers
	Blocked   Blocked

	mu   sync.Mutex
	seen glance
}

var _ broker.Gatekeeper = (*Gatekeeper)(nil)

// Admit says what the bearer of a token may do.
func (g *Gatekeeper) Admit(ctx context.Context, token string) (broker.Guest, error) {
	bearer, err := g.Verifier.Bearer(ctx, token)
	if err != nil {
		return broker.Guest{}, err
	}
	client, err := rooms.ParseClient(bearer.Client)
	if err != nil {
		return broker.Guest{}, fmt.Errorf("edge: %w", err)
	}
	if client == rooms.Gateway || g.Blocked.Has(client) {
		return broker.Guest{}, ErrBlocked
	}
	guest, err := g.rights(ctx, client)
	if err != nil {
		return broker.Guest{}, err
	}
	if len(guest.Hear)+len(guest.Call) == 0 {
		return broker.Guest{}, ErrNoRights
	}
	guest.Client, guest.Subject, guest.Until = bearer.Client, bearer.Subject, bearer.Until
	return guest, nil
}

// Keep says whether a guest may still do what he was let in for. A consumer that was removed is no
// reason to send him away: there is nothing left to call.
func (g *Gatekeeper) Keep(ctx context.Context, guest broker.Guest) bool {
	if g.Blocked.Has(rooms.Client(guest.Client)) {
		return false
	}
	now, err := g.glance(ctx, rooms.Client(guest.Client))
	if err != nil {
		return true // this is asked again soon
	}
	guest.Call = slices.DeleteFunc(slices.Clone(guest.Call), func(c broker.Call) bool { return !strings.HasPrefix(c.From, "crier.") })
	return now.Covers(guest)
}

// rights are what a client may do now.
func (g *Gatekeeper) rights(ctx context.Context, client rooms.Client) (guest broker.Guest, err error) {
	all, err := g.Rooms.List(ctx)
	if err != nil {
		return guest, errors.Join(broker.ErrLater, err)
	}
	guest, readable := rightsIn(all, client)
	if len(readable) > 0 {
		if err := g.addConsumers(ctx, client, readable, &guest); err != nil {
			return guest, err
		}
	}
	if len(guest.Call) > 0 {
		guest.Call = append(guest.Call, discovery()...)
	}
	return guest, nil
}

// rightsIn are those that rooms give to a client, and which of them it may read.
func rightsIn(all []rooms.RoomConfig, client rooms.Client) (guest broker.Guest, readable map[rooms.Room]bool) {
	readable = map[rooms.Room]bool{}
	for _, r := range all {
		if r.MayRead(client) {
			readable[r.Name] = true
			guest.Hear = append(guest.Hear, rooms.LiveSubjects(r.Name))
		}
		if may, _ := r.MayPublish(client); may {
			guest.Call = append(guest.Call, broker.Call{From: rooms.PublishSubject(r.Name), To: rooms.PublishedBy(client, r.Name)},
				broker.Call{From: rooms.RepliesSubject(r.Name), To: rooms.RepliesAskedBy(client, r.Name)})
		}
	}
	return guest, readable
}

// glanceTime is how long what was seen of the rooms serves to look after those who are in.
const glanceTime = 500 * time.Millisecond

// glance is what was seen of the rooms, and what follows for clients.
type glance struct {
	at     time.Time
	rooms  []rooms.RoomConfig
	rights map[rooms.Client]broker.Guest
}

// glance gives the rights of a client in rooms, as of a moment ago: many guests are looked after at once.
func (g *Gatekeeper) glance(ctx context.Context, client rooms.Client) (broker.Guest, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.seen.at) > glanceTime {
		all, err := g.Rooms.List(ctx)
		if err != nil {
			return broker.Guest{}, err
		}
		g.seen = glance{time.Now(), all, map[rooms.Client]broker.Guest{}}
	}
	known, ok := g.seen.rights[client]
	if !ok {
		known, _ = rightsIn(g.seen.rooms, client)
		g.seen.rights[client] = known
	}
	return known, nil
}

func (g *Gatekeeper) addConsumers(ctx context.Context, client rooms.Client, readable map[rooms.Room]bool, guest *broker.Guest) error {
	owned, err := g.Consumers.Owned(ctx, client)
	if err != nil {
		return errors.Join(broker.ErrLater, err)
	}
	for room, names := range owned {
		if !readable[room] {
			continue
		}
		for _, name := range names {
			for from, to := range rooms.ConsumerCalls(name) {
				guest.Call = append(guest.Call, broker.Call{From: from, To: to})
			}
		}
	}
	return nil
}

func same(subject string) broker.Call { return broker.Call{From: subject, To: subject} }

// discoveryTime is how long nodes may take to say which services they have.
const discoveryTime = 5 * time.Second

// discovery is how services are found and their statistics read (NATS ADR-32).
func discovery() []broker.Call {
	var calls []broker.Call
	for _, verb := range []string{"PING", "INFO", "STATS"} {
		calls = append(calls, same("$SRV."+verb), same("$SRV."+verb+".>"))
	}
	return calls
}

// Exports are what guests can be given at all.
func Exports() []broker.Export {
	return []broker.Export{
		{Subject: rooms.LiveFilter},
		{Subject: rooms.PublishFilter, Service: true},
		{Subject: rooms.RepliesFilter, Service: true},
		{Subject: rooms.ConsumerInfoFilter, Service: true},
		{Subject: rooms.ConsumerNextFilter, Service: true, Answers: true},
		{Subject: rooms.AckFilter, Service: true},
		{Subject: "$SRV.>", Service: true, Answers: true, Within: discoveryTime},
	}
}
