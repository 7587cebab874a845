package rooms

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrSubject is wrapped by every refusal of a subject.
var ErrSubject = errors.New("not a subject of crier")

// Filters of the streams' consumers, and the prefixes that streams listen on.
const (
	MessageFilter    = "room.>"
	DirectFilter     = "direct.>"
	EventFilter      = "event.>"
	SubscriberFilter = "sub.>"
	AuditFilter      = "audit.>"
	ScheduleFilter   = "sched.>"
	DueFilter        = "due.>"
	LiveFilter       = "live.>"
	CallbackFilter   = "callback.*"
	HeldFilter       = "held.>"
	ParkedFilter     = "parked.*"
	ReceiptFilter    = "receipt.*"
	InboundFilter    = "inbound.*"
	UnmatchedFilter  = "unmatched.*"
	ClaimFilter      = "claim.>"
	LeftFilter       = "left.*.*"
)

// MessageSubject is where a message stands in the room's log: room.<room>.<lane>.<type> for
// all subscribers, direct.<room>.<lane>.<type> for named recipients.
func MessageSubject(direct bool, r Room, l Lane, t Type) string {
	return prefix(direct) + "." + string(r) + "." + string(l) + "." + string(t)
}

func prefix(direct bool) string {
	if direct {
		return "direct"
	}
	return "room"
}

// HeldSubject is where a message stands that waits, unseen by all who read rooms.
func HeldSubject(r Room, l Lane, t Type) string {
	return "held." + string(r) + "." + string(l) + "." + string(t)
}

// ParseHeldSubject reads held.<room>.<lane>.<type>.
func ParseHeldSubject(s string) (r Room, l Lane, t Type, err error) {
	rest, ok := strings.CutPrefix(s, "held.")
	if !ok {
		return "", "", "", ErrSubject
	}
	_, r, l, t, err = ParseMessageSubject("room." + rest)
	return r, l, t, err
}

// WakeSubject is where messages that wait fall due; WakeSchedule holds the schedule of one.
const WakeSubject = "due.release"

// WakeSchedule is where it stands when a message that waits is looked at.
func WakeSchedule(u UMID) string { return "sched." + string(u) + "-release" }

// ParseWakeSchedule reads sched.<umid>-release.
func ParseWakeSchedule(s string) (UMID, error) {
	rest, ok := strings.CutPrefix(s, "sched.")
	id, ends := strings.CutSuffix(rest, "-release")
	u, err := ParseUMID(id)
	if !ok || !ends || err != nil {
		return "", ErrSubject
	}
	return u, nil
}

// LaneFilters are what the planner of a lane reads of the room's log.
func LaneFilters(l Lane) []string {
	return []string{"room.*." + string(l) + ".>", "direct.*." + string(l) + ".>"}
}

// RoomFilter selects every message of a room, for all (room.) or for the named (direct.).
func RoomFilter(direct bool, r Room) string { return prefix(direct) + "." + string(r) + ".>" }

// LiveRoomFilter selects what is told of a room's messages to all subscribers as they are stored.
func LiveRoomFilter(r Room) string { return "live." + string(r) + ".>" }

// JobSubject is where the jobs of a lane and channel wait.
func JobSubject(l Lane, c Channel) string { return "job." + string(l) + "." + string(c) }

// JobFilter selects the jobs of a lane on all channels.
func JobFilter(l Lane) string { return "job." + string(l) + ".*" }

// DoneSubject marks that a page of a message, counted from 0, has become jobs.
func DoneSubject(l Lane, u UMID, page int) string {
	return "done." + string(l) + "." + string(u) + "." + strconv.Itoa(page)
}

// DoneFilter selects the markers of a lane.
func DoneFilter(l Lane) string { return "done." + string(l) + ".>" }

// TurnSubject carries, among the markers, the condition of a step that makes no jobs.
func TurnSubject(l Lane) string { return "done." + string(l) + ".turn" }

// FenceSubject tells who plans a lane: its last entry stands before all jobs of the present planner.
func FenceSubject(l Lane) string { return "fence." + string(l) }

// QueueSubjects are those of the stream that holds a lane's jobs.
func QueueSubjects(l Lane) []string {
	return []string{JobFilter(l), DoneFilter(l), FenceSubject(l), "aside." + string(l) + ".*.*"}
}

// AsideSubject tells how far a message is planned whose planning was put off.
func AsideSubject(l Lane, u UMID) string { return "aside." + string(l) + ".plan." + string(u) }

// AsideFilter selects the messages of a lane whose planning was put off.
func AsideFilter(l Lane) string { return "aside." + string(l) + ".plan.*" }

