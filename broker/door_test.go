package broker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
)

const patience = 2 * time.Minute

// hosts is a gatekeeper with a list of guests, by their tokens.
type hosts struct {
	mu     sync.Mutex
	guests map[string]broker.Guest
}

func (h *hosts) Admit(_ context.Context, token string) (broker.Guest, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g, ok := h.guests[token]
	if !ok {
		return g, errors.New("nobody knows that token")
	}
	if g.Until.IsZero() {
		g.Until = time.Now().Add(time.Hour)
	}
	g.Client = token
	return g, nil
}

func (h *hosts) Keep(_ context.Context, g broker.Guest) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, ok := h.guests[g.Client]
	return ok && now.Covers(g)
}

func (h *hosts) dismiss(token string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.guests, token)
}

func call(subjects ...string) []broker.Call {
	var calls []broker.Call
	for _, s := range subjects {
		calls = append(calls, broker.Call{From: s, To: s})
	}
	return calls
}

// say is the call of the service of an inn for a room, under the name of who calls.
func say(client, room string) broker.Call {
	return broker.Call{From: "say." + room, To: "from." + client + "." + room}
}

// consumerCalls are those of a consumer of the stream R.
func consumerCalls(name string) []broker.Call {
	return append(call("$JS.ACK.R."+name+".>"),
		broker.Call{From: "JS.x.API.CONSUMER.INFO.R." + name, To: "$JS.API.CONSUMER.INFO.R." + name},
		broker.Call{From: "JS.x.API.CONSUMER.MSG.NEXT.R." + name, To: "$JS.API.CONSUMER.MSG.NEXT.R." + name})
}

func exports() []broker.Export {
	return []broker.Export{
		{Subject: "live.>"},
		{Subject: "from.*.*", Service: true},
		{Subject: "$JS.API.CONSUMER.INFO.R.*", Service: true},
		{Subject: "$JS.API.CONSUMER.MSG.NEXT.R.*", Service: true, Answers: true},
		{Subject: "$JS.ACK.R.*.>", Service: true},
		{Subject: "$SRV.>", Service: true, Answers: true},
	}
}

// inn is a server with an open door, and a stream R with rooms a and b: live.<room> is what is
// published to room.<room>.
type inn struct {
	*testing.T
	server *broker.Server
	hosts  *hosts
	js     jetstream.JetStream
	asked  chan broker.Question // by guests, of the service say
}

func openInn(t *testing.T) *inn {
	t.Helper()
	o := broker.Options{
		Store: filepath.Join(t.TempDir(), "store"), Node: "test", Key: brokertest.Key,
		NATS: broker.NATSOptions{Listen: "127.0.0.1:0", WebSocket: "127.0.0.1:0", Insecure: true, MaxPending: 1 << 20, MaxSubscriptions: 20},
	}
	s, err := broker.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	h := &inn{T: t, server: s, asked: make(chan broker.Question, 100), hosts: &hosts{guests: map[string]broker.Guest{
		"a":    {Hear: []string{"live.a"}, Call: slices.Concat([]broker.Call{say("a", "a")}, call("$SRV.PING"), consumerCalls("ca"), consumerCalls("ca2"))},
		"b":    {Hear: []string{"live.b"}, Call: append(consumerCalls("cb"), say("b", "b"))},
		"ears": {Hear: []string{"live.a"}},
		"more": {Hear: []string{"live.b"}},
		"none": {},
	}}}
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.furnish()
	if err := s.Admit(h.hosts, exports()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- s.Serve(ctx, broker.Service{Name: "say", Version: "1.0.0", Subject: "from.*.*", Answer: func(_ context.Context, q broker.Question) broker.Answer {
			h.asked <- q
			if string(q.Body) == "no" {
				return broker.Answer{Code: 400, Title: "no", Body: []byte("refused")}
			}
			return broker.Answer{Code: 200, Body: []byte("heard " + strings.Split(q.Subject, ".")[1])}
		}})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the service ended with %v", err)
		}
	})
	nc, _ := h.enter("a")
	for until := time.Now().Add(patience); ; {
		if _, err := nc.Request("say.a", nil, patience); err == nil {
			break
		} else if time.Now().After(until) {
			t.Fatal("the service does not answer: ", err)
		}
	}
	nc.Close()
	<-h.asked
	return h
}

