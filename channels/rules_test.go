package channels

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

// ruled is the one policy there is.
type ruled struct{ rules rooms.Policy }

func (r ruled) Policy(context.Context, rooms.Revision) (rooms.Policy, error) { return r.rules, nil }

func under(rules rooms.PolicyRules) ruled {
	return ruled{rooms.Policy{Retry: []time.Duration{5 * time.Minute}, PolicyRules: rules}}
}

// night is quiet until 6:00; synctest begins at midnight.
var night = rooms.Times{Quiet: []rooms.QuietHours{{From: 22 * 60, Until: 6 * 60}}}

// both is a person with a mailbox and a telephone.
var both = unsealed(`{"c":"email","a":"canary@example.com","o":[{"c":"sms","a":"+996555000111"}]}`)

func within24Hours(j work) work {
	j.Deadline = time.Now().Add(24 * time.Hour)
	return j
}

func TestQuietHours(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(j *work)
		rules  rooms.PolicyRules
		result Outcome
		want   []string
	}{
		"at night": {func(*work) {}, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"park 0.1 in 6h0m0s", "record postponed 0.1 quiet-hours", "done"}},
		"a further attempt": {func(j *work) { j.Attempt = 3 }, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"settled? 0.3", "park 0.3 in 6h0m0s", "record postponed 0.3 quiet-hours", "done"}},
		"an emergency": {func(j *work) { j.Lane = rooms.Emergency }, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"record sent 0.1 ", "done"}},
		"what operators are told": {func(j *work) { j.Anytime = true }, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"record sent 0.1 ", "done"}},
		"expires before": {func(j *work) { j.Deadline = time.Now().Add(5 * time.Hour) }, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"record failed 0.1 expired", "done"}},
		"never again": {func(*work) {}, rooms.PolicyRules{Times: rooms.Times{Until: "1999-12-31"}}, Outcome{Result: Sent},
			[]string{"record failed 0.1 expired", "done"}},
		"by day": {func(*work) {}, rooms.PolicyRules{Times: rooms.Times{Zone: "Asia/Tokyo", Quiet: night.Quiet}}, Outcome{Result: Sent},
			[]string{"record sent 0.1 ", "done"}},
		"the retry falls into it": {func(*work) {}, rooms.PolicyRules{Times: rooms.Times{Quiet: []rooms.QuietHours{{From: 2, Until: 60}}}}, Outcome{Result: Deferred},
			[]string{"park 0.2 in 1h0m0s", "record errored 0.1 deferred", "done"}},
		"no retry before the deadline": {func(j *work) { j.Deadline = time.Now().Add(time.Hour) },
			rooms.PolicyRules{Times: rooms.Times{Quiet: []rooms.QuietHours{{From: 2, Until: 60}}}}, Outcome{Result: Deferred},
			[]string{"record failed 0.1 expired", "done"}},
		"moved and too late": {func(j *work) { j.Attempt, j.Moved, j.Deadline = 2, 2, time.Now() }, rooms.PolicyRules{}, Outcome{Result: Sent},
			[]string{"state? 0", "state? 0", "record failed 0.2 expired", "done"}},
		"moved, waits on unsaid": {func(j *work) { j.Attempt, j.Moved = 2, 2 }, rooms.PolicyRules{Times: night}, Outcome{Result: Sent},
			[]string{"state? 0", "park 0.2 in 6h0m0s", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				w := newWorker(d, always(tc.result))
				w.policies = under(tc.rules)
				j := within24Hours(d.job(0))
				tc.change(&j)
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// An application is told at night, too.
func TestQuietHoursAreForPeople(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight
		p, now := rooms.Policy{PolicyRules: rooms.PolicyRules{Times: night}}, time.Now()
		for ch, want := range map[rooms.Channel]time.Duration{rooms.Webhook: 0, rooms.SMS: 6 * time.Hour} {
			j := testJob(0, now.Add(24*time.Hour))
			j.Channel = ch
			if due, ok := allowed(p, j, now); !ok || due.Sub(now) != want {
				t.Errorf("%s: in %s, %t", ch, due.Sub(now), ok)
			}
		}
	})
}

