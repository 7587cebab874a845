package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// peersScenario is what every NATS client does, just as it is published for programs of others. A step stands at the
// beginning of a line; what it gives has to match the regular expressions that are indented below it, whose named groups
// are known to later steps as $NAME.
const peersScenario = `
listen live.$ROOM.>
listen live.closed.>
  ^refused$

request crier.publish.$ROOM {"transactionId":"$ROOM-1","type":"reminder","content":{"text" : "Вакцинация \u0041",  "sms":"a/\/b"}}
  ^Content-Type: application/json$
  "response":"Message received"
  "umid":"(?P<UMID>[0-9A-Z]{26})"
request crier.publish.$ROOM {"transactionId":"$ROOM-1","type":"reminder","content":{"text" : "Вакцинация \u0041",  "sms":"a/\/b"}}
  "umid":"$UMID"
  "duplicate":true
request crier.publish.$ROOM {"type":"reminder","content":{"text":"no id"}}
  ^Content-Type: application/problem\+json$
  ^Nats-Service-Error: Bad Request$
  ^Nats-Service-Error-Code: 400$
  "code":"invalid_request"
  "pointer":"/transactionId"
request crier.publish.closed {"transactionId":"$ROOM-2","type":"reminder","content":{"text":"hello"}}
  ^refused$
request $JS.API.STREAM.INFO.ROOMS {}
  ^refused$

hear
  ^live\.$ROOM\.normal\.reminder$
  ^Crier-UMID: $UMID$
  ^Crier-Type: reminder$
  ^Crier-Lane: normal$
  ^Nats-Sequence: \d+$
  ^\{"text" : "Вакцинация \\u0041",  "sms":"a/\\/b"\}$
`

// TestPeersDoWhatTheyDo has clients that others wrote do the same, one after the other, each in a room of its own.
func TestPeersDoWhatTheyDo(t *testing.T) {
	program, err := exec.LookPath("crier")
	if err != nil {
		t.Fatal(err)
	}
	g := startGateway(t, program, filepath.Join(t.TempDir(), "store"), "")
	s := &stage{gateway: g, admin: client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.AdminToken))})}
	s.room(t, "closed")
	for name, connect := range map[string]func(*testing.T) peer{
		"go":                   func(t *testing.T) peer { return newGoPeer(t, g.NATS, g.Token) },
		"javascript":           func(t *testing.T) peer { return newNodePeer(t, g.Token, g.NATS) },
		"javascript-websocket": func(t *testing.T) peer { return newNodePeer(t, g.Token, g.WebSocket) },
		"command":              func(t *testing.T) peer { return newCommandPeer(t, s.admin, g.NATS, g.Token) },
	} {
		t.Run(name, func(t *testing.T) {
			s.room(t, name, g.ClientID)
			a := &act{T: t, stage: s, connect: connect, known: map[string]string{"ROOM": name}}
			a.peer = connect(t)
			a.play(peersScenario)
		})
	}
}

// peer is a client that somebody else wrote.
type peer interface {
	// listen returns when the server has heard of it.
	listen(subject string) error
	// hear gives the next message that it hears.
	hear() (natsMessage, error)
	request(subject, body string) (natsMessage, error)
}

// errRefused is how a peer says that it is not allowed to.
var errRefused = errors.New("refused")

// natsMessage is what a peer got.
type natsMessage struct {
	Subject string
	Header  map[string][]string
	Data    []byte
}

// String is the message as the scenario looks at it: its subject, its headers, and below an empty line its content.
func (m natsMessage) String() string {
	var b bytes.Buffer
	fmt.Fprintln(&b, m.Subject)
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		for _, value := range m.Header[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	fmt.Fprintf(&b, "\n%s\n", m.Data)
	return b.String()
}

// peerPatience is how long a peer waits, on a busy machine.
const peerPatience = 30 * time.Second

// stage is where all peers appear.
type stage struct {
	gateway *gateway
	admin   *client.Client
}

// room creates one that clients may publish into and read.
func (s *stage) room(t *testing.T, name string, clients ...string) {
	t.Helper()
	r := v1.NewRoom{Name: name, Readers: clients}
	for _, c := range clients {
		r.Publishers = append(r.Publishers, v1.Publisher{Client: c})
	}
	if _, err := s.admin.CreateRoom(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// act is one peer's way through the scenario.
type act struct {
	*testing.T
	*stage
	peer    peer
	connect func(*testing.T) peer
	known   map[string]string
}

// play does all steps.
func (a *act) play(scenario string) {
	a.Helper()
	lines := strings.Split(scenario, "\n")
	for i := 0; i < len(lines); {
		step := lines[i]
		var want []string
		for i++; i < len(lines) && strings.HasPrefix(lines[i], "  "); i++ {
			want = append(want, strings.TrimSpace(lines[i]))
		}
		if step != "" {
			a.step(a.fill(step, func(s string) string { return s }), want)
		}
	}
}

// fill puts in what is known.
func (a *act) fill(text string, quote func(string) string) string {
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(a.known))) {
		text = strings.ReplaceAll(text, "$"+name, quote(a.known[name]))
	}
	return text
}

// step does one, and looks at what it gives. What was not refused, and gave nothing, gave the empty text.
func (a *act) step(step string, want []string) {
	a.Helper()
	verb, rest, _ := strings.Cut(step, " ")
	got, err := a.do(verb, rest)
	if errors.Is(err, errRefused) {
		got, err = errRefused.Error(), nil
	}
	if err != nil {
		a.Fatalf("%s: %v", step, err)
	}
	if len(want) == 0 && got == errRefused.Error() {
		a.Fatalf("%s: %s", step, got)
	}
	for _, w := range want {
		e := regexp.MustCompile("(?m)" + a.fill(w, regexp.QuoteMeta))
		found := e.FindStringSubmatch(got)
		if found == nil {
			a.Fatalf("%s\ngave\n%s\nwhich does not match %s", step, got, e)
		}
		for i, name := range e.SubexpNames() {
			if name != "" {
				a.known[name] = found[i]
			}
		}
	}
}

func (a *act) do(verb, rest string) (string, error) {
	switch verb {
	case "listen":
		return "", a.peer.listen(rest)
	case "hear":
		m, err := a.peer.hear()
		return m.String(), err
	case "request":
		subject, body, _ := strings.Cut(rest, " ")
		m, err := a.peer.request(subject, body)
		return m.String(), err
	}
	return "", fmt.Errorf("there is no step %q", verb)
}

// peersFolder is where the clients of others are.
const peersFolder = root + "/deploy/testpeers"

// peerFile gives the path of a file that `make deps` installs, or that stands in the repository.
func peerFile(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; `make deps` installs what tests need", err)
	}
	return path
}