func (h *inn) furnish() {
	h.Helper()
	nc := brokertest.Connect(h.T, h.server, "test")
	var err error
	if h.js, err = jetstream.New(nc); err != nil {
		h.Fatal(err)
	}
	_, err = h.js.CreateStream(h.Context(), jetstream.StreamConfig{
		Name: "R", Subjects: []string{"room.>"}, RePublish: &jetstream.RePublish{Source: "room.>", Destination: "live.>"},
	})
	if err != nil {
		h.Fatal(err)
	}
	for name, subject := range map[string]string{"ca": "room.a", "ca2": "room.a", "cb": "room.b"} {
		if _, err := h.js.CreateConsumer(h.Context(), "R", jetstream.ConsumerConfig{Durable: name, FilterSubject: subject, AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
			h.Fatal(err)
		}
	}
}

func (h *inn) publish(room, text string) {
	h.Helper()
	if _, err := h.js.Publish(h.Context(), "room."+room, []byte(text)); err != nil {
		h.Fatal(err)
	}
}

// enter connects as a guest; refusals of subjects come into the channel.
func (h *inn) enter(token string, options ...nats.Option) (*nats.Conn, chan error) {
	h.Helper()
	refusals := make(chan error, 100)
	options = append(options, nats.Token(token), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err }))
	nc, err := nats.Connect(h.server.NATSURL(), options...)
	if err != nil {
		h.Fatalf("%s: %v", token, err)
	}
	h.Cleanup(nc.Close)
	return nc, refusals
}

func (h *inn) subscribe(nc *nats.Conn, subject string) *nats.Subscription {
	h.Helper()
	sub, err := nc.SubscribeSync(subject)
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		h.Fatal(err)
	}
	return sub
}

// hears waits for a message with a text.
func (h *inn) hears(sub *nats.Subscription, want string) {
	h.Helper()
	m, err := sub.NextMsg(patience)
	if err != nil {
		h.Fatal(err)
	}
	if string(m.Data) != want {
		h.Fatalf("%s: %q, want %q", m.Subject, m.Data, want)
	}
}

func (h *inn) ask(nc *nats.Conn, subject, text string) string {
	h.Helper()
	m, err := nc.Request(subject, []byte(text), patience)
	if err != nil {
		h.Fatalf("%s: %v", subject, err)
	}
	return string(m.Data)
}

func TestGuestsHearAndCall(t *testing.T) {
	h := openInn(t)
	for _, url := range []string{h.server.NATSURL(), h.server.WebSocketURL()} {
		nc, err := nats.Connect(url, nats.Token("a"))
		if err != nil {
			t.Fatal(err)
		}
		sub := h.subscribe(nc, "live.a")
		h.publish("a", "good morning")
		h.hears(sub, "good morning")
		if got := h.ask(nc, "say.a", "hello"); got != "heard a" {
			t.Errorf("%q", got)
		}
		<-h.asked
		m, err := nc.Request("say.a", []byte("no"), patience)
		if err != nil || m.Header.Get("Nats-Service-Error-Code") != "400" {
			t.Errorf("%v %v", m, err)
		}
		<-h.asked
		nc.Close()
	}
	nc, _ := h.enter("a")
	js, err := jetstream.NewWithAPIPrefix(nc, "JS.x.API")
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(t.Context(), "R", "ca")
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next(jetstream.FetchMaxWait(patience))
	if err != nil || string(m.Data()) != "good morning" {
		t.Fatal(m, err)
	}
	if err := m.DoubleAck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := c.Info(t.Context()); err != nil || info.AckFloor.Stream != 1 {
		t.Errorf("%+v %v", info, err)
	}
	if m, err := nc.Request("$SRV.PING", nil, patience); err != nil || len(m.Data) == 0 {
		t.Errorf("$SRV.PING: %v", err)
	}
}

