package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/broker/brokertest"
	"github.com/govcrier/crier/broker/nodecert"
)

// TestNATSClientsSpeakTLS, and nobody is shown a certificate before the door is open, so that a client tries another node.
func TestNATSClientsSpeakTLS(t *testing.T) {
	folder := t.TempDir()
	authority, err := nodecert.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := authority.Issue("n1", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s, err := broker.Start(t.Context(), broker.Options{
		Store: filepath.Join(folder, "store"), Key: brokertest.Key,
		NATS: broker.NATSOptions{Listen: "127.0.0.1:0", WebSocket: "127.0.0.1:0", TLS: servercert.Files{CertFile: cert, KeyFile: key}, AllowMissingSNI: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	pem, err := os.ReadFile(authority.File())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	trust := nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12})
	urls := []string{s.NATSURL(), s.WebSocketURL()}
	for _, url := range urls {
		if nc, err := nats.Connect(url, trust, nats.Token("a")); err == nil {
			nc.Close()
			t.Error("let in before the door was open")
		}
	}
	h := &hosts{guests: map[string]broker.Guest{"a": {Hear: []string{"live.a"}}}}
	if err := s.Admit(h, exports()); err != nil {
		t.Fatal(err)
	}
	for _, url := range urls {
		nc, err := nats.Connect(url, trust, nats.Token("a"))
		if err != nil {
			t.Fatal(err)
		}
		nc.Close()
		if nc, err := nats.Connect(url, nats.Token("a")); err == nil {
			nc.Close()
			t.Error("a certificate that the client does not trust was taken")
		}
	}
	plain := "nats" + s.NATSURL()[len("tls"):]
	if nc, err := nats.Connect(plain, nats.Token("a"), nats.Secure(nil), nats.NoReconnect()); err == nil {
		nc.Close()
		t.Error("connected without trust in the certificate")
	}
}

// TestGuestsOfACluster: a guest of one node calls what is answered on another, and works with a consumer that another leads.
func TestGuestsOfACluster(t *testing.T) {
	t.Parallel() // most of it is waiting
	c := brokertest.NewCluster(t, broker.Cluster)
	for i := range c.Options {
		c.Options[i].NATS = broker.NATSOptions{Listen: "127.0.0.1:0", Insecure: true}
	}
	c.StartAll(t)
	nc := brokertest.Connect(t, c.Servers[0], "test")
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{
		Name: "R", Subjects: []string{"room.>"}, Replicas: 3, RePublish: &jetstream.RePublish{Source: "room.>", Destination: "live.>"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateConsumer(ctx, "R", jetstream.ConsumerConfig{Durable: "ca", FilterSubject: "room.a", AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
		t.Fatal(err)
	}
	guests := &hosts{guests: map[string]broker.Guest{"a": {Hear: []string{"live.a"}, Call: append(consumerCalls("ca"), say("a", "a"))}}}
	for _, s := range c.Servers {
		if err := s.Admit(guests, exports()); err != nil {
			t.Fatal(err)
		}
	}
	go func() {
		_ = c.Servers[1].Serve(ctx, broker.Service{Name: "say", Version: "1.0.0", Subject: "from.*.*", Answer: func(_ context.Context, q broker.Question) broker.Answer {
			return broker.Answer{Code: 200, Body: []byte("heard " + strings.Split(q.Subject, ".")[1])}
		}})
	}()
	for i, s := range c.Servers {
		visit(ctx, t, s, js, i)
	}
	all, err := c.Servers[2].Connections(ctx)
	if err != nil || len(all) != len(c.Servers) || all[0].Node == all[1].Node {
		t.Errorf("%+v %v", all, err)
	}
}

// visit does everything that a guest of a node can do.
func visit(ctx context.Context, t *testing.T, s *broker.Server, js jetstream.JetStream, n int) {
	t.Helper()
	nc, err := nats.Connect(s.NATSURL(), nats.Token("a"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	heard, err := nc.SubscribeSync("live.a")
	if err != nil {
		t.Fatal(err)
	}
	for m, err := nc.Request("say.a", nil, time.Second); err != nil || string(m.Data) != "heard a"; m, err = nc.Request("say.a", nil, time.Second) {
		if ctx.Err() != nil {
			t.Fatalf("node %d: %v %v", n, m, err)
		}
	}
	if _, err := js.Publish(ctx, "room.a", []byte{byte(n)}); err != nil {
		t.Fatal(err)
	}
	if m, err := heard.NextMsg(patience); err != nil || m.Data[0] != byte(n) {
		t.Fatalf("node %d heard %v %v", n, m, err)
	}
	own, err := jetstream.NewWithAPIPrefix(nc, "JS.x.API")
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := own.Consumer(ctx, "R", "ca")
	if err != nil {
		t.Fatal(err)
	}
	m, err := consumer.Next(jetstream.FetchMaxWait(patience))
	if err != nil || m.Data()[0] != byte(n) {
		t.Fatalf("node %d fetched %v %v", n, m, err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Fatal(err)
	}
}
