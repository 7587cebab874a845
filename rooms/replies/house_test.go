package replies_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

const (
	aida  = "+996555000111"
	bakyt = "bakyt@example.com"
)

// house is a desk on a real log, with real subscribers, that knows the messages it is told of.
type house struct {
	t     *testing.T
	log   *stream.Log
	subs  *registry.Subscribers
	stops *registry.Suppressions
	desk  *replies.Desk
	shelf *replies.Shelf

	now      time.Time
	rooms    []rooms.RoomConfig
	messages map[rooms.UMID]rooms.Header
	sent     []sentTo
	window   time.Duration
	answers  []string
	told     []rooms.Reply
	asked    []string
	codes    map[string]string // by room and contact

	confirmed []string
	tried     []string // codes, as they were shown
	noted     []string
	failing   error // of telling publishers, once
}

type sentTo struct {
	room rooms.Room
	to   string
	replies.Sent
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), messages: map[rooms.UMID]rooms.Header{}}
	s, err := broker.Start(t.Context(), broker.Options{Store: filepath.Join(t.TempDir(), "store"), Node: "test", Encryption: "off"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if h.log, err = stream.Open(t.Context(), s, s.Manifest(), stream.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.log.Close)
	keys := filepath.Join(t.TempDir(), "keys.json")
	if err := vault.Create(keys); err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), vault.Options{KeysFile: keys})
	if err != nil {
		t.Fatal(err)
	}
	quiet, clock := slog.New(slog.DiscardHandler), func() time.Time { return h.now }
	h.subs = registry.NewSubscribers(h.log, v)
	h.subs.Departures = registry.NewDepartures(h.log, clock, quiet)
	h.stops = registry.NewSuppressions(h.log, v, registry.SuppressionOptions{}, clock, quiet)
	h.desk = &replies.Desk{
		Options: replies.Options{Stop: []string{"Genug jetzt"}}.WithDefaults(), Store: h.log, Vault: v, Rooms: h, Messages: h, People: h, Courier: h, Publishers: h,
		Noted: func(what string, room rooms.Room, u rooms.UMID) {
			h.noted = append(h.noted, fmt.Sprintf("%s %s %s", what, room, u))
		},
		Metrics: metrics.NewSet(), Log: quiet, Now: clock,
	}
	h.shelf = &replies.Shelf{Store: h.log, Vault: v, Messages: h, Publishers: h, Log: quiet}
	return h
}

func (h *house) room(name rooms.Room, i rooms.Inbox) *rooms.RoomConfig {
	h.rooms = append(h.rooms, rooms.RoomConfig{Name: name, Title: "The " + string(name), Inbox: i, CreatedAt: h.now.Add(-time.Hour)})
	return &h.rooms[len(h.rooms)-1]
}

// send has a message of a room have reached somebody some time ago, and gives its UMID.
func (h *house) send(room rooms.Room, to string, ago time.Duration) rooms.UMID {
	u := rooms.UMID(fmt.Sprintf("01KAMV%020d", len(h.messages)))
	h.messages[u] = rooms.Header{UMID: u, Room: room, Publisher: "hosp-7", ReceivedAt: h.now}
	h.sent = append(h.sent, sentTo{room, to, replies.Sent{DeliveryID: rooms.DeliveryID{UMID: u, N: 2}, At: h.now.Add(-ago)}})
	return u
}

func (h *house) List(context.Context) ([]rooms.RoomConfig, error) { return h.rooms, nil }

func (h *house) Message(_ context.Context, u rooms.UMID) (rooms.Header, bool, error) {
	m, ok := h.messages[u]
	return m, ok, nil
}

func (h *house) Latest(_ context.Context, in []rooms.Room, e rooms.Endpoint) (found []replies.Sent, err error) {
	for _, s := range h.sent {
		if slices.Contains(in, s.room) && s.to == e.Address.Same() {
			found = append(found, s.Sent)
		}
	}
	slices.SortFunc(found, func(a, b replies.Sent) int { return b.At.Compare(a.At) })
	return found, nil
}

func (h *house) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{PolicyRules: rooms.PolicyRules{Replies: rooms.Replies{Window: h.window}}}, nil
}

func (h *house) Recipient(_ context.Context, id rooms.DeliveryID) (ids []rooms.SubscriberID, err error) {
	for _, s := range h.sent {
		if s.DeliveryID == id {
			if s.Owner != "" {
				ids = append(ids, s.Owner)
			}
			e := h.hear("", s.to, "", "")
			ids = append(ids, h.subs.ID(s.room, rooms.Contact{Channel: e.Channel, Address: e.From}))
		}
	}
	return ids, nil
}