// A job that was postponed says until when, and asks first whether it has been made meanwhile.
func TestPostponedJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := testJob(0, time.Now().Add(24*time.Hour))
		due := time.Now().Add(6 * time.Hour)
		s := postpone(j, rooms.Quiet, time.Now(), due)
		if s.then.Attempt != j.Attempt || !s.then.Due.Equal(due) || !s.event.RetryAt.Equal(due) {
			t.Errorf("put off as %+v, recorded as %+v", s.then, s.event)
		}
		if again := next(s.then); !again.Due.IsZero() || again.Attempt != j.Attempt+1 {
			t.Errorf("the attempt after it is %+v", again)
		}
		d := &diary{settled: true}
		w := newWorker(d, always(Outcome{Result: Sent}))
		w.do(t.Context(), t.Context(), work{Job: s.then, pulled: d, since: time.Now()}, nobody)
		d.expect(t, "settled? 0.1", "done")
	})
}

// What crashes between the steps of a postponement leaves the job, which is postponed to the same moment.
func TestPostponementIsRepeated(t *testing.T) {
	for _, word := range []string{"park", "record", "done"} {
		synctest.Test(t, func(t *testing.T) {
			d := &diary{fail: map[string]error{word: errTest}}
			w := newWorker(d, always(Outcome{Result: Sent}))
			w.policies = under(rooms.PolicyRules{Times: night})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			w.do(t.Context(), ctx, within24Hours(d.job(0)), nobody)
			d.heal(word)
			again := d.job(0)
			again.mayRepeat = true
			w.do(t.Context(), t.Context(), within24Hours(again), nobody)
			got := d.read()
			if n := len(got); got[n-1] != "done" || got[n-2] != "record postponed 0.1 quiet-hours" || got[n-3][:11] != "park 0.1 in" {
				t.Errorf("%s fails, then %q", word, got)
			}
		})
	}
}

func TestSentIsDeliveredWhereThePolicySaysSo(t *testing.T) {
	for name, tc := range map[string]struct {
		channels []rooms.Channel
		receipt  bool
		want     string
	}{
		"no":               {nil, false, "record sent 0.1 "},
		"another channel":  {[]rooms.Channel{rooms.SMS}, false, "record sent 0.1 "},
		"yes":              {[]rooms.Channel{rooms.SMS, rooms.Email}, false, "record delivered 0.1 "},
		"a receipt's word": {[]rooms.Channel{rooms.Email}, true, "record sent 0.1 "},
	} {
		t.Run(name, func(t *testing.T) {
			d := &diary{}
			w := newWorker(d, always(Outcome{Result: Sent, Receipt: tc.receipt}))
			w.policies = under(rooms.PolicyRules{SentIsDelivered: tc.channels})
			w.do(t.Context(), t.Context(), d.job(0), nobody)
			d.expect(t, tc.want, "done")
		})
	}
}

// kept notes what is parked.
type kept struct {
	*diary
	jobs []rooms.Job
	due  []time.Duration
}

func (k *kept) Park(_ context.Context, j rooms.Job, due time.Time) error {
	k.jobs, k.due = append(k.jobs, j), append(k.due, time.Until(due))
	return nil
}

