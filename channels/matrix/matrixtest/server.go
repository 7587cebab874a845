package matrixtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Name is that of the server in ids.
const Name = "example.test"

// Token is the access token that every user has from the start, as user, without its "@".
func Token(user string) string { return "token-" + strings.TrimPrefix(user, "@") }

// Password is that of every user.
const Password = "correct horse"

// Fault is what happens to a request instead.
type Fault struct {
	Status int
	Body   string // JSON
	Header http.Header
	Hang   bool // no answer
	Lose   bool // it is done, and the connection breaks before the answer
}

// Server is the homeserver.
type Server struct {
	*httptest.Server

	mu      sync.Mutex
	changed chan struct{} // closed at each change
	now     int64         // of the order of everything that happens
	users   map[string]*user
	rooms   map[string]*room
	aliases map[string]string
	tokens  map[string]session
	refresh map[string]session
	txns    map[string]string
	faults  []planned
	wire    bytes.Buffer
	counts  map[string]int
	done    chan struct{}
}

type session struct{ user, device string }

type user struct {
	data  map[string]json.RawMessage
	eager bool // enters and reads at once
}

type room struct {
	id       string
	events   []Event
	members  map[string]string
	receipts []receipt
}

type receipt struct {
	at          int64
	user, event string
}

type planned struct {
	method, path, who string
	left              int
	fault             Fault
}

// Event is one of a room.
type Event struct {
	ID       string         `json:"event_id"`
	Type     string         `json:"type"`
	Sender   string         `json:"sender"`
	Key      *string        `json:"state_key,omitempty"`
	Content  map[string]any `json:"content"`
	Time     int64          `json:"origin_server_ts"`
	Unsigned map[string]any `json:"unsigned,omitempty"`

	at int64
}

// New starts one with users, such as "@clinic". One whose name ends in "-reads" enters rooms and reads at once.
func New(tb testing.TB, users ...string) *Server {
	tb.Helper()
	s := Start(users...)
	tb.Cleanup(s.Stop)
	return s
}

// Start does so too, until Stop.
func Start(users ...string) *Server {
	s := &Server{
		changed: make(chan struct{}), now: 1, users: map[string]*user{}, rooms: map[string]*room{}, aliases: map[string]string{}, tokens: map[string]session{},
		refresh: map[string]session{}, txns: map[string]string{}, counts: map[string]int{}, done: make(chan struct{}),
	}
	for _, u := range users {
		id := ID(u)
		s.users[id] = &user{data: map[string]json.RawMessage{}, eager: strings.HasSuffix(u, "-reads")}
		s.tokens[Token(u)] = session{id, "FIRST"}
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// Stop ends it.
func (s *Server) Stop() {
	close(s.done)
	s.CloseClientConnections()
	s.Close()
}

// ID is the whole id of a user.
func ID(user string) string { return "@" + strings.TrimPrefix(user, "@") + ":" + Name }

// Fail has the next n requests with a method and a path that contains a text fail; n below zero: all.
func (s *Server) Fail(n int, method, path string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, planned{method: method, path: path, left: n, fault: f})
}

// FailFor has all that is sent to a room with a user fail.
func (s *Server) FailFor(user string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, planned{method: "PUT", path: "/send/", who: ID(user), left: -1, fault: f})
}

// Heal ends all failures.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Wire are the bodies that were sent.
func (s *Server) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// Count is how many requests there were with a method and the first two parts of a path, such as "POST createRoom".
func (s *Server) Count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

// EndSessions has no access token be good any more; soft ones can be refreshed.
func (s *Server) EndSessions() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Grant makes an access token good.
func (s *Server) Grant(token, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[token] = session{ID(user), "FIRST"}
}

// answer is an error of the API, or what is to be said.
type answer struct {
	status int
	body   any
}

func fail(status int, code string) answer {
	return answer{status: status, body: map[string]any{"errcode": code, "error": "text that nobody is to keep"}}
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// ask is a request that has been read.
type ask struct {
	*http.Request
	parts []string // of the path, unescaped
	body  map[string]any
	session
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	a := ask{Request: r}
	for _, p := range strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/_matrix/client/v3/"), "/") {
		a.parts = append(a.parts, unescape(p))
	}
	_ = json.Unmarshal(raw, &a.body)
	s.mu.Lock()
	s.wire.Write(raw)
	s.counts[r.Method+" "+strings.Join(a.parts[:min(len(a.parts), 1)], "/")]++
	f := s.planned(a)
	s.mu.Unlock()
	if f != nil && f.Hang {
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		return
	}
	if f != nil && !f.Lose {
		for name, all := range f.Header {
			w.Header()[name] = all
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
		return
	}
	reply := s.reply(a)
	if f != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(reply.status)
	_ = json.NewEncoder(w).Encode(reply.body)
}

// planned is the failure that a request has, under s.mu.
func (s *Server) planned(a ask) *Fault {
	for i := range s.faults {
		p := &s.faults[i]
		if p.left == 0 || a.Method != p.method || !strings.Contains(a.URL.Path, p.path) || p.who != "" && !s.isIn(a, p.who) {
			continue
		}
		p.left--
		return &p.fault
	}
	return nil
}

func (s *Server) isIn(a ask, user string) bool {
	if len(a.parts) < 2 {
		return false
	}
	r := s.rooms[a.parts[1]]
	return r != nil && r.members[user] != ""
}

// tick is the next moment of the order, under s.mu.
func (s *Server) tick() int64 {
	s.now++
	close(s.changed)
	s.changed = make(chan struct{})
	return s.now
}

// add puts an event into a room, under s.mu.
func (s *Server) add(r *room, sender, kind string, key *string, content map[string]any) string {
	e := Event{Type: kind, Sender: sender, Key: key, Content: content, Time: time.Now().UnixMilli(), at: s.tick()}
	e.ID = fmt.Sprintf("$event%06d", e.at)
	if kind == "m.room.member" {
		if old := r.members[*key]; old != "" {
			e.Unsigned = map[string]any{"prev_content": map[string]any{"membership": old}}
		}
		r.members[*key], _ = content["membership"].(string)
	}
	r.events = append(r.events, e)
	s.eagerly(r, e)
	return e.ID
}

// eagerly has those enter and read who do so at once.
func (s *Server) eagerly(r *room, e Event) {
	for id, membership := range r.members {
		u := s.users[id]
		switch {
		case u == nil || !u.eager || e.Sender == id:
		case membership == "invite":
			s.member(r, id, id, "join", false)
		case membership == "join" && e.Type == "m.room.message":
			r.receipts = append(r.receipts, receipt{s.tick(), id, e.ID})
		}
	}
}

func (s *Server) member(r *room, sender, of, membership string, direct bool) string {
	c := map[string]any{"membership": membership}
	if direct {
		c["is_direct"] = true
	}
	return s.add(r, sender, "m.room.member", &of, c)
}

func (s *Server) create(by string) *room {
	r := &room{id: fmt.Sprintf("!room%d:%s", len(s.rooms)+1, Name), members: map[string]string{}}
	s.rooms[r.id] = r
	s.member(r, by, by, "join", false)
	return r
}

// Forget has a user never have been in a room.
func (s *Server) Forget(room, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.rooms[room].members, ID(user))
}
