package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/api/oidc/devissuer"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// stand is the whole gateway in this process with its inside within reach, and with any configuration.
type stand struct {
	t      *testing.T
	home   *devStore
	crew   *crew
	app    *App
	store  *store
	know   *knowledge
	issuer *devissuer.Issuer // nil if the configuration names another
	log    journal
}

// journal is a whole log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newStand starts a gateway on an empty store, which logs everything. What change does comes after set.
func newStand(t *testing.T, set []string, change func(*config.Config)) *stand {
	t.Helper()
	home, err := openDevStore(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	conf, err := devConfig(home, devFlags{address: "127.0.0.1:0", set: set})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, home: home}
	logger := slog.New(slog.NewJSONHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.crew = newCrew(logger)
	t.Cleanup(s.stop)
	s.trust(&conf)
	if change != nil {
		change(&conf)
	}
	s.app = newApp(conf, logger)
	if err := s.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// trust has the gateway believe an issuer in this process.
func (s *stand) trust(conf *config.Config) {
	s.t.Helper()
	var err error
	if s.issuer, err = startIssuer(s.crew, s.home.secrets); err != nil {
		s.t.Fatal(err)
	}
	conf.OIDC.Issuer = s.issuer.URL()
}

// start is App.start, whose parts are kept.
func (s *stand) start(ctx context.Context) (err error) {
	if s.store, err = s.app.openStore(ctx, s.crew); err != nil {
		return err
	}
	if s.know, err = s.app.openKnowledge(ctx, s.crew, s.store); err != nil {
		return err
	}
	if err := s.app.startDelivery(ctx, s.crew, s.store, s.know); err != nil {
		return err
	}
	if err := s.app.open(ctx, s.crew, s.store, s.know); err != nil {
		return err
	}
	return untilReady(ctx, client.New(client.Options{Servers: []string{s.app.URL()}}))
}

// stop may be called more than once.
func (s *stand) stop() {
	if err := s.crew.stop(); err != nil {
		s.t.Errorf("stop: %v", err)
	}
}

// token is one of the issuer's for a client.
func (s *stand) token(clientID string) string {
	s.t.Helper()
	token, err := s.issuer.Token(clientID, devTokenLifetime)
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *stand) as(token string) *client.Client {
	return client.New(client.Options{Servers: []string{s.app.URL()}, Token: client.Static(rooms.NewSecret(token))})
}

// room creates one in which publishers may do everything.
func (s *stand) room(name string, publishers ...string) {
	s.t.Helper()
	c := rooms.RoomConfig{Name: rooms.Room(name)}
	for _, id := range publishers {
		c.Publishers = append(c.Publishers, rooms.Publisher{Client: rooms.Client(id), Direct: true})
	}
	if _, err := s.know.rooms.Create(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
}

// publish publishes into a room as the demonstration's publisher.
func (s *stand) publish(room string, p v1.Publish) v1.Receipt {
	s.t.Helper()
	p.Type = "reminder"
	r, err := s.as(s.token(demoPublisher)).Publish(s.t.Context(), room, p)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// message reads how a message stands, and its deliveries.
func (s *stand) message(umid string) (m v1.Message, all []v1.Delivery) {
	s.t.Helper()
	c := s.as(s.token(demoPublisher))
	m, err := c.Message(s.t.Context(), umid)
	if err != nil {
		s.t.Fatal(err)
	}
	for d, err := range c.Deliveries(s.t.Context(), umid) {
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, d)
	}
	return m, all
}

// queued is how many deliveries of a lane wait in its queue, for either channel.
func (s *stand) queued(lane rooms.Lane) (sum uint64) {
	s.t.Helper()
	for _, c := range rooms.Channels() {
		n, err := s.store.log.QueueLength(s.t.Context(), lane, c)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// answer is what came back from the API.
type answer struct {
	status    int
	requestID string
	body      string
	v1.Receipt
	Code string `json:"code"`
}

// ask makes one call of the API, with a body in JSON unless a header says otherwise.
func ask(t *testing.T, method, url, token, body string, header ...string) answer {
	t.Helper()
	a, err := try(t.Context(), method, url, token, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// try is ask for callers beside the test's own goroutine.
func try(ctx context.Context, method, url, token, body string, header ...string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	a := answer{status: w.StatusCode, requestID: w.Header.Get("X-Request-Id"), body: string(text)}
	_ = json.Unmarshal(text, &a) // not every answer is a receipt or a problem
	return a, err
}

// await is eventually for what nothing can follow on if it does not come.
func await(t *testing.T, limit time.Duration, reason func() string) {
	t.Helper()
	if eventually(t, limit, reason); t.Failed() {
		t.FailNow()
	}
}
