package mailbox_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// The whole way: a delivery goes out with a token, and what comes back with it ends in the log.
func TestFromBounceToEvent(t *testing.T) {
	n := startNode(t)
	l, address := n.listen(t)
	ended := n.bridge(t, l)
	tokens := n.sent.wait(t, 3)

	c := client(t, address)
	answered := func(mail string, number int) {
		raw := []byte(strings.ReplaceAll(string(sample(t, mail)), token, tokens[number]))
		from, local := "", "bounces"
		if strings.HasPrefix(mail, "reply") {
			from, local = person, "reply"
		}
		eventually(t, func() string { return wantCode("250", bring(t, c, from, raw, local+"+"+tokens[number]+"@crier.test")) })
	}
	answered("bounce-postfix", 0)
	answered("bounce-postfix", 0) // again
	answered("delayed-postfix", 1)
	answered("delivered", 1)
	answered("reply-below", 2)
	for number, want := range []string{"sent 1, failed 1 no-mailbox 550 5.1.1", "sent 1, delivered 1 2.0.0", "sent 1"} {
		eventually(t, func() string {
			if got := n.of(number); got != want {
				return fmt.Sprintf("delivery %d: %q, want %q", number, got, want)
			}
			return ""
		})
	}
	if got := n.heard.words(); got != "reply 2.1 to reply@crier.test: Wednesday, please." {
		t.Errorf("heard %q", got)
	}
	ended()
	if got := bring(t, c, "", sample(t, "bounce-postfix"), "bounces+"+tokens[0]+"@crier.test"); got != "451 4.3.0" {
		t.Errorf("the bridge is down, and the answer %s", got)
	}
	if logged := n.logged.String(); strings.Contains(logged, "people.test") || strings.Contains(logged, "Wednesday") {
		t.Errorf("contact or content in the log:\n%s", logged)
	}
}

// node is one without API and planner.
type node struct {
	log    *stream.Log
	vault  *vault.Vault
	umid   rooms.UMID
	logged syncBuffer
	sent   sent
	heard  heard

	mu     sync.Mutex
	events map[int][]rooms.Event
}

func startNode(t *testing.T) *node {
	t.Helper()
	keys, err := vault.Generate()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{umid: "01JDB6T0G00000000000000001", events: map[int][]rooms.Event{}}
	if n.vault, err = vault.Open(t.Context(), vault.Options{Keys: string(keys)}); err != nil {
		t.Fatal(err)
	}
	server := brokertest.Start(t)
	if n.log, err = stream.Open(t.Context(), server, server.Manifest(), stream.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.log.Close)
	go func() {
		_ = n.log.TailEvents(t.Context(), 0, func(events []rooms.Event) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, e := range events {
				n.events[e.N] = append(n.events[e.N], e)
			}
			return nil
		})
	}()
	n.publish(t, 3)
	return n
}

