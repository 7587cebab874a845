package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

const natsPatience = time.Minute

// readable creates a room that the demonstration's publisher publishes into and its reader reads.
func (s *stand) readable(name string) {
	s.t.Helper()
	_, err := s.know.rooms.Create(s.t.Context(), rooms.RoomConfig{
		Name: rooms.Room(name), Publishers: []rooms.Publisher{{Client: demoPublisher}}, Readers: []rooms.Client{demoReader},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// dial connects by NATS with a token.
func (s *stand) dial(token string, options ...nats.Option) *nats.Conn {
	s.t.Helper()
	nc, err := nats.Connect(s.app.nats, append(options, nats.Token(token), nats.Timeout(natsPatience), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(nc.Close)
	return nc
}

func (s *stand) hear(nc *nats.Conn, room string) *nats.Subscription {
	s.t.Helper()
	sub, err := nc.SubscribeSync("live." + room + ".>")
	if err == nil {
		err = nc.Flush()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return sub
}

// byNATS publishes and gives the answer.
func (s *stand) byNATS(nc *nats.Conn, room, body string) *nats.Msg {
	s.t.Helper()
	m, err := nc.Request("crier.publish."+room, []byte(body), natsPatience)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func TestPublishAndHearByNATS(t *testing.T) {
	s := newStand(t, nil, nil)
	s.readable("flood")
	sub := s.hear(s.dial(s.token(demoReader)), "flood")
	publisher := s.dial(s.token(demoPublisher))
	const content = `{"subject":"Flood",  "text":"Leave the banks of the river.\u0021"}`
	body := `{"transactionId":"t-1","type":"warning","lane":"emergency","content":` + content + `}`
	var first, again v1.Receipt
	if err := json.Unmarshal(s.byNATS(publisher, "flood", body).Data, &first); err != nil || first.UMID == "" || first.Duplicate {
		t.Fatal(first, err)
	}
	if err := json.Unmarshal(s.byNATS(publisher, "flood", body).Data, &again); err != nil || again.UMID != first.UMID || !again.Duplicate {
		t.Error(again, err)
	}
	m, err := sub.NextMsg(natsPatience)
	if err != nil || string(m.Data) != content || m.Subject != "live.flood.emergency.warning" || m.Header.Get("Crier-UMID") != first.UMID {
		t.Fatal(m, err)
	}
	for _, tc := range []struct{ room, body, code, status string }{
		{"flood", `{"transactionId":"t-1","type":"warning","content":{"text":"x"}}`, "transaction_conflict", "409"},
		{"flood", `{"transactionId":"t-2","typ":"warning"}`, "invalid_request", "400"},
		{"flood", strings.Repeat(" ", 5<<20), "body_too_large", "413"},
	} {
		m := s.byNATS(publisher, tc.room, tc.body)
		var p v1.Problem
		if err := json.Unmarshal(m.Data, &p); err != nil || string(p.Code) != tc.code || m.Header.Get("Nats-Service-Error-Code") != tc.status {
			t.Errorf("%.60s: %s %v", tc.body, m.Data, m.Header)
		}
	}
	if err := publisher.Publish("crier.publish.flood", make([]byte, 9<<20)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("9 MiB: %v", err)
	}
	if m, err := sub.NextMsg(50 * time.Millisecond); err == nil {
		t.Errorf("heard again: %s", m.Data)
	}
}

// TestNamedRecipientsAreNotHeard: what is published to named recipients is nobody else's.
func TestNamedRecipientsAreNotHeard(t *testing.T) {
	s := newStand(t, nil, nil)
	s.readable("flood")
	sub := s.hear(s.dial(s.token(demoReader)), "flood")
	room, err := s.know.rooms.Get(t.Context(), "flood")
	if err != nil {
		t.Fatal(err)
	}
	room.Publishers = []rooms.Publisher{{Client: demoPublisher, Direct: true}}
	if _, err := s.know.rooms.Put(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	s.publish("flood", v1.Publish{TransactionID: "1", Content: v1.Content{Text: "to one"}, Recipients: []v1.Contact{{Email: "a@example.com"}}})
	s.publish("flood", v1.Publish{TransactionID: "2", Content: v1.Content{Text: "to all"}})
	if m, err := sub.NextMsg(natsPatience); err != nil || !bytes.Contains(m.Data, []byte("to all")) {
		t.Error(m, err)
	}
}

// TestRightsEndOverNATS: whoever loses the right that he came in with is sent away within five seconds.
func TestRightsEndOverNATS(t *testing.T) {
	for name, end := range map[string]func(*stand){
		"the token": nil,
		"no longer on the room's list": func(s *stand) {
			room, err := s.know.rooms.Get(s.t.Context(), "flood")
			if err != nil {
				s.t.Fatal(err)
			}
			room.Readers = nil
			if _, err := s.know.rooms.Put(s.t.Context(), room); err != nil {
				s.t.Fatal(err)
			}
		},
		"the room is deleted": func(s *stand) {
			if err := s.as(s.token(demoAdmin)).DeleteRoom(s.t.Context(), "flood"); err != nil {
				s.t.Fatal(err)
			}
		},
		"the client is blocked": func(s *stand) {
			if _, err := s.as(s.token(demoAdmin)).Block(s.t.Context(), demoReader); err != nil {
				s.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, nil, nil)
			s.readable("flood")
			token, err := s.issuer.Token(demoReader, map[bool]time.Duration{true: 2 * time.Second, false: time.Hour}[end == nil])
			if err != nil {
				t.Fatal(err)
			}
			gone := make(chan struct{})
			nc := s.dial(token, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { close(gone) }))
			s.hear(nc, "flood")
			if end != nil {
				end(s)
			}
			select {
			case <-gone:
			case <-time.After(5 * time.Second):
				t.Fatal("still connected after five seconds")
			}
			if nc, err := nats.Connect(s.app.nats, nats.Token(token)); err == nil {
				nc.Close()
				t.Error("let in again")
			}
		})
	}
}

// TestTokensOfOthersAreRefusedOverNATS: the same tokens that HTTP refuses.
func TestTokensOfOthersAreRefusedOverNATS(t *testing.T) {
	s := newStand(t, nil, nil)
	s.readable("flood")
	expired, err := s.issuer.Token(demoReader, -time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	good := s.token(demoReader)
	elsewhere := newStand(t, []string{"oidc.audience=elsewhere"}, nil)
	for name, token := range map[string]string{
		"none": "", "expired": expired, "cut short": good[:len(good)-8], "of another issuer": elsewhere.token(demoReader), "without rights": s.token(demoAuditor),
	} {
		if nc, err := nats.Connect(s.app.nats, nats.Token(token)); err == nil {
			nc.Close()
			t.Errorf("a token %s was taken", name)
		}
	}
	elsewhere.app.config.OIDC.Issuer = s.issuer.URL()
	if nc, err := nats.Connect(elsewhere.app.nats, nats.Token(elsewhere.token(demoReader))); err == nil {
		nc.Close()
		t.Error("a token for another audience was taken")
	}
	s.dial(good)
}

// TestBadTokensDoNotKeepGoodOnesOut: a thousand connections with bad tokens, ten thousand in a soak, and those with good ones get in meanwhile.
func TestBadTokensDoNotKeepGoodOnesOut(t *testing.T) {
	const good, crowd = 20, 100
	bad := int64(1_000)
	if os.Getenv("CRIER_SOAK") != "" {
		bad = 10_000
	}
	s := newStand(t, nil, nil)
	s.readable("flood")
	token := s.token(demoReader)
	forged := token[:len(token)-20] + "AAAAAAAAAAAAAAAAAAAA"
	var refused, left atomic.Int64
	left.Store(bad)
	var all sync.WaitGroup
	for range crowd {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				nc, err := nats.Connect(s.app.nats, nats.Token(forged), nats.Timeout(30*time.Second))
				if err == nil {
					nc.Close()
					t.Error("let in")
					return
				}
				refused.Add(1)
			}
		})
	}
	var slowest time.Duration
	for range good {
		began := time.Now()
		await(t, busyFor, func() string { // the server may ask for a sign of life before it has answered, which this client does not expect
			nc, err := nats.Connect(s.app.nats, nats.Token(token), nats.Timeout(natsPatience))
			if err != nil && strings.Contains(err.Error(), "expected 'PONG', got 'PING'") {
				return err.Error()
			} else if err != nil {
				t.Fatal(err)
			}
			nc.Close()
			return ""
		})
		slowest = max(slowest, time.Since(began))
	}
	all.Wait()
	t.Logf("%d refused; the slowest of %d good logins took %v", refused.Load(), good, slowest)
	if refused.Load() != bad {
		t.Errorf("%d refused, want %d", refused.Load(), bad)
	}
	s.dial(token)
}

// TestWhoDoesNotReadIsSentAway, and others hear everything.
func TestWhoDoesNotReadIsSentAway(t *testing.T) {
	const messages, size = 200, 200 << 10
	s := newStand(t, nil, func(c *config.Config) { c.Broker.NATS.MaxPending = 1 << 20 })
	s.readable("flood")
	heard := s.hear(s.dial(s.token(demoReader)), "flood")
	if err := heard.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	deaf := mute(t, s, s.token(demoReader))
	defer deaf.Close()
	c := s.as(s.token(demoPublisher))
	text := strings.Repeat("x", size)
	for n := range messages {
		_, err := c.Publish(t.Context(), "flood", v1.Publish{TransactionID: fmt.Sprint(n), Type: "warning", Content: v1.Content{Text: text}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range messages {
		if _, err := heard.NextMsg(natsPatience); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
	}
	eventually(t, natsPatience, func() string {
		list, err := s.as(s.token(demoAdmin)).Connections(t.Context())
		if err != nil || len(list) != 1 {
			return fmt.Sprint(len(list), " connected, want 1: ", err)
		}
		return ""
	})
}

// mute connects, subscribes, and reads no more.
func mute(t *testing.T, s *stand, token string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.app.nats, "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "CONNECT {\"verbose\":false,\"headers\":true,\"auth_token\":%q}\r\nPING\r\n", token); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for text := ""; !strings.Contains(text, "PONG"); {
		n, err := conn.Read(buffer)
		if err != nil {
			t.Fatalf("%v after %q", err, text)
		}
		text += string(buffer[:n])
	}
	if _, err := conn.Write([]byte("SUB live.flood.> 1\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestConsumeByNATS works with a durable consumer as a stock client does, and not with anybody else's.
func TestConsumeByNATS(t *testing.T) {
	s := newStand(t, nil, nil)
	s.readable("flood")
	reader := s.as(s.token(demoReader))
	c, err := reader.CreateConsumer(t.Context(), "flood", v1.NewConsumer{Name: "ledger"})
	if err != nil {
		t.Fatal(err)
	}
	const messages = 50
	for n := range messages {
		s.publish("flood", v1.Publish{TransactionID: fmt.Sprint(n), Content: v1.Content{Text: fmt.Sprint("message ", n)}})
	}
	nc := s.dial(s.token(demoReader))
	js, err := jetstream.NewWithAPIPrefix(nc, c.APIPrefix)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), c.Stream, c.Consumer)
	if err != nil {
		t.Fatal(err)
	}
	for n := range messages {
		m, err := consumer.Next(jetstream.FetchMaxWait(natsPatience))
		if err != nil || !strings.Contains(string(m.Data()), fmt.Sprintf(`message %d"`, n)) {
			t.Fatal(n, m, err)
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := reader.Consumer(t.Context(), "flood", "ledger"); err != nil || c.Pending != 0 || c.AckPending != 0 {
		t.Errorf("%+v %v", c, err)
	}
	other, err := jetstream.NewWithAPIPrefix(s.dial(s.token(demoPublisher)), c.APIPrefix)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := other.Consumer(ctx, c.Stream, c.Consumer); err == nil {
		t.Error("somebody else's consumer is open to the publisher")
	}
}
