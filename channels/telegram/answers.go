package telegram

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// answer is what the Bot API says. The description is looked at and never kept.
type answer[T any] struct {
	OK          bool   `json:"ok"`
	Code        int    `json:"error_code"`
	Description string `json:"description"`
	Parameters  struct {
		RetryAfter int64 `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	Result T `json:"result"`
}

type sent struct {
	ID int64 `json:"message_id"`
}

const (
	shortWait = time.Minute // for which a lane may pause
	longWait  = 24 * time.Hour
)

// judge says what an answer to sendMessage means.
func judge(reply outbound.Reply, id func(int64) string) channels.Outcome {
	if o, full := channels.Full(reply.Err); full {
		return o
	}
	if reply.Status == 0 {
		return channels.Outcome{Result: channels.Deferred, Reason: why(reply.Answer), Code: reply.Code()}
	}
	var a answer[sent]
	readable := json.Unmarshal(reply.Body, &a) == nil
	switch {
	case readable && a.OK && a.Result.ID > 0:
		return channels.Outcome{Result: channels.Sent, ProviderID: id(a.Result.ID)}
	case reply.OK(): // whoever has answered, it was not the Bot API as we know it
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, Code: reply.Code()}
	case !readable || a.Code == 0 || a.OK:
		return foreign(reply)
	}
	return a.outcome()
}

// foreign is an answer of somebody between us and the Bot API, who cannot refuse anything for good.
func foreign(reply outbound.Reply) channels.Outcome {
	if reply.Status/100 != 4 || !reply.Final() {
		return answer[sent]{Code: reply.Status}.outcome()
	}
	return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: reply.Code()}
}

// outcome is that of a refusal.
func (a answer[T]) outcome() channels.Outcome {
	wait := min(max(time.Duration(min(a.Parameters.RetryAfter, int64(longWait/time.Second)))*time.Second, time.Second), longWait)
	code := strconv.Itoa(a.Code)
	switch {
	case a.Code == http.StatusTooManyRequests && wait <= shortWait:
		return channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, Code: code, After: wait}
	case a.Code == http.StatusTooManyRequests:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: code, After: wait}
	case a.Code == http.StatusUnauthorized || a.Code == http.StatusNotFound:
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: code + " token"}
	case a.Parameters.MigrateTo != 0:
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoMailbox, Code: code + " chat-migrated"}
	}
	said := strings.ToLower(a.Description)
	for _, r := range refusals() {
		if r.code == a.Code && strings.Contains(said, r.says) {
			return channels.Outcome{Result: r.result, Reason: r.reason, Code: strings.TrimSpace(code + " " + r.word)}
		}
	}
	return channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, Code: code}
}

// refusal is what a description stands for.
type refusal struct {
	code   int
	says   string // a part of it, in lower case
	result channels.Result
	reason rooms.Reason
	word   string
}

// refusals are looked at in order.
func refusals() []refusal {
	return []refusal{
		{403, "user is deactivated", channels.Rejected, rooms.NoMailbox, "user-deactivated"},
		{403, "blocked by the user", channels.Suppressed, rooms.Suppressed, "blocked"},
		{403, "", channels.Suppressed, rooms.Suppressed, "not-allowed"},
		{400, "chat not found", channels.Rejected, rooms.NoMailbox, "chat-not-found"},
		{400, "upgraded to a supergroup", channels.Rejected, rooms.NoMailbox, "chat-migrated"},
		{400, "not enough rights", channels.Suppressed, rooms.Suppressed, "not-allowed"},
		{400, "have no rights", channels.Suppressed, rooms.Suppressed, "not-allowed"},
		{400, "message is too long", channels.Rejected, rooms.Rejected, "too-long"},
		{400, "", channels.Rejected, rooms.Rejected, ""},
	}
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