func TestFallback(t *testing.T) {
	sms := []rooms.Fallback{{From: rooms.Email, After: 2 * time.Minute, To: rooms.SMS}}
	for name, tc := range map[string]struct {
		answer   Outcome
		fallback []rooms.Fallback
		person   unsealed
		age      time.Duration
		change   func(j *rooms.Job, m *rooms.Message)
		want     string // what is recorded, and what is parked
	}{
		"a receipt is to come":            {Outcome{Result: Sent, Receipt: true}, sms, both, 0, nil, "sent 1 ; sms 2 in 2m0s"},
		"and late":                        {Outcome{Result: Sent, Receipt: true}, sms, both, 110 * time.Second, nil, "sent 1 ; sms 2 in 10s"},
		"no receipt":                      {Outcome{Result: Sent}, sms, both, 0, nil, "sent 1 "},
		"fails for good":                  {Outcome{Result: Rejected}, sms, both, 0, nil, "errored 1 rejected; sms 2 in 1s"},
		"no such mailbox":                 {Outcome{Result: Rejected, Reason: rooms.NoMailbox}, sms, both, 0, nil, "errored 1 no-mailbox; sms 2 in 1s"},
		"may not be written to":           {Outcome{Result: Suppressed}, sms, both, 0, nil, "failed 1 suppressed"},
		"retries too late":                {Outcome{Result: Deferred}, sms, both, 0, nil, "errored 1 deferred; sms 2 in 2m0s"},
		"retries in time":                 {Outcome{Result: Deferred, After: time.Minute}, sms, both, 0, nil, "errored 1 deferred; email 2 in 1m0s"},
		"its time is over":                {Outcome{Result: Sent}, sms, both, 3 * time.Minute, nil, "errored 1 timeout; sms 2 in 1s"},
		"nowhere else":                    {Outcome{Result: Rejected}, sms, unsealed(contactForm), 0, nil, "failed 1 rejected"},
		"other rule":                      {Outcome{Result: Rejected}, []rooms.Fallback{{From: rooms.SMS, To: rooms.Email}}, both, 0, nil, "failed 1 rejected"},
		"expires before":                  {Outcome{Result: Sent, Receipt: true}, sms, both, 0, func(j *rooms.Job, _ *rooms.Message) { j.Deadline = time.Now().Add(time.Minute) }, "sent 1 "},
		"no retry fits, the other does":   {Outcome{Result: Deferred}, sms, both, 0, func(j *rooms.Job, _ *rooms.Message) { j.Deadline = time.Now().Add(3 * time.Minute) }, "errored 1 deferred; sms 2 in 2m0s"},
		"moved before":                    {Outcome{Result: Rejected}, append(sms, rooms.Fallback{From: rooms.SMS, To: rooms.Email}), both, 0, func(j *rooms.Job, _ *rooms.Message) { j.Channel, j.Attempt, j.Moved = rooms.SMS, 2, 2 }, "failed 2 rejected"},
		"nothing to say here":             {Outcome{Result: Sent}, sms, both, 0, func(_ *rooms.Job, m *rooms.Message) { m.Payload = []byte(`{"sms":"only"}`) }, "errored 1 no-content; sms 2 in 1s"},
		"nothing to say there":            {Outcome{Result: Rejected}, sms, both, 0, func(_ *rooms.Job, m *rooms.Message) { m.Payload = []byte(`{"html":"<p>only</p>"}`) }, "failed 1 rejected"},
		"counted from when a pause ended": {Outcome{Result: Sent, Receipt: true}, sms, both, 3 * time.Minute, func(j *rooms.Job, _ *rooms.Message) { j.Waited, j.Since = true, time.Now() }, "sent 1 ; sms 2 in 2m0s"},
		"counted from when it was to go":  {Outcome{Result: Sent, Receipt: true}, sms, both, 3 * time.Minute, func(_ *rooms.Job, m *rooms.Message) { m.SendAt = time.Now() }, "sent 1 ; sms 2 in 2m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := &kept{diary: &diary{}}
				var to []rooms.Channel
				w := newWorker(k.diary, send(func(_ context.Context, d rooms.Delivery) Outcome {
					to = append(to, d.To.Channel)
					return tc.answer
				}))
				w.journal, w.policies, w.opener.vault = k, under(rooms.PolicyRules{Fallback: tc.fallback}), tc.person
				m := testMessage
				m.ReceivedAt = time.Now().Add(-tc.age)
				j := k.job(0)
				if tc.change != nil {
					tc.change(&j.Job, &m)
				}
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) { return m, nil }
				w.do(t.Context(), t.Context(), j, nobody)
				got := recorded(k.diary)
				for i, next := range k.jobs {
					got += fmt.Sprintf("; %s %d in %s", next.Channel, next.Attempt, k.due[i])
					if moved := next.Channel != j.Channel; moved != (next.Moved == next.Attempt) {
						t.Errorf("parked %+v", next)
					}
				}
				if got != tc.want {
					t.Errorf("%s; want %s", got, tc.want)
				}
				if len(to) > 0 && to[0] != j.Channel {
					t.Errorf("sent by %s", to[0])
				}
			})
		})
	}
}