// publish stores a message for so many people, and their jobs.
func (n *node) publish(t *testing.T, people int) {
	t.Helper()
	now := time.Now().UTC()
	m := rooms.Message{Header: rooms.Header{
		UMID: n.umid, Room: "newborn", Type: "reminder", Lane: rooms.Normal, Publisher: "hosp-7", TxID: "tx", ReceivedAt: now, ExpiresAt: now.Add(time.Hour),
	}, Payload: []byte(`{"subject":"s","text":"t"}`)}
	sequence, _, err := n.log.Append(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	jobs := stream.PageJobs{UMID: n.umid}
	for i := range people {
		to, err := rooms.ParseEmail(person)
		if err != nil {
			t.Fatal(err)
		}
		owner := fmt.Sprintf("%s.%d", n.umid, i)
		sealed, err := n.vault.Seal(rooms.Contact{Channel: rooms.Email, Address: to}.Encode(), "contact", "newborn", owner)
		if err != nil {
			t.Fatal(err)
		}
		jobs.Jobs = append(jobs.Jobs, rooms.Job{
			UMID: n.umid, N: i, Room: "newborn", Sequence: sequence, Lane: rooms.Normal, Channel: rooms.Email, Owner: owner, Attempt: 1,
			Contact: sealed, Deadline: now.Add(time.Minute),
		})
	}
	if err := n.log.Enqueue(t.Context(), rooms.Normal, []stream.PageJobs{jobs}); err != nil {
		t.Fatal(err)
	}
}

func (n *node) listen(t *testing.T) (*mailbox.Listener, string) {
	d := newDesk(t)
	l, address := serverWith(t, mailbox.Options{Kind: mailbox.KindSMTP}, mailbox.Deps{
		Open: registry.Tokens{Vault: n.vault}.Open, Logger: logger(&n.logged), Metrics: d.metrics,
		Resolve: func(_ context.Context, id rooms.DeliveryID) (mailbox.Standing, error) {
			if id.UMID != n.umid {
				return mailbox.Standing{}, mailbox.ErrUnknown
			}
			return mailbox.Standing{Room: "newborn", Recipients: 3, Attempt: 1}, nil
		},
	})
	return l, address
}

// bridge runs one until ended is called.
func (n *node) bridge(t *testing.T, l *mailbox.Listener) (ended func()) {
	b := channels.New(channels.Options{}, channels.Deps{
		Log: n.log, Members: everybody{}, History: n, Policies: policies{}, Vault: n.vault, Logger: logger(&n.logged),
		Providers: map[rooms.Channel][]channels.Configured{rooms.Email: {{Named: channels.Named{Name: "test", Provider: &n.sent}}}},
		Token:     registry.Tokens{Vault: n.vault}.Sign,
		Listeners: []channels.Listener{{Name: mailbox.Name, Channel: rooms.Email, Source: l}},
		Inbound:   n.heard.keep,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	ended = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(ended)
	return ended
}

func (n *node) of(number int) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var words []string
	for _, e := range n.events[number] {
		words = append(words, strings.Join(strings.Fields(fmt.Sprintf("%s %d %s %s", e.Kind, e.Attempt, e.Reason, e.Code)), " "))
	}
	return strings.Join(words, ", ")
}

// State folds what is known; nothing here is asked before it is.
func (n *node) State(_ context.Context, id rooms.DeliveryID) (s rooms.State, _ error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.events[id.N] {
		s = s.Join(e.State())
	}
	return s, nil
}

func (n *node) Settled(ctx context.Context, id rooms.DeliveryID, round, attempt int) (bool, error) {
	s, err := n.State(ctx, id)
	return channels.Needless(s, round, attempt), err
}

// sent is a provider that keeps the tokens.
type sent struct {
	mu     sync.Mutex
	tokens map[int]string
}

func (s *sent) Send(_ context.Context, d rooms.Delivery) channels.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[int]string{}
	}
	s.tokens[d.ID.N] = d.Token
	return channels.Outcome{Result: channels.Sent}
}

func (s *sent) wait(t *testing.T, n int) map[int]string {
	t.Helper()
	var all map[int]string
	eventually(t, func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		if all = s.tokens; len(all) < n {
			return fmt.Sprintf("%d sent, want %d", len(all), n)
		}
		return ""
	})
	return all
}

// heard is what people have written.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) keep(_ context.Context, in rooms.Inbound) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf("%s %d.%d to %s: %s", in.Kind, in.Answers.N, in.Answers.Attempt, in.To.Reveal(), in.Text.Reveal()))
	return nil
}

func (h *heard) words() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.all, "; ")
}

type everybody struct{}

func (everybody) Subscribed(_ context.Context, _ rooms.Room, _ rooms.SubscriberID, c rooms.Contact) (rooms.Contact, bool, error) {
	return c, true, nil
}

type policies struct{}

func (policies) Policy(context.Context, rooms.Revision) (rooms.Policy, error) {
	return rooms.Policy{}, nil
}
