package matrix

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

// page is an answer of /sync, as far as it is read. What people write stays as it is until it is looked at, so that nobody can
// make the whole unreadable.
type page struct {
	NextBatch string `json:"next_batch"`
	Rooms     struct {
		Join   map[string]joined  `json:"join"`
		Invite map[string]invited `json:"invite"`
		Leave  map[string]joined  `json:"leave"`
	} `json:"rooms"`
}

type joined struct {
	Timeline  timeline `json:"timeline"`
	Ephemeral events   `json:"ephemeral"`
}

type invited struct {
	State events `json:"invite_state"`
}

type timeline struct {
	Events  []event `json:"events"`
	Limited bool    `json:"limited"`
	Prev    string  `json:"prev_batch"`
}

type events struct {
	Events []event `json:"events"`
}

// isEmpty says that there is nothing in it.
func (p page) isEmpty() bool {
	return len(p.Rooms.Join)+len(p.Rooms.Invite)+len(p.Rooms.Leave) == 0
}

// event is one of a room, whose parts have been written by others.
type event struct {
	ID       string         `json:"event_id"`
	Type     string         `json:"type"`
	Sender   string         `json:"sender"`
	Key      jsontext.Value `json:"state_key"`
	Content  jsontext.Value `json:"content"`
	Time     jsontext.Value `json:"origin_server_ts"`
	Unsigned jsontext.Value `json:"unsigned"`
}

// content is what may stand in an event; what is of another kind than it should be is as if it was not there.
type content struct {
	MsgType, Body, Membership, Attempt string
	Direct                             bool
	Relation, Answers                  string // rel_type; the event that is answered
}

func (e event) content() content {
	m := members(e.Content)
	relates := members(m["m.relates_to"])
	return content{
		MsgType: text(m["msgtype"]), Body: text(m["body"]), Membership: text(m["membership"]), Attempt: text(m["org.crier.attempt"]),
		Direct: m["is_direct"].Kind() == 't', Relation: text(relates["rel_type"]), Answers: text(members(relates["m.in_reply_to"])["event_id"]),
	}
}

// before is the membership that this one has ended.
func (e event) before() string {
	return text(members(members(e.Unsigned)["prev_content"])["membership"])
}

// key is the state key: whose membership it is.
func (e event) key() string { return text(e.Key) }

// at is the sender's time, which is not believed where it lies ahead.
func (e event) at(now time.Time) time.Time { return moment(e.Time, now) }

// moment reads milliseconds since 1970.
func moment(v jsontext.Value, now time.Time) time.Time {
	var ms int64
	if json.Unmarshal(v, &ms) != nil || ms <= 0 || ms > now.UnixMilli() {
		return now.UTC()
	}
	return time.UnixMilli(ms).UTC()
}

// members reads an object, or nothing.
func members(v jsontext.Value) map[string]jsontext.Value {
	var m map[string]jsontext.Value
	if v.Kind() != '{' || json.Unmarshal(v, &m, lenient()) != nil {
		return nil
	}
	return m
}

// text reads a string, or nothing.
func text(v jsontext.Value) string {
	var s string
	if v.Kind() != '"' || json.Unmarshal(v, &s, lenient()) != nil {
		return ""
	}
	return s
}

// reading is that somebody has read up to an event.
type reading struct {
	event string
	at    time.Time
}

// readings are those of others than us in an m.receipt.
func readings(e event, us string, now time.Time) (all []reading) {
	if e.Type != "m.receipt" {
		return nil
	}
	for id, kinds := range members(e.Content) {
		for user, read := range members(members(kinds)["m.read"]) {
			if user != us && id != "" {
				all = append(all, reading{id, moment(members(read)["ts"], now)})
				break // one is enough
			}
		}
	}
	return all
}

// said is what somebody has written, without what his client quotes of the event that he answers.
func said(c content) rooms.Body {
	lines := strings.Split(c.Body, "\n")
	if c.Answers != "" {
		for len(lines) > 0 && (strings.HasPrefix(lines[0], "> ") || lines[0] == ">") {
			lines = lines[1:]
			if len(lines) > 0 && lines[0] == "" {
				lines = lines[1:]
				break
			}
		}
	}
	return rooms.NewBody(strings.Join(lines, "\n"))
}