// recorded gives what was, without the number of the recipient.
func recorded(d *diary) string {
	for _, line := range d.read() {
		var kind, at, reason string
		if n, _ := fmt.Sscanf(line, "record %s %s %s", &kind, &at, &reason); n >= 2 {
			return fmt.Sprintf("%s %s %s", kind, at[2:], reason)
		}
	}
	return ""
}

// The second channel takes over what is not delivered, whatever became of it on the first; never what it has done itself.
func TestWhenTheSecondChannelIsNeedless(t *testing.T) {
	j := rooms.Job{Attempt: 3, Moved: 2}
	for _, tc := range []struct {
		s    rooms.State
		want bool
	}{
		{rooms.State{Status: rooms.Pending}, false},
		{rooms.State{Status: rooms.Queued, Attempt: 3}, false},
		{rooms.State{Status: rooms.Sent, Attempt: 1}, false},
		{rooms.State{Status: rooms.Sent, Attempt: 2}, true},
		{rooms.State{Status: rooms.Errored, Attempt: 2}, false},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Bounced, Attempt: 1}, false},
		{rooms.State{Status: rooms.Failed, Reason: rooms.NoMailbox, Attempt: 1}, false},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Cancelled, Attempt: 1}, true},
		{rooms.State{Status: rooms.Failed, Reason: rooms.Rejected, Attempt: 2}, true},
		{rooms.State{Status: rooms.Delivered, Attempt: 1}, true},
		{rooms.State{Status: rooms.Sent, Attempt: 3}, true},
		{rooms.State{Status: rooms.Errored, Attempt: 3}, true},
		{rooms.State{Status: rooms.Queued, Attempt: 4}, true},
	} {
		if got := NeedlessMoved(tc.s, j); got != tc.want {
			t.Errorf("%+v: %v", tc.s, got)
		}
	}
	for _, tc := range []struct {
		s    rooms.State
		want bool
	}{
		{rooms.State{Status: rooms.Queued, Attempt: 1}, false},
		{rooms.State{Status: rooms.Queued, Attempt: 2}, true}, // it was overtaken by one that is postponed
	} {
		if got := Needless(tc.s, 0, 1); got != tc.want {
			t.Errorf("attempt 1 and %+v: %v", tc.s, got)
		}
	}
}

// A failing receipt is not the end where another channel takes over.
func TestReceiptThatMovesADelivery(t *testing.T) {
	for name, tc := range map[string]struct {
		waits bool
		state rooms.State
		want  []string
	}{
		"the other waits":  {true, rooms.State{}, []string{"hasten 4.2", "record errored 4.1 bounced", "state? 4"}},
		"it ends untried":  {true, rooms.State{Status: rooms.Sent, Attempt: 2, Reason: rooms.Suppressed}, []string{"hasten 4.2", "record errored 4.1 bounced", "state? 4", "record failed 4.1 bounced"}},
		"it has ended so":  {false, rooms.State{Status: rooms.Sent, Attempt: 2, Reason: rooms.Suppressed}, []string{"hasten 4.2", "state? 4", "record failed 4.1 bounced"}},
		"the other is due": {false, rooms.State{Status: rooms.Sent, Attempt: 1, RetryAt: time.Now()}, []string{"hasten 4.2", "state? 4", "record errored 4.1 bounced", "state? 4"}},
		"it has been made": {false, rooms.State{Status: rooms.Sent, Attempt: 2}, []string{"hasten 4.2", "state? 4", "record errored 4.1 bounced", "state? 4"}},
		"there is none":    {false, rooms.State{Status: rooms.Sent, Attempt: 1}, []string{"hasten 4.2", "state? 4", "record failed 4.1 bounced"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &diary{waits: tc.waits, state: tc.state}
			r := receiver{"test", d, d, untouched{}, nil, newWorker(d, nil).log, time.Now}
			rc := Receipt{ID: rooms.DeliveryID{UMID: testUMID, N: 4}, Channel: rooms.Email, Attempt: 1, Status: rooms.Failed}
			if err := r.take(t.Context(), rc); err != nil {
				t.Fatal(err)
			}
			d.expect(t, tc.want...)
		})
	}
}

