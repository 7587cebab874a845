package whatsapp

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// answer is what the Graph API says. Its words are not looked at.
type answer struct {
	Messages []struct {
		ID string `json:"id"`
	} `json:"messages"`
	Error *struct {
		Code int `json:"code"`
	} `json:"error"`
}

// judge says what an answer means.
func judge(reply outbound.Reply) channels.Outcome {
	if o, full := channels.Full(reply.Err); full {
		return o
	}
	if reply.Status == 0 {
		return channels.Outcome{Result: channels.Deferred, Reason: why(reply.Answer), Code: reply.Code()}
	}
	var a answer
	readable := json.Unmarshal(reply.Body, &a) == nil
	switch {
	case reply.OK() && readable && len(a.Messages) == 1 && a.Messages[0].ID != "":
		return channels.Outcome{Result: channels.Sent, ProviderID: idOf(a.Messages[0].ID)}
	case reply.OK(): // whoever has answered, it was not the Cloud API as we know it
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: reply.Code()}
	case readable && a.Error != nil:
		return meaning(a.Error.Code, reply.Status).outcome(a.Error.Code)
	}
	m := ofStatus(reply.Status)
	return channels.Outcome{Result: m.result, Reason: m.reason, Code: reply.Code(), After: m.after}
}

// sense is what an error code stands for.
type sense struct {
	result channels.Result
	reason rooms.Reason
	after  time.Duration
	word   string
}

func (s sense) outcome(code int) channels.Outcome {
	return channels.Outcome{Result: s.result, Reason: s.reason, After: s.after, Code: named(code, s.word)}
}

// named is a code with a word for who reads it.
func named(code int, word string) string {
	if word == "" {
		return strconv.Itoa(code)
	}
	return strconv.Itoa(code) + " " + word
}

// The ways in which an error is dealt with.
func refused(word string) sense {
	return sense{result: channels.Rejected, reason: rooms.Rejected, word: word}
}

func throttled(after time.Duration) sense {
	return sense{channels.Throttled, rooms.Throttled, after, "rate"}
}

func later(after time.Duration, word string) sense {
	return sense{channels.Deferred, rooms.Deferred, after, word}
}

// barred says that nothing can be sent until a person has put something right at Meta.
func barred(word string) sense {
	return sense{result: channels.Deferred, reason: rooms.Unreachable, word: word}
}

// ours says that a person has to put the configuration right.
func ours(word string) sense {
	return sense{result: channels.Deferred, reason: rooms.Unconfigured, word: word}
}

// meaning is that of a code, or, if it is none that is known, of the status of HTTP.
func meaning(code, status int) sense {
	switch {
	case code >= 200 && code < 300:
		return barred("permission")
	case code >= 132000 && code < 133000:
		return ours("template")
	}
	if s, ok := senses()[code]; ok {
		return s
	}
	return ofStatus(status)
}

// senses are the codes of https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes that need a word.
func senses() map[int]sense {
	return map[int]sense{
		0: barred("token"), 190: barred("token"), 3: barred("permission"), 10: barred("permission"), 131005: barred("permission"),
		368: barred("policy"), 131031: barred("locked"), 131042: barred("payment"), 131045: barred("registration"), 133010: barred("registration"),

		4: throttled(time.Minute), 80007: throttled(time.Minute), 130429: throttled(5 * time.Second),
		131056: later(time.Minute, "pair-rate"), 131048: later(15*time.Minute, "spam"),

		131026: {result: channels.Rejected, reason: rooms.NoMailbox, word: "undeliverable"},
		131050: {result: channels.Suppressed, reason: rooms.Suppressed, word: "opted-out"},
		131047: refused("window-closed"), 131049: refused("not-engaged"), 130472: refused("experiment"), 130497: refused("country"),
		131021: refused("to-ourselves"), 131030: refused("not-in-test-list"),

		33: ours("phone-number-id"), 100: ours("parameter"), 131008: ours("parameter"), 131009: ours("parameter"), 131051: ours("type"),
	}
}

// ofStatus is what is known from the status alone.
func ofStatus(status int) sense {
	switch {
	case status == http.StatusTooManyRequests:
		return throttled(5 * time.Second)
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return barred("")
	case status/100 == 4:
		return ours("")
	}
	return later(0, "")
}

// why says what kept a call from being answered.
func why(a outbound.Answer) rooms.Reason {
	switch {
	case a.Taken:
		return rooms.Unknown
	case a.Late:
		return rooms.TimedOut
	}
	return rooms.Unreachable
}