func TestStrangersStayOutside(t *testing.T) {
	h := openInn(t)
	for _, o := range []nats.Option{nats.Token("x"), nats.Token(""), nats.Token("none"), nats.UserInfo("crier", "guess"), nats.UserInfo("sys", ""), nats.UserInfo("auth", "auth")} {
		if nc, err := nats.Connect(h.server.NATSURL(), o); err == nil {
			nc.Close()
			t.Error("a stranger is in")
		}
	}
	nc, err := nats.Connect(h.server.NATSURL(), nats.UserInfo("whoever", "ears")) // as clients do that know no tokens
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestGuestsAreConfined(t *testing.T) {
	h := openInn(t)
	for _, token := range []string{"a", "ears"} {
		nc, refusals := h.enter(token)
		for _, subject := range []string{"live.b", "live.*", "live.>", ">", "room.a", "direct.>", "$JS.API.>", "$JS.ACK.>", "$SYS.>", "_R_.>", "say.*", "from.>", "$SRV.>", "_INBOX_b.>", "$SYS.REQ.USER.AUTH"} {
			h.subscribe(nc, subject)
			refused(t, refusals, "subscribe to "+subject)
		}
		for _, subject := range []string{
			"room.a", "live.a", "live.b", "say.b", "from.b.b", "from.a.a", "direct.a", "$JS.API.INFO", "$JS.API.STREAM.INFO.R", "$JS.API.STREAM.MSG.GET.R", "$JS.API.DIRECT.GET.R",
			"$JS.API.CONSUMER.MSG.NEXT.R.cb", "JS.x.API.CONSUMER.MSG.NEXT.R.cb", "JS.x.API.CONSUMER.INFO.R.cb", "JS.x.API.CONSUMER.DURABLE.CREATE.R.mine",
			"JS.x.API.STREAM.INFO.R", "$JS.ACK.R.cb.1.1.1.1.0", "$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.AUTH", "_INBOX.x", "$SRV.INFO",
		} {
			if err := nc.Publish(subject, nil); err != nil {
				t.Fatal(err)
			}
			refused(t, refusals, "publish to "+subject)
		}
	}
	if n := len(h.asked); n > 0 {
		t.Errorf("%d questions arrived", n)
	}
}

func refused(t *testing.T, refusals chan error, what string) {
	t.Helper()
	select {
	case err := <-refusals:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(patience):
		t.Errorf("%s was not refused", what)
	}
}

// TestReplySubjectsReachNobody: nobody checks a reply subject, so an answer goes wherever a caller wants, within his own
// account.
func TestReplySubjectsReachNobody(t *testing.T) {
	h := openInn(t)
	victim, _ := h.enter("b")
	deaf, _ := h.enter("more")
	heard := []*nats.Subscription{h.subscribe(victim, "live.b"), h.subscribe(victim, "_INBOX.>"), h.subscribe(deaf, "live.b")}
	h.publish("a", "of a")
	h.publish("b", "of b")
	h.hears(heard[0], "of b")
	h.hears(heard[2], "of b")
	nc, _ := h.enter("a")
	for _, service := range []string{"JS.x.API.CONSUMER.MSG.NEXT.R.ca", "JS.x.API.CONSUMER.INFO.R.ca", "say.a", "$SRV.PING"} {
		for _, reply := range []string{
			"live.b", "room.b", "say.b", "from.b.b", "say.a", "_INBOX.victim", "$JS.API.STREAM.PURGE.R", "$JS.ACK.R.cb.1.2.1.1.0", "JS.x.API.CONSUMER.MSG.NEXT.R.ca2",
			"$JS.ACK.R.ca2.1.1.1.1.0", "$SYS.REQ.USER.AUTH",
		} {
			if err := nc.PublishRequest(service, reply, []byte(`{"batch":10,"no_wait":true}`)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := h.ask(nc, "say.a", "last"); got != "heard a" {
		t.Fatal(got)
	}
	h.publish("b", "the end")
	h.hears(heard[0], "the end")
	h.hears(heard[2], "the end")
	if n, _, _ := heard[1].Pending(); n > 0 {
		t.Errorf("%d messages in somebody else's inbox", n)
	}
	for q := range drain(h.asked) {
		if q.Subject != "from.a.a" {
			t.Errorf("%s was asked %q", q.Subject, q.Body)
		}
	}
	info, err := h.js.Stream(t.Context(), "R")
	if err != nil || info.CachedInfo().State.Msgs != 3 {
		t.Errorf("the stream holds %d, want 3: %v", info.CachedInfo().State.Msgs, err)
	}
	for name, want := range map[string]int{"ca2": 0, "cb": 0} {
		c, err := h.js.Consumer(t.Context(), "R", name)
		if err != nil || c.CachedInfo().NumAckPending != want || c.CachedInfo().AckFloor.Consumer != 0 {
			t.Errorf("%s: %+v %v", name, c.CachedInfo(), err)
		}
	}
}

// TestNobodyCallsUnderAnotherName sends a header block that the server reads otherwise than its clients do: it holds what the
// server writes about a caller, before the place where the server writes it.
func TestNobodyCallsUnderAnotherName(t *testing.T) {
	h := openInn(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.server.NATSURL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	forged := "NATS/1.0\r\nA: b\nNats-Request-Info: {\"acc\":\"EDGE-X\",\"user\":\"b\",\"kind\":\"Client\"}\n\n\r\n"
	_, err = fmt.Fprintf(conn, "CONNECT {\"verbose\":false,\"headers\":true,\"auth_token\":\"a\"}\r\nHPUB say.a _INBOX.x %d %d\r\n%sas b\r\nPING\r\n",
		len(forged), len(forged)+4, forged)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case q := <-h.asked:
		if q.Subject != "from.a.a" {
			t.Errorf("asked as %s", q.Subject)
		}
	case <-time.After(patience):
		t.Error("nothing was asked")
	}
}

// TestNobodySharesAQueueWithStrangers: members of a queue group of one name would be one group over all accounts.
func TestNobodySharesAQueueWithStrangers(t *testing.T) {
	h := openInn(t)
	for _, token := range []string{"a", "ears"} {
		nc, refusals := h.enter(token)
		for _, queue := range []string{"workers", ">", "*"} {
			if _, err := nc.QueueSubscribeSync("live.a", queue); err != nil {
				t.Fatal(err)
			}
			refused(t, refusals, "the queue "+queue)
		}
	}
}

// TestWhoSubscribesToTooMuchLeaves, while crier's own connections may have more.
func TestWhoSubscribesToTooMuchLeaves(t *testing.T) {
	h := openInn(t)
	own := brokertest.Connect(t, h.server, "own")
	gone := make(chan struct{})
	nc, _ := h.enter("a", nats.ClosedHandler(func(*nats.Conn) { close(gone) }))
	for range 30 {
		h.subscribe(nc, "live.a")
		h.subscribe(own, "live.a")
	}
	select {
	case <-gone:
	case <-time.After(patience):
		t.Error("still there")
	}
	if own.IsClosed() || own.LastError() != nil {
		t.Error(own.LastError())
	}
}

func drain(c chan broker.Question) map[*broker.Question]struct{} {
	all := map[*broker.Question]struct{}{}
	for {
		select {
		case q := <-c:
			all[&q] = struct{}{}
		default:
			return all
		}
	}
}

func TestWhoLosesHisRightsLeaves(t *testing.T) {
	h := openInn(t)
	short := h.hosts.guests["b"]
	short.Until = time.Now().Add(2 * time.Second)
	h.hosts.guests["short"] = short
	for _, token := range []string{"short", "a"} {
		gone := make(chan struct{})
		h.enter(token, nats.ClosedHandler(func(*nats.Conn) { close(gone) }))
		if token == "a" {
			h.hosts.dismiss("a")
		}
		select {
		case <-gone:
		case <-time.After(patience):
			t.Errorf("%s is still there", token)
		}
	}
	list, err := h.server.Connections(t.Context())
	if err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestConnectionsAreListed(t *testing.T) {
	h := openInn(t)
	h.enter("a")
	nc, _ := h.enter("ears")
	h.subscribe(nc, "live.a")
	list, err := h.server.Connections(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if c := list[1]; c.Client != "ears" || c.Kind != "nats" || c.Node != "test" || c.Subscriptions != 1 || c.Until.Before(time.Now()) || c.Address == "" {
		t.Errorf("%+v", c)
	}
}