// reachedBefore are the messages that have reached everybody, by how long ago.
type reachedBefore map[rooms.UMID]time.Duration

func (r reachedBefore) Person(rooms.Room, rooms.Contact) rooms.SubscriberID { return "named" }

func (r reachedBefore) Reached(_ context.Context, id rooms.SubscriberID, since time.Time) (map[rooms.UMID]time.Time, error) {
	out := map[rooms.UMID]time.Time{}
	for u, ago := range r {
		if at := time.Now().Add(-ago); !at.Before(since) {
			out[u] = at
		}
	}
	if id != "named" && id != subscriber {
		return nil, errTest
	}
	return out, nil
}

func TestFrequency(t *testing.T) {
	earlier := reachedBefore{"a": 50 * time.Minute, "b": 20 * time.Minute, "c": 2 * time.Hour}
	for name, tc := range map[string]struct {
		reached reachedBefore
		cap     rooms.Frequency
		times   rooms.Times
		change  func(j *rooms.Job)
		want    []string
	}{
		"no limit":       {nil, rooms.Frequency{}, rooms.Times{}, nil, []string{"record sent 0.1 ", "done"}},
		"room for one":   {earlier, rooms.Frequency{Messages: 3, Per: time.Hour}, rooms.Times{}, nil, []string{"record sent 0.1 ", "done"}},
		"full":           {earlier, rooms.Frequency{Messages: 2, Per: time.Hour}, rooms.Times{}, nil, []string{"park 0.1 in 10m0.001s", "record postponed 0.1 capped", "done"}},
		"too full":       {earlier, rooms.Frequency{Messages: 1, Per: time.Hour}, rooms.Times{}, nil, []string{"park 0.1 in 40m0.001s", "record postponed 0.1 capped", "done"}},
		"then quiet too": {earlier, rooms.Frequency{Messages: 2, Per: time.Hour}, rooms.Times{Quiet: []rooms.QuietHours{{From: 1, Until: 60}}}, nil, []string{"park 0.1 in 1h0m0s", "record postponed 0.1 capped", "done"}},
		"expires before": {earlier, rooms.Frequency{Messages: 2, Per: 24 * time.Hour}, rooms.Times{}, func(j *rooms.Job) { j.Deadline = time.Now().Add(time.Hour) }, []string{"record failed 0.1 capped", "done"}},
		"the same message": {reachedBefore{testUMID: time.Minute}, rooms.Frequency{Messages: 1, Per: time.Hour}, rooms.Times{}, func(j *rooms.Job) { j.Attempt = 2 },
			[]string{"settled? 0.2", "record sent 0.2 ", "done"}},
		"an emergency": {earlier, rooms.Frequency{Messages: 1, Per: time.Hour}, rooms.Times{}, func(j *rooms.Job) { j.Lane = rooms.Emergency }, []string{"record sent 0.1 ", "done"}},
		"what operators are told": {earlier, rooms.Frequency{Messages: 1, Per: time.Hour}, rooms.Times{}, func(j *rooms.Job) { j.Anytime = true },
			[]string{"record sent 0.1 ", "done"}},
		"a subscriber": {earlier, rooms.Frequency{Messages: 2, Per: time.Hour}, rooms.Times{}, func(j *rooms.Job) { j.Owner = subscriber },
			[]string{"subscribed?", "park 0.1 in 10m0.001s", "record postponed 0.1 capped", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				w := newWorker(d, always(Outcome{Result: Sent}))
				w.policies, w.frequencies = under(rooms.PolicyRules{Cap: tc.cap, Times: tc.times}), tc.reached
				j := within24Hours(d.job(0))
				if tc.change != nil {
					tc.change(&j.Job)
				}
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// owners notes of whom it was recorded that he was reached.
type owners struct {
	*diary
	of []rooms.SubscriberID
}

func (o *owners) Record(ctx context.Context, events ...rooms.Event) error {
	for _, e := range events {
		o.of = append(o.of, e.Owner)
	}
	return o.diary.Record(ctx, events...)
}

// Two messages for one person never leave a node at the same time, so that he is counted before the second; and only
// where it matters is it recorded who it was.
func TestOnePersonAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &owners{diary: &diary{}}
		release := make(chan struct{})
		w := newWorker(d.diary, send(func(context.Context, rooms.Delivery) Outcome {
			<-release
			return Outcome{Result: Sent}
		}))
		w.journal, w.policies, w.frequencies = d, under(rooms.PolicyRules{Cap: rooms.Frequency{Messages: 1, Per: time.Hour}}), reachedBefore{}
		go w.do(t.Context(), t.Context(), d.job(0), nobody)
		synctest.Wait()
		w.do(t.Context(), t.Context(), d.job(1), nobody)
		close(release)
		synctest.Wait()
		d.expect(t, "later 1s", "record sent 0.1 ", "done")
		w.do(t.Context(), t.Context(), d.job(2), nobody)
		w.policies = under(rooms.PolicyRules{})
		w.do(t.Context(), t.Context(), d.job(3), nobody)
		if !slices.Equal(d.of, []rooms.SubscriberID{"named", "named", ""}) {
			t.Errorf("recorded of %q", d.of)
		}
	})
}

// What was sent on the first channel stays sent if the second is not even tried, unless it has bounced there.
func TestSecondChannelNotTried(t *testing.T) {
	d := &diary{state: rooms.State{Status: rooms.Sent, Attempt: 1}}
	j := d.job(0)
	j.Attempt, j.Moved, j.Deadline = 2, 2, time.Now()
	newWorker(d, always(Outcome{Result: Sent})).do(t.Context(), t.Context(), j, nobody)
	d.expect(t, "state? 0", "state? 0", "record sent 0.2 expired", "done")

	d = &diary{state: rooms.State{Status: rooms.Errored, Reason: rooms.Bounced, Attempt: 1}}
	j.pulled = d
	newWorker(d, always(Outcome{Result: Sent})).do(t.Context(), t.Context(), j, nobody)
	d.expect(t, "state? 0", "state? 0", "record failed 0.2 expired", "done")
}

// Where the second channel could only be used too late, the receipt of the first has the last word.
func TestSecondChannelIsQuietUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, always(Outcome{Result: Sent, Receipt: true}))
		w.opener.vault = both
		w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
			m := testMessage
			m.ReceivedAt = time.Now()
			return m, nil
		}
		w.policies = under(rooms.PolicyRules{
			Fallback: []rooms.Fallback{{From: rooms.Email, After: time.Hour, To: rooms.SMS}},
			Times:    rooms.Times{Quiet: []rooms.QuietHours{{From: 30, Until: 23 * 60}}},
		})
		j := d.job(0)
		j.Deadline = time.Now().Add(3 * time.Hour)
		w.do(t.Context(), t.Context(), j, nobody)
		d.expect(t, "record sent 0.1 ", "done")
	})
}