func (h *house) Reached(ctx context.Context, room rooms.Room, c rooms.Channel, ids []rooms.SubscriberID) (rooms.Endpoint, error) {
	for _, id := range ids {
		if _, p, err := h.subs.Get(ctx, room, id); !errors.Is(err, registry.ErrUnknownSubscriber) {
			return p.Contact.At(c), err
		}
	}
	return rooms.Endpoint{}, replies.ErrNobody
}

func (h *house) Leave(ctx context.Context, room rooms.Room, e rooms.Endpoint, owners ...rooms.SubscriberID) error {
	err := h.subs.Leave(ctx, room, e, owners...)
	if errors.Is(err, registry.ErrUnknownSubscriber) {
		return replies.ErrNobody
	}
	return err
}

func (h *house) Stop(ctx context.Context, room rooms.Room, e rooms.Endpoint, cause string) error {
	return h.stops.Stop(ctx, room, e, cause)
}

func (h *house) Complained(ctx context.Context, e rooms.Endpoint, cause string) error {
	return h.stops.Complained(ctx, e, cause)
}

func (h *house) Ask(_ context.Context, room rooms.RoomConfig, e rooms.Endpoint) error {
	h.asked = append(h.asked, string(room.Name)+" "+e.Address.Reveal())
	return nil
}

func (h *house) Confirm(_ context.Context, among []rooms.Room, e rooms.Endpoint, code string) (rooms.Room, error) {
	h.tried = append(h.tried, code)
	for _, room := range among {
		if h.codes[string(room)+" "+e.Address.Reveal()] == code {
			h.confirmed = append(h.confirmed, string(room))
			return room, nil
		}
	}
	return "", replies.ErrNobody
}

func (h *house) Wrote(ctx context.Context, e rooms.Endpoint) error { return h.stops.Exists(ctx, e) }

func (h *house) Answer(_ context.Context, a replies.Answer) error {
	h.answers = append(h.answers, a.To.Address.Reveal()+" "+a.Text(""))
	return nil
}

func (h *house) Replied(_ context.Context, r rooms.Reply) error {
	err := h.failing
	if h.failing = nil; err == nil {
		h.told = append(h.told, r)
	}
	return err
}

// hear makes something that somebody has written.
func (h *house) hear(id, from, to, text string) rooms.Inbound {
	h.t.Helper()
	in := rooms.Inbound{ID: id, Kind: rooms.InboundReply, Channel: rooms.SMS, Provider: "test", Text: rooms.NewBody(text), At: h.now}
	if strings.Contains(from, "@") {
		in.Channel = rooms.Email
	}
	var err error
	if in.From, err = rooms.ParseAddress(in.Channel, from); err != nil {
		h.t.Fatal(err)
	}
	if to != "" {
		if in.To, err = rooms.ParseOwnAddress(to); err != nil {
			h.t.Fatal(err)
		}
	}
	return in
}

func (h *house) take(in rooms.Inbound) {
	h.t.Helper()
	if err := h.desk.Take(h.t.Context(), in); err != nil {
		h.t.Fatal(err)
	}
}

// kept says what lies where, each as "room umid text", in order.
func (h *house) kept() (all []string) {
	h.t.Helper()
	for _, room := range append([]rooms.RoomConfig{{}}, h.rooms...) {
		page, _, err := h.shelf.List(h.t.Context(), replies.Reader{Room: room.Name, All: true}, 0, 100)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, one := range page {
			all = append(all, fmt.Sprintf("%s|%s|%s|%s", one.Room, one.UMID, one.Kind, one.Text.Reveal()))
		}
	}
	return all
}

func (h *house) expect(want ...string) {
	h.t.Helper()
	if got := h.kept(); !slices.Equal(got, want) {
		h.t.Errorf("kept %q, want %q", got, want)
	}
}

func (h *house) subscribe(room rooms.Room, contacts ...string) rooms.SubscriberID {
	h.t.Helper()
	var c rooms.Contact
	for i, text := range contacts {
		e := rooms.Endpoint{Channel: rooms.SMS}
		if strings.Contains(text, "@") {
			e.Channel = rooms.Email
		}
		var err error
		if e.Address, err = rooms.ParseAddress(e.Channel, text); err != nil {
			h.t.Fatal(err)
		}
		if i == 0 {
			c.Channel, c.Address = e.Channel, e.Address
		} else {
			c.Others = append(c.Others, e)
		}
	}
	sub, _, err := h.subs.Subscribe(h.t.Context(), room, rooms.Subscription{Contact: c, Again: true})
	if err != nil {
		h.t.Fatal(err)
	}
	return sub.ID
}

// members is how many subscribers a room has.
func (h *house) members(room rooms.Room) int {
	h.t.Helper()
	all, err := h.log.Subscribers(h.t.Context(), room, 1, 100)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}