// MovedSubject tells how far the jobs of a message that was paused are back in their lane.
func MovedSubject(l Lane, u UMID) string { return "aside." + string(l) + ".moved." + string(u) }

// ParseAsideSubject reads aside.<lane>.plan.<umid>.
func ParseAsideSubject(s string) (Lane, UMID, error) {
	f := strings.Split(s, ".")
	if len(f) != 4 || f[0] != "aside" || f[1] == "" || f[2] != "plan" {
		return "", "", ErrSubject
	}
	l, errL := ParseLane(f[1])
	u, errU := ParseUMID(f[3])
	return l, u, subjectError(errL, errU)
}

// ParkedSubject is where the jobs of a message wait while it is paused.
func ParkedSubject(u UMID) string { return "parked." + string(u) }

// ParseParkedSubject reads parked.<umid>.
func ParseParkedSubject(s string) (UMID, error) {
	id, ok := strings.CutPrefix(s, "parked.")
	u, err := ParseUMID(id)
	if !ok || err != nil {
		return "", ErrSubject
	}
	return u, nil
}

// ReceiptSubject is where receipts of a channel wait whose delivery is not known yet.
func ReceiptSubject(c Channel) string { return "receipt." + string(c) }

// ParseReceiptSubject reads receipt.<channel>.
func ParseReceiptSubject(s string) (Channel, error) {
	name, ok := strings.CutPrefix(s, "receipt.")
	c, err := ParseChannel(name)
	if !ok || err != nil {
		return "", ErrSubject
	}
	return c, nil
}

// InboundSubject is where it is kept what people write to a room; UnmatchedSubject, of a channel, where nobody knows to
// which.
func InboundSubject(r Room) string { return "inbound." + string(r) }

// UnmatchedSubject is where it is kept what came in on a channel and belongs to no room.
func UnmatchedSubject(c Channel) string { return "unmatched." + string(c) }

// ParseReplySubject reads inbound.<room> or unmatched.<channel>.
func ParseReplySubject(s string) (Room, Channel, error) {
	if name, ok := strings.CutPrefix(s, "inbound."); ok {
		r, err := ParseRoom(name)
		return r, "", subjectError(err)
	}
	name, ok := strings.CutPrefix(s, "unmatched.")
	c, err := ParseChannel(name)
	if !ok || name == "" || err != nil {
		return "", "", ErrSubject
	}
	return "", c, nil
}

// ScheduleSubject holds one delivery until its next attempt; DueSubject is where it falls due.
func ScheduleSubject(id DeliveryID, round, attempt int) string {
	if round > 0 {
		return fmt.Sprintf("sched.%s-%d-%d-%d", id.UMID, id.N, attempt, round)
	}
	return fmt.Sprintf("sched.%s-%d-%d", id.UMID, id.N, attempt)
}

// ClaimSubject stands for one attempt, so that it begins once: claim.<umid>.<n>.<round>.<attempt>.
func ClaimSubject(a AttemptID) string {
	return fmt.Sprintf("claim.%s.%d.%d.%d", a.UMID, a.N, a.Round, a.Attempt)
}

// DueSubject is where parked deliveries of a lane fall due.
func DueSubject(l Lane) string { return "due." + string(l) }

// EventSubject is where an event of a room is recorded.
func EventSubject(r Room, k Kind) string { return "event." + string(r) + "." + string(k) }

// SubscriberSubject is where the entry of a person who has subscribed stands.
func SubscriberSubject(r Room, s SubscriberID) string {
	return "sub." + string(r) + "." + string(s)
}

// WebhookSubject is where the entry of a webhook stands. There are few of them among many people,
// so that they have to be found apart.
func WebhookSubject(r Room, s SubscriberID) string {
	return "sub." + string(r) + ".webhook." + string(s)
}

// SubscribersFilter selects the subscribers of a room, webhooks included.
func SubscribersFilter(r Room) string { return "sub." + string(r) + ".>" }

// WebhooksFilter selects the webhooks of a room.
func WebhooksFilter(r Room) string { return "sub." + string(r) + ".webhook.*" }

// LeftSubject is where it stands that a contact has left a room, under the id that it had there.
func LeftSubject(r Room, s SubscriberID) string { return "left." + string(r) + "." + string(s) }

// LeftRoomFilter selects who has left a room.
func LeftRoomFilter(r Room) string { return "left." + string(r) + ".*" }

// CallbackSubject is where it stands that the sender of a message is to be told; the latest counts.
func CallbackSubject(u UMID) string { return "callback." + string(u) }

// RepliedSubject is where it stands that the sender of a message is to be told of a reply to it.
func RepliedSubject(u UMID, reply uint64) string {
	return CallbackSubject(u) + "-" + strconv.FormatUint(reply, 10)
}