// What was sent is recorded once, and not sent again, where the second channel cannot be parked.
func TestSecondChannelNotParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &lastEvent{diary: &diary{fail: map[string]error{"park": errTest}}}
		w := newWorker(k.diary, always(Outcome{Result: Sent, Receipt: true}))
		w.journal, w.opener.vault = k, both
		w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
			m := testMessage
			m.ReceivedAt = time.Now()
			return m, nil
		}
		w.policies = under(fallbackAfter(10 * time.Minute))
		w.do(t.Context(), t.Context(), k.job(0), nobody)
		k.expect(t, "park 0.2 in 10m0s failed", "record sent 0.1 ", "done")
		if !k.event.RetryAt.IsZero() {
			t.Errorf("another attempt is promised at %s", k.event.RetryAt)
		}
	})
}

// lastEvent keeps what was recorded last.
type lastEvent struct {
	*diary
	event rooms.Event
}

func (l *lastEvent) Record(ctx context.Context, events ...rooms.Event) error {
	l.event = events[len(events)-1]
	return l.diary.Record(ctx, events...)
}

// A clock that is behind never postpones an attempt to the moment by which the queue knows it already.
func TestPostponedAgainToTheSameMoment(t *testing.T) {
	now := time.Now()
	for _, behind := range []time.Duration{-time.Hour, 0, time.Second, 2 * time.Second, 2 * time.Hour} {
		j := rooms.Job{Attempt: 1, Due: now.Add(behind)}
		due := now.Add(time.Second)
		s := postpone(j, rooms.Quiet, now, due)
		switch {
		case due.After(j.Due) && (s.action != finish || !s.retry.Equal(due) || !s.then.Due.Equal(due)):
			t.Errorf("%s: %+v", behind, s)
		case !due.After(j.Due) && j.Due.Sub(now) < maxShort && (s.action != handBack || s.wait != j.Due.Sub(now)+time.Millisecond):
			t.Errorf("%s: not handed back: %+v", behind, s)
		case j.Due.Sub(now) >= maxShort && (s.action != finish || !s.then.Due.After(j.Due) || !s.retry.Equal(s.then.Due)):
			t.Errorf("%s: the queue knows it already: %+v", behind, s)
		}
	}
}

