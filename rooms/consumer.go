package rooms

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ConsumerName is what a client calls one of its durable consumers in a room. Same characters as
// Room, at most 32 of them.
type ConsumerName string

// Owner stands for a client in the name of a consumer: 120 bits of a hash, as 30 letters from A to
// P. Neither a room nor a consumer's name holds a capital, so the parts cannot be confused.
type Owner string

// ConsumerID names a durable consumer of a room's messages, of all rooms and clients. It is a NATS
// subject token: app_<room>_<owner>_<name>.
type ConsumerID struct {
	Room  Room
	Owner Owner
	Name  ConsumerName
}

const (
	maxConsumer = 32
	ownerBytes  = 15
	ownerFirst  = 'A'
	appPrefix   = "app_"
)

// ParseConsumerName accepts the name of a consumer or says why not.
func ParseConsumerName(s string) (ConsumerName, error) {
	if len(s) > maxConsumer {
		return "", fmt.Errorf("%w: a consumer has 1 to %d characters", ErrName, maxConsumer)
	}
	return ConsumerName(s), checkName("consumer", s)
}

// OwnerOf gives what stands for a client.
func OwnerOf(c Client) Owner {
	sum := sha256.Sum256([]byte("consumer\x00" + string(c)))
	b := make([]byte, 0, 2*ownerBytes)
	for _, x := range sum[:ownerBytes] {
		b = append(b, ownerFirst+x>>4, ownerFirst+x&15)
	}
	return Owner(b)
}

// ParseOwner accepts what OwnerOf gives.
func ParseOwner(s string) (Owner, error) {
	if len(s) != 2*ownerBytes || !all(s, isOwner) {
		return "", fmt.Errorf("%w: an owner is %d letters", ErrName, 2*ownerBytes)
	}
	return Owner(s), nil
}

func isOwner(c byte) bool { return ownerFirst <= c && c < ownerFirst+16 }

// String is the name of the consumer in JetStream.
func (id ConsumerID) String() string {
	return appPrefix + string(id.Room) + "_" + string(id.Owner) + "_" + string(id.Name)
}

// ParseConsumerID reads what String has written.
func ParseConsumerID(s string) (ConsumerID, error) {
	refused := fmt.Errorf("%w: not the name of an application's consumer", ErrName)
	rest, ok := strings.CutPrefix(s, appPrefix)
	at := strings.IndexFunc(rest, func(r rune) bool { return 'A' <= r && r <= 'Z' })
	if !ok || at < 1 || len(rest) < at+2*ownerBytes+1 || rest[at-1] != '_' || rest[at+2*ownerBytes] != '_' {
		return ConsumerID{}, refused
	}
	room, errR := ParseRoom(rest[:at-1])
	owner, errO := ParseOwner(rest[at : at+2*ownerBytes])
	name, errN := ParseConsumerName(rest[at+2*ownerBytes+1:])
	if errR != nil || errO != nil || errN != nil {
		return ConsumerID{}, refused
	}
	return ConsumerID{room, owner, name}, nil
}

// Start says with which message of the room's log a consumer begins. The zero value is the first
// one that is kept.
type Start struct {
	New      bool      // only what is published from now on
	Sequence uint64    // this one, or the first one after it
	Time     time.Time // the first one that was stored then or later
}

// String is "all", "new", "sequence 7" or "time 2026-11-22T12:00:00Z".
func (s Start) String() string {
	switch {
	case s.New:
		return "new"
	case s.Sequence > 0:
		return "sequence " + strconv.FormatUint(s.Sequence, 10)
	case !s.Time.IsZero():
		return "time " + s.Time.UTC().Format(time.RFC3339Nano)
	}
	return "all"
}

// ParseStart reads what String has written.
func ParseStart(text string) (s Start, err error) {
	word, value, _ := strings.Cut(text, " ")
	switch word {
	case "new":
		s.New = true
	case "sequence":
		s.Sequence, err = strconv.ParseUint(value, 10, 64)
	case "time":
		s.Time, err = time.Parse(time.RFC3339Nano, value)
	}
	if err != nil || s.String() != text {
		return Start{}, fmt.Errorf("%w: not a start", ErrName)
	}
	return s, nil
}

// ConsumerConfig is what a client has asked for.
type ConsumerConfig struct {
	ID         ConsumerID
	Client     Client // the owner
	Lane       Lane   // only this one; "" for all
	Type       Type   // only this one; "" for all
	Start      Start
	AckWait    time.Duration // after which what is not acknowledged comes again
	MaxDeliver int           // how often a message is handed out at most; 0 for as often as it takes
	InOrder    bool          // none is handed out before those before it are acknowledged; who pulls waits
	Keep       time.Duration // how long after its publication a message is of use; 0: as long as the log has it
}

// Filter selects, of the room's log, what the consumer is to get.
func (c ConsumerConfig) Filter() string {
	room := "room." + string(c.ID.Room)
	switch {
	case c.Lane == "" && c.Type == "":
		return room + ".>"
	case c.Type == "":
		return room + "." + string(c.Lane) + ".>"
	case c.Lane == "":
		return room + ".*." + string(c.Type)
	}
	return room + "." + string(c.Lane) + "." + string(c.Type)
}

// ParseConsumerFilter reads lane and type of what Filter gives.
func ParseConsumerFilter(s string) (l Lane, t Type, err error) {
	f := strings.Split(s, ".")
	if len(f) == 3 && f[0] == "room" && f[2] == ">" {
		return "", "", nil
	}
	if len(f) != 4 || f[0] != "room" || f[2] == "" {
		return "", "", ErrSubject
	}
	if f[2] != "*" {
		if l, err = ParseLane(f[2]); err != nil {
			return "", "", ErrSubject
		}
	}
	if f[3] != ">" {
		if t, err = ParseType(f[3]); err != nil {
			return "", "", ErrSubject
		}
	}
	return l, t, nil
}

// Same says whether another asks for the same.
func (c ConsumerConfig) Same(other ConsumerConfig) bool {
	same := c.Start.String() == other.Start.String()
	c.Start, other.Start = Start{}, Start{}
	return same && c == other
}

// Consumer is a durable consumer as it stands. Positions are sequences of the room's log.
type Consumer struct {
	ConsumerConfig
	Reset       *Start    // where it began anew; nil if it has never been reset
	Created     time.Time // or reset
	Delivered   uint64    // handed out up to here
	Acked       uint64    // all up to here that were for it are acknowledged
	Pending     uint64    // messages that have never been handed out
	AckPending  int       // handed out, not acknowledged
	Redelivered int       // of these, more than once
}

// Needs says whether a message is for the consumer and may not have been acknowledged.
func (c Consumer) Needs(h Header) bool {
	return !h.Direct && h.Room == c.ID.Room && h.Sequence > c.Acked &&
		(c.Lane == "" || c.Lane == h.Lane) && (c.Type == "" || c.Type == h.Type)
}
