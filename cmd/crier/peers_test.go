package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
request JS.crier.API.STREAM.INFO.ROOMS {}
  ^refused$

hear
  ^live\.$ROOM\.normal\.reminder$
  ^Crier-UMID: $UMID$
  ^Crier-Type: reminder$
  ^Crier-Lane: normal$
  ^Nats-Sequence: \d+$
  ^\{"text" : "Вакцинация \\u0041",  "sms":"a/\\/b"\}$

consumer LEDGER {"from":"all"}
consumer BOOK {"from":"all"}
connect
read fetch $LEDGER 1
  ^1 in order$
  ^room\.$ROOM\.normal\.reminder$
  ^Crier-UMID: $UMID$
  ^\{"text" : "Вакцинация \\u0041",  "sms":"a/\\/b"\}$
read fetch $LEDGER 1
  ^0 in order$

listen live.$ROOM.>
publish 1000
request crier.publish.$ROOM {"transactionId":"$ROOM-mark","type":"reminder","content":{"text":"the mark"}}
  "umid":"(?P<MARK>[0-9A-Z]{26})"
request crier.publish.$ROOM {"transactionId":"$ROOM-last","type":"reminder","content":{"text":"the last"}}
  "umid":"(?P<LAST>[0-9A-Z]{26})"
hear 1001
  ^Crier-UMID: $MARK$
  ^Nats-Sequence: (?P<SEQUENCE>\d+)$
  ^Nats-Time-Stamp: (?P<TIME>.*)$
read consume $LEDGER 1002
  ^1002 in order$
  ^Crier-UMID: $LAST$
read iterate $BOOK 1003
  ^1003 in order$
  ^Crier-UMID: $LAST$

consumer BYSEQUENCE {"sequence":$SEQUENCE}
consumer BYTIME {"time":"$TIME"}
connect
read fetch $BYSEQUENCE 1
  ^Crier-UMID: $MARK$
read fetch $BYTIME 1
  ^Crier-UMID: $MARK$
request crier.publish.$ROOM {"transactionId":"$ROOM-later","type":"reminder","content":{"text":"later"}}
  "umid":"(?P<LATER>[0-9A-Z]{26})"
read fetch $LEDGER 1
  ^Crier-UMID: $LATER$
read fetch $LEDGER-2 1
  ^refused$
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
		"javascript":           func(t *testing.T) peer { return newNodePeer(t, g.Token, "", g.NATS) },
		"javascript-websocket": func(t *testing.T) peer { return newNodePeer(t, g.Token, "", g.WebSocket) },
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
	// read gets and acknowledges n messages of a durable consumer, fewer if no more come for a while, in one of the ways that
	// clients have: fetch, consume (messages are brought) or iterate (messages are asked for).
	read(way, consumer string, n int) ([]natsMessage, error)
	// close disconnects.
	close()
}

// errRefused is how a peer says that it is not allowed to.
var errRefused = errors.New("refused")

// natsMessage is what a peer got.
type natsMessage struct {
	Subject  string
	Header   map[string][]string
	Data     []byte
	Sequence uint64 // in the stream, if it comes from a durable consumer
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
const peerPatience = 2 * time.Minute

// peerPause is how long it waits for more than there is.
const peerPause = 3 * time.Second

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