// Who has an address that takes nothing is reached on his other channel.
func TestRestingAddressFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, always(Outcome{Result: Sent}))
		w.suppressions, w.opener.vault = notes{d, true}, both
		w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
			m := testMessage
			m.ReceivedAt = time.Now()
			return m, nil
		}
		w.policies = under(fallbackAfter(10 * time.Minute))
		w.do(t.Context(), t.Context(), d.job(0), nobody)
		d.expect(t, "park 0.2 in 1s", "record errored 0.1 no-mailbox", "done")
	})
}

// What a receipt may yet fail names the subscriber, so that it can be tried anew; it counts only under a limit.
func TestOwnerIsNamedWithoutALimit(t *testing.T) {
	limit := rooms.Frequency{Messages: 1, Per: time.Hour}
	for name, tc := range map[string]struct {
		cap     rooms.Frequency
		lane    rooms.Lane
		counted bool
	}{
		"no limit":     {rooms.Frequency{}, rooms.Normal, false},
		"an emergency": {limit, rooms.Emergency, false},
		"a limit":      {limit, rooms.Normal, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &lastEvent{diary: &diary{}}
			w := newWorker(l.diary, always(Outcome{Result: Sent, Receipt: true}))
			w.journal, w.policies, w.frequencies = l, under(rooms.PolicyRules{Cap: tc.cap}), reachedBefore{}
			j := l.job(0)
			j.Owner, j.Lane = subscriber, tc.lane
			w.do(t.Context(), t.Context(), j, nobody)
			if l.event.Owner != subscriber || l.event.Counted != tc.counted {
				t.Errorf("%s: owner %q, counted %t", name, l.event.Owner, l.event.Counted)
			}
		})
	}
}