// ParseCallbackSubject reads callback.<umid> or callback.<umid>-<reply>.
func ParseCallbackSubject(s string) (UMID, error) {
	id, ok := strings.CutPrefix(s, "callback.")
	if umid, reply, replied := strings.Cut(id, "-"); replied {
		if _, err := ParseReplyID(reply); err != nil {
			return "", ErrSubject
		}
		id = umid
	}
	u, err := ParseUMID(id)
	if !ok || err != nil {
		return "", ErrSubject
	}
	return u, nil
}

// AuditSubject is where a component of a node records what it did.
func AuditSubject(node, component string) string { return "audit." + node + "." + component }

// ParseMessageSubject reads room.<room>.<lane>.<type> or direct.<room>.<lane>.<type>.
func ParseMessageSubject(s string) (direct bool, r Room, l Lane, t Type, err error) {
	f := strings.Split(s, ".")
	if len(f) != 4 || f[0] != "room" && f[0] != "direct" || f[2] == "" {
		return false, "", "", "", ErrSubject
	}
	r, errR := ParseRoom(f[1])
	l, errL := ParseLane(f[2])
	t, errT := ParseType(f[3])
	return f[0] == "direct", r, l, t, subjectError(errR, errL, errT)
}

// ParseJobSubject reads job.<lane>.<channel>.
func ParseJobSubject(s string) (Lane, Channel, error) {
	f := strings.Split(s, ".")
	if len(f) != 3 || f[0] != "job" || f[1] == "" {
		return "", "", ErrSubject
	}
	l, errL := ParseLane(f[1])
	c, errC := ParseChannel(f[2])
	return l, c, subjectError(errL, errC)
}

// ParseEventSubject reads event.<room>.<kind>.
func ParseEventSubject(s string) (Room, Kind, error) {
	f := strings.Split(s, ".")
	if len(f) != 3 || f[0] != "event" {
		return "", "", ErrSubject
	}
	r, errR := ParseRoom(f[1])
	k, errK := ParseKind(f[2])
	return r, k, subjectError(errR, errK)
}

// ParseSubscriberSubject reads sub.<room>.<subscriber>.
func ParseSubscriberSubject(s string) (Room, SubscriberID, error) {
	f := strings.Split(s, ".")
	if len(f) != 3 || f[0] != "sub" {
		return "", "", ErrSubject
	}
	r, errR := ParseRoom(f[1])
	id, errI := ParseSubscriberID(f[2])
	return r, id, subjectError(errR, errI)
}

// ParseWebhookSubject reads sub.<room>.webhook.<subscriber>.
func ParseWebhookSubject(s string) (Room, SubscriberID, error) {
	f := strings.Split(s, ".")
	if len(f) != 4 || f[0] != "sub" || f[2] != string(Webhook) {
		return "", "", ErrSubject
	}
	r, errR := ParseRoom(f[1])
	id, errI := ParseSubscriberID(f[3])
	return r, id, subjectError(errR, errI)
}

// ParseLeftSubject reads left.<room>.<subscriber>.
func ParseLeftSubject(s string) (Room, SubscriberID, error) {
	f := strings.Split(s, ".")
	if len(f) != 3 || f[0] != "left" {
		return "", "", ErrSubject
	}
	r, errR := ParseRoom(f[1])
	id, errI := ParseSubscriberID(f[2])
	return r, id, subjectError(errR, errI)
}

// ParseScheduleSubject reads sched.<umid>-<n>-<attempt> or, of a later round, sched.<umid>-<n>-<attempt>-<round>.
func ParseScheduleSubject(s string) (id DeliveryID, round, attempt int, err error) {
	text, ok := strings.CutPrefix(s, "sched.")
	f := strings.Split(text, "-")
	if !ok || len(f) != 3 && len(f) != 4 {
		return DeliveryID{}, 0, 0, ErrSubject
	}
	u, errU := ParseUMID(f[0])
	n, errN := strconv.ParseUint(f[1], 10, 31)
	a, errA := strconv.ParseUint(f[2], 10, 16)
	r, errR := uint64(0), error(nil)
	if len(f) == 4 {
		r, errR = strconv.ParseUint(f[3], 10, 8)
	}
	if err := subjectError(errU, errN, errA, errR); err != nil {
		return DeliveryID{}, 0, 0, err
	}
	d := DeliveryID{UMID: u, N: int(n)}
	if ScheduleSubject(d, int(r), int(a)) != s { // leading zeros
		return DeliveryID{}, 0, 0, ErrSubject
	}
	return d, int(r), int(a), nil
}

func subjectError(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return ErrSubject
	}
	return nil
}
