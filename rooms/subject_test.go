package rooms_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

func anyRoom(t *rapid.T) rooms.Room {
	return rooms.Room(rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,63}`).Draw(t, "room"))
}

func anyUMID(t *rapid.T) rooms.UMID {
	return rooms.UMID(rapid.StringMatching(`[0-7][0-9A-HJKMNP-TV-Z]{25}`).Draw(t, "umid"))
}

func anyID(t *rapid.T) rooms.SubscriberID {
	hash := rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "hash")
	return rooms.SubscriberID(base64.RawURLEncoding.EncodeToString(hash))
}

func anyOf[T any](t *rapid.T, list []T) T { return rapid.SampledFrom(list).Draw(t, "one") }

func TestMessageSubjectReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		direct, room, lane := rapid.Bool().Draw(t, "direct"), anyRoom(t), anyOf(t, rooms.Lanes())
		kind := rooms.Type(anyRoom(t))
		d, r, l, k, err := rooms.ParseMessageSubject(rooms.MessageSubject(direct, room, lane, kind))
		if err != nil || d != direct || r != room || l != lane || k != kind {
			t.Fatalf("%v %s %s %s, %v", d, r, l, k, err)
		}
	})
}

func TestSubjectsOfWhatWaitsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room, lane, kind, umid := anyRoom(t), anyOf(t, rooms.Lanes()), rooms.Type(anyRoom(t)), anyUMID(t)
		subject := rooms.HeldSubject(room, lane, kind)
		if r, l, k, err := rooms.ParseHeldSubject(subject); err != nil || r != room || l != lane || k != kind {
			t.Fatalf("%s %s %s, %v", r, l, k, err)
		}
		if _, _, _, _, err := rooms.ParseMessageSubject(subject); !errors.Is(err, rooms.ErrSubject) {
			t.Fatalf("%s is taken for that of a message that has gone", subject)
		}
		if u, err := rooms.ParseWakeSchedule(rooms.WakeSchedule(umid)); err != nil || u != umid {
			t.Fatalf("%s, %v", u, err)
		}
	})
	for _, s := range []string{"", "held.a.normal", "room.a.normal.x", "held.a.slow.x", "held..normal.x", "held.a.normal.x.y"} {
		if _, _, _, err := rooms.ParseHeldSubject(s); !errors.Is(err, rooms.ErrSubject) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "sched.x-release", "sched.01KAMVJVG0ZJ2C5YD3GZ7A8Q4M-0-1", "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M-release"} {
		if _, err := rooms.ParseWakeSchedule(s); !errors.Is(err, rooms.ErrSubject) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestOtherSubjectsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		room, lane, channel, kind, sub := anyRoom(t), anyOf(t, rooms.Lanes()), anyOf(t, rooms.Channels()), anyOf(t, rooms.Kinds()), anyID(t)
		if l, c, err := rooms.ParseJobSubject(rooms.JobSubject(lane, channel)); err != nil || l != lane || c != channel {
			t.Fatalf("job: %s %s, %v", l, c, err)
		}
		if r, k, err := rooms.ParseEventSubject(rooms.EventSubject(room, kind)); err != nil || r != room || k != kind {
			t.Fatalf("event: %s %s, %v", r, k, err)
		}
		if r, s, err := rooms.ParseSubscriberSubject(rooms.SubscriberSubject(room, sub)); err != nil || r != room || s != sub {
			t.Fatalf("subscriber: %s %s, %v", r, s, err)
		}
		if r, s, err := rooms.ParseWebhookSubject(rooms.WebhookSubject(room, sub)); err != nil || r != room || s != sub {
			t.Fatalf("webhook: %s %s, %v", r, s, err)
		}
	})
}

func TestScheduleSubjectReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rooms.DeliveryID{UMID: anyUMID(t), N: rapid.IntRange(0, 1<<31-1).Draw(t, "n")}
		attempt, round := rapid.IntRange(0, 1<<16-1).Draw(t, "attempt"), rapid.IntRange(0, rooms.MaxRounds).Draw(t, "round")
		got, r, a, err := rooms.ParseScheduleSubject(rooms.ScheduleSubject(id, round, attempt))
		if err != nil || got != id || a != attempt || r != round {
			t.Fatalf("%v %d %d, %v", got, r, a, err)
		}
	})
}

// What has no parser is held to the letter, since consumers and streams are named by it.
func TestSubjectsAreFixed(t *testing.T) {
	const u = rooms.UMID("01JDB6T0G00000000000000001")
	for got, want := range map[string]string{
		rooms.RoomFilter(false, "newborn"):                                 "room.newborn.>",
		rooms.RoomFilter(true, "newborn"):                                  "direct.newborn.>",
		rooms.LaneFilters(rooms.Bulk)[0]:                                   "room.*.bulk.>",
		rooms.LaneFilters(rooms.Bulk)[1]:                                   "direct.*.bulk.>",
		rooms.JobFilter(rooms.Normal):                                      "job.normal.*",
		rooms.DoneSubject(rooms.Emergency, u, 12):                          "done.emergency." + string(u) + ".12",
		rooms.QueueSubjects(rooms.Normal)[1]:                               "done.normal.>",
		rooms.DueSubject(rooms.Normal):                                     "due.normal",
		rooms.QueueSubjects(rooms.Normal)[3]:                               "aside.normal.*.*",
		rooms.AsideFilter(rooms.Normal):                                    "aside.normal.plan.*",
		rooms.MovedSubject(rooms.Normal, u):                                "aside.normal.moved." + string(u),
		rooms.SubscribersFilter("newborn"):                                 "sub.newborn.>",
		rooms.WebhooksFilter("newborn"):                                    "sub.newborn.webhook.*",
		rooms.AuditSubject("node-1", "api"):                                "audit.node-1.api",
		rooms.MessageSubject(true, "newborn", rooms.Emergency, "reminder"): "direct.newborn.emergency.reminder",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// printed is a subject read and printed again, by each parser that accepts it.
func printed(s string) (out []string, errs []error) {
	add := func(text string, err error) {
		if err == nil {
			out = append(out, text)
			return
		}
		errs = append(errs, err)
	}
	d, r, l, k, err := rooms.ParseMessageSubject(s)
	add(rooms.MessageSubject(d, r, l, k), err)
	lane, channel, err := rooms.ParseJobSubject(s)
	add(rooms.JobSubject(lane, channel), err)
	room, kind, err := rooms.ParseEventSubject(s)
	add(rooms.EventSubject(room, kind), err)
	room, sub, err := rooms.ParseSubscriberSubject(s)
	add(rooms.SubscriberSubject(room, sub), err)
	room, sub, err = rooms.ParseWebhookSubject(s)
	add(rooms.WebhookSubject(room, sub), err)
	id, round, attempt, err := rooms.ParseScheduleSubject(s)
	add(rooms.ScheduleSubject(id, round, attempt), err)
	lane, umid, err := rooms.ParseAsideSubject(s)
	add(rooms.AsideSubject(lane, umid), err)
	umid, err = rooms.ParseParkedSubject(s)
	add(rooms.ParkedSubject(umid), err)
	return out, errs
}

func FuzzSubject(f *testing.F) {
	for _, s := range []string{
		"room.newborn.normal.reminder", "direct.a.bulk.b", "room.a..b", "job.normal.sms", "job..sms", "event.newborn.sent",
		"sub.newborn.n3fXk0mZq9sV2hYt7LwB1cRjEuA", "sub.newborn.n3fXk0mZq9sV2hYt7LwB1cRjEuB",
		"sched.01JDB6T0G00000000000000001-7-2", "sched.01JDB6T0G00000000000000001-07-2", "sched.01JDB6T0G00000000000000001-7-+2", "room.>", "",
		"sched.01JDB6T0G00000000000000001-7-2-3", "sched.01JDB6T0G00000000000000001-7-2-0", "parked.01JDB6T0G00000000000000001", "parked.",
		"aside.bulk.plan.01JDB6T0G00000000000000001", "aside..plan.01JDB6T0G00000000000000001", "aside.bulk.moved.01JDB6T0G00000000000000001",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, errs := printed(s)
		if len(out) > 1 {
			t.Errorf("%q is %d kinds of subject", s, len(out))
		}
		for _, again := range out {
			if again != s {
				t.Errorf("%q was accepted and prints as %q", s, again)
			}
		}
		for _, err := range errs {
			if !errors.Is(err, rooms.ErrSubject) {
				t.Errorf("%q: %v, want ErrSubject", s, err)
			}
		}
	})
}
