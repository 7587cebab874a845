package sandbox

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

var _ channels.Inbox = (*Sandbox)(nil)

// inbox hands what is written on the page to whoever listens.
type inbox struct{ waiting chan posted }

func newInbox() *inbox { return &inbox{make(chan posted)} }

// posted is something written, and where it is told what became of it.
type posted struct {
	rooms.Inbound
	taken chan error
}

const (
	maxPosted    = 64 << 10
	postPatience = 20 * time.Second
)

// Inbound offers what is written with POST, each to one of its callers.
func (s *Sandbox) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	for {
		select {
		case p := <-s.inbox.waiting:
			p.taken <- fn(ctx, p.Inbound)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// written is what a person writes: from a contact to an address or number, or as the answer to a delivery that was shown.
type written struct {
	From    string            `json:"from"`
	To      string            `json:"to"`
	Subject string            `json:"subject"`
	Text    string            `json:"text"`
	Kind    rooms.InboundKind `json:"kind"` // reply, if it is empty
	ID      string            `json:"id"`   // what it is called, if it is to come twice
	UMID    rooms.UMID        `json:"umid"` // answers this message
	N       int               `json:"n"`    // as that recipient
}

// hear takes a POST of JSON, and answers when what was written is durable.
func (s *Sandbox) hear(w http.ResponseWriter, r *http.Request) {
	var one written
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if kind != "application/json" || json.UnmarshalRead(http.MaxBytesReader(w, r.Body, maxPosted), &one) != nil {
		http.Error(w, `JSON such as {"from":"+996555000111","text":"STOP"} is needed, as application/json`, http.StatusBadRequest)
		return
	}
	in, err := s.inbound(one)
	if err != nil {
		http.Error(w, "from, and to if it is there, are e-mail addresses or numbers such as +996555000111", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), postPatience)
	defer cancel()
	p := posted{in, make(chan error, 1)}
	select {
	case s.inbox.waiting <- p:
		select {
		case err = <-p.taken:
		case <-ctx.Done():
			err = ctx.Err()
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		http.Error(w, "it was not taken; write it again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// inbound is what was written as a provider would have heard it.
func (s *Sandbox) inbound(one written) (in rooms.Inbound, err error) {
	in = rooms.Inbound{ID: one.ID, Kind: rooms.InboundReply, Channel: rooms.SMS, Provider: "sandbox", Subject: rooms.NewBody(one.Subject), Text: rooms.NewBody(one.Text), At: s.options.Now().UTC()}
	if strings.Contains(one.From, "@") {
		in.Channel = rooms.Email
	}
	if in.ID == "" {
		in.ID = rand.Text()
	}
	if one.Kind != "" {
		in.Kind = one.Kind
	}
	if in.From, err = rooms.ParseAddress(in.Channel, one.From); err != nil {
		return in, err
	}
	if one.To != "" {
		if in.To, err = rooms.ParseOwnAddress(one.To); err != nil {
			return in, err
		}
	}
	items, _ := s.outbox.latest(s.options.Keep)
	i := slices.IndexFunc(items, func(it item) bool { return it.UMID == one.UMID && it.N == one.N })
	if one.UMID != "" && i >= 0 {
		in.Answers = rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: one.UMID, N: one.N}, Attempt: items[i].Attempt}
	}
	return in, nil
}
