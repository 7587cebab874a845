package channels

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
)

func nobody(step) {}

func TestWhatFollowsAnOutcome(t *testing.T) {
	for name, tc := range map[string]struct {
		provider send
		want     []string
	}{
		"sent":       {always(Outcome{Result: Sent}), []string{"record sent 0.1 ", "done"}},
		"rejected":   {always(Outcome{Result: Rejected}), []string{"record failed 0.1 rejected", "done"}},
		"suppressed": {always(Outcome{Result: Suppressed}), []string{"record failed 0.1 suppressed", "done"}},
		"throttled":  {always(Outcome{Result: Throttled, After: time.Second}), []string{"later 1s"}},
		"deferred":   {always(Outcome{Result: Deferred}), []string{"park 0.2 in 5m0s", "record errored 0.1 deferred", "done"}},
		"nothing":    {always(Outcome{}), []string{"park 0.2 in 5m0s", "record errored 0.1 deferred", "done"}},
		"panic": {func(context.Context, rooms.Delivery) Outcome { panic("canary") },
			[]string{"park 0.2 in 5m0s", "record errored 0.1 unknown", "done"}},
		"unconfigured": {unconfigured{}.Send, []string{"park 0.2 in 5m0s", "record errored 0.1 not-configured", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				newWorker(d, tc.provider).do(t.Context(), t.Context(), d.job(0), nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// The wait is that of the revision which the job names; while nobody knows it the attempt is put off, and made under no
// other rules, unless it is an emergency's.
func TestRulesAreThoseOfTheJob(t *testing.T) {
	for revision, want := range map[int][]string{
		0: {"park 0.2 in 5m0s", "record errored 0.1 deferred", "done"},
		2: {"park 0.2 in 7m0s", "record errored 0.1 deferred", "done"},
		9: {"later 30s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := &diary{}
			j := d.job(0)
			j.Policy = rooms.Revision{Name: "patient", Revision: revision}
			newWorker(d, always(Outcome{Result: Deferred})).do(t.Context(), t.Context(), j, nobody)
			d.expect(t, want...)
			d = &diary{}
			j = d.job(0)
			j.Policy.Revision, j.Lane = 9, rooms.Emergency
			newWorker(d, always(Outcome{Result: Deferred})).do(t.Context(), t.Context(), j, nobody)
			d.expect(t, "park 0.2 in 1m0s", "record errored 0.1 deferred", "done")
		})
	}
}

func TestWhatIsNotSent(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*diary, *worker, *work)
		want   []string
	}{
		"expired":        {func(_ *diary, _ *worker, j *work) { j.Deadline = time.Now() }, []string{"record failed 0.1 expired", "done"}},
		"repeat settled": {func(d *diary, _ *worker, j *work) { j.mayRepeat, d.settled = true, true }, []string{"settled? 0.1", "done"}},
		"repeat expired and settled": {func(d *diary, _ *worker, j *work) { j.mayRepeat, d.settled, j.Deadline = true, true, time.Now() },
			[]string{"settled? 0.1", "done"}},
		"later attempt settled": {func(d *diary, _ *worker, j *work) { j.Attempt, d.settled = 2, true }, []string{"settled? 0.2", "done"}},
		"history not known": {func(d *diary, _ *worker, j *work) { j.mayRepeat, d.fail = true, map[string]error{"settled?": errTest} },
			[]string{"settled? 0.1 failed", "later 30s"}},
		"content gone": {func(_ *diary, w *worker, _ *work) {
			w.opener.messages = func(context.Context, uint64) (rooms.Message, error) { return rooms.Message{}, errGone }
		}, []string{"record failed 0.1 gone", "done"}},
		"another message": {func(_ *diary, _ *worker, j *work) { j.UMID = "01JDB6T0G00000000000000002" }, []string{"record failed 0.1 gone", "done"}},
		"no content": {func(_ *diary, w *worker, _ *work) {
			w.opener.messages = saying(`{"sms":"only"}`)
		}, []string{"record failed 0.1 no-content", "done"}},
		"a value is missing": {func(_ *diary, w *worker, _ *work) {
			w.opener.messages = saying(`{"text":"{{canary}}","mustache":true}`)
		},
			[]string{"record failed 0.1 incomplete", "done"}},
		"left since": {func(d *diary, _ *worker, j *work) { d.left, j.Owner = true, subscriber }, // its message is ages old
			[]string{"subscribed?", "record failed 0.1 suppressed", "done"}},
		"subscription not known": {func(d *diary, _ *worker, j *work) {
			j.Owner, d.fail = subscriber, map[string]error{"subscribed?": errTest}
		}, []string{"subscribed? failed", "later 30s"}},
		"cannot be opened": {func(d *diary, _ *worker, _ *work) { d.fail = map[string]error{"unseal": errTest} }, []string{"unseal failed", "later 30s"}},
		"paused":           {func(d *diary, _ *worker, _ *work) { d.control.State = rooms.ControlPaused }, []string{"suspend", "done"}},
		"held":             {func(d *diary, _ *worker, _ *work) { d.control.State = rooms.ControlHeld }, []string{"suspend", "done"}},
		"paused and expired": {func(d *diary, _ *worker, j *work) { d.control.State, j.Deadline = rooms.ControlPaused, time.Now() },
			[]string{"record failed 0.1 expired", "done"}},
		"paused repeat, settled": {func(d *diary, _ *worker, j *work) {
			d.control.State, d.settled, j.mayRepeat = rooms.ControlPaused, true, true
		},
			[]string{"settled? 0.1", "done"}},
		"cancelled": {func(d *diary, _ *worker, _ *work) { d.control.State = rooms.ControlCancelled }, []string{"record failed 0.1 cancelled", "done"}},
		"replaced": {func(d *diary, _ *worker, _ *work) {
			d.control.State, d.control.Reason = rooms.ControlCancelled, rooms.Superseded
		},
			[]string{"record failed 0.1 superseded", "done"}},
		"held too long":     {func(_ *diary, _ *worker, j *work) { j.since = j.since.Add(-30 * time.Second) }, nil},
		"already in hand":   {func(_ *diary, w *worker, j *work) { w.hands.take(j.ID()) }, []string{"later 30s"}},
		"of another person": {func(_ *diary, _ *worker, j *work) { j.Channel = rooms.SMS }, []string{"later 30s"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{}
				w := newWorker(d, send(func(context.Context, rooms.Delivery) Outcome {
					t.Error("it was sent")
					return Outcome{Result: Sent}
				}))
				j := d.job(0)
				tc.change(d, w, &j)
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// saying is a log in which there is one message.
func saying(content string) func(context.Context, uint64) (rooms.Message, error) {
	return func(context.Context, uint64) (rooms.Message, error) {
		m := testMessage
		m.Payload = []byte(content)
		return m, nil
	}
}

// opens gives the same for everything sealed.
type opens string

func (o opens) Unseal([]byte, ...string) ([]byte, error) { return []byte(o), nil }

// Each gets what is said to him, and what was published is not touched.
func TestContentIsSaidToThePerson(t *testing.T) {
	const published = `{"text":"Dear {{name}}","mustache":true,"languages":{"ky":{"subject":"{{child}}","text":"Урматтуу {{name}}"}}}`
	d := &diary{}
	var got rooms.Delivery
	w := newWorker(d, send(func(_ context.Context, sent rooms.Delivery) Outcome {
		got = sent
		return Outcome{Result: Sent}
	}))
	w.opener.vault = opens(`{"c":"email","a":"canary@example.com","n":"Aida","l":"ky-KG","v":{"child":"Bek"}}`)
	w.opener.messages = saying(published)
	w.do(t.Context(), t.Context(), d.job(0), nobody)
	if c := got.Content; c.Text.Reveal() != "Урматтуу Aida" || c.Subject.Reveal() != "Bek" || string(got.Published) != published {
		t.Errorf("%q, %q, published %s", c.Subject.Reveal(), c.Text.Reveal(), got.Published)
	}
}

const subscriber = "x-A3KT_x5LGBKUkGffPhKIm7gJs"

// Who is named, who is still there, and whose message is fresh gets it.
func TestWhoIsNotAskedAfter(t *testing.T) {
	for name, tc := range map[string]struct {
		owner string
		left  bool
		age   time.Duration
		want  []string
	}{
		"named":       {"owner", true, time.Hour, []string{"record sent 0.1 ", "done"}},
		"still there": {subscriber, false, time.Hour, []string{"subscribed?", "record sent 0.1 ", "done"}},
		"fresh":       {subscriber, true, time.Second, []string{"record sent 0.1 ", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &diary{left: tc.left}
				w := newWorker(d, always(Outcome{Result: Sent}))
				w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
					m := testMessage
					m.ReceivedAt = time.Now().Add(-tc.age)
					return m, nil
				}
				j := d.job(0)
				j.Owner = tc.owner
				w.do(t.Context(), t.Context(), j, nobody)
				d.expect(t, tc.want...)
			})
		})
	}
}

// renamed has everybody in every room, as somebody else than before.
type renamed struct{ now rooms.Contact }

func (r renamed) Subscribed(context.Context, rooms.Room, rooms.SubscriberID, rooms.Contact) (rooms.Contact, bool, error) {
	return r.now, true, nil
}

// A webhook is asked after even if its message is fresh, and called as what it is now.
func TestWebhookIsCalledAsItIsNow(t *testing.T) {
	before, now := webhookContact(t), webhookContact(t)
	d := &diary{}
	var signed []rooms.Signing
	var published []byte
	w := newWorker(d, send(func(_ context.Context, d rooms.Delivery) Outcome {
		signed, published = d.To.Signing, d.Published
		return Outcome{Result: Sent}
	}))
	w.members = renamed{now}
	w.opener.vault = unsealed(before.Encode())
	w.opener.messages = func(context.Context, uint64) (rooms.Message, error) {
		m := testMessage
		m.ReceivedAt = time.Now()
		return m, nil
	}
	j := d.job(0)
	j.Owner, j.Channel = subscriber, rooms.Webhook
	w.do(t.Context(), t.Context(), j, nobody)
	if len(signed) != 1 || signed[0].Secret.Reveal() != now.Signing[0].Secret.Reveal() {
		t.Error("signed with the secret of then")
	}
	if string(published) != string(testMessage.Payload) {
		t.Errorf("the content was not handed on as published: %s", published)
	}
}

// unsealed is a vault in which this lies.
type unsealed []byte

func (u unsealed) Unseal([]byte, ...string) ([]byte, error) { return u, nil }

func webhookContact(t *testing.T) rooms.Contact {
	t.Helper()
	a, err := rooms.ParseURL("https://app.example/")
	if err != nil {
		t.Fatal(err)
	}
	return rooms.Contact{Channel: rooms.Webhook, Address: a, Signing: []rooms.Signing{rooms.NewSigning()}}
}

func TestStoppingSendsNothingNew(t *testing.T) {
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	d := &diary{}
	w := newWorker(d, send(func(context.Context, rooms.Delivery) Outcome {
		t.Error("it was sent")
		return Outcome{Result: Sent}
	}))
	fresh, repeat := d.job(0), d.job(1)
	repeat.mayRepeat = true
	w.do(stopped, t.Context(), fresh, nobody)
	w.do(stopped, t.Context(), repeat, nobody)
	d.expect(t, "later 0s", "later 0s")
}

// What was sent is recorded even after everything was cancelled; what was cut short goes back.
func TestHardStop(t *testing.T) {
	for result, want := range map[Result][]string{
		Sent: {"record sent 0.1 ", "done"}, Rejected: {"record failed 0.1 rejected", "done"}, Deferred: {"later 0s"}, Throttled: {"later 0s"},
	} {
		hard, cancel := context.WithCancel(t.Context())
		d := &diary{}
		newWorker(d, send(func(context.Context, rooms.Delivery) Outcome {
			cancel()
			return Outcome{Result: result}
		})).do(t.Context(), hard, d.job(0), nobody)
		d.expect(t, want...)
	}
}

func TestEventIsRecordedHoweverLongItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{fail: map[string]error{"record": errTest}}
		var sent atomic.Int32
		w := newWorker(d, send(func(context.Context, rooms.Delivery) Outcome { sent.Add(1); return Outcome{Result: Sent} }))
		done := make(chan struct{})
		go func() { w.do(t.Context(), t.Context(), d.job(0), nobody); close(done) }()
		time.Sleep(25 * time.Second) // the bubble's own time
		d.heal("record")
		<-done
		lines := d.read()
		if sent.Load() != 1 || lines[len(lines)-1] != "done" || lines[len(lines)-2] != "record sent 0.1 " {
			t.Errorf("sent %d times; %q", sent.Load(), lines)
		}
		worked := 0
		for _, l := range lines {
			if l == "working" {
				worked++
			}
		}
		if worked != 2 {
			t.Errorf("%d signs of life in 25 seconds, want one every 10", worked)
		}
	})
}

func TestUnparkedRetryDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{fail: map[string]error{"park": errTest}}
		newWorker(d, always(Outcome{Result: Deferred})).do(t.Context(), t.Context(), d.job(0), nobody)
		d.expect(t, "park 0.2 in 5m0s failed", "later 1m0s")
	})
}

func TestSlowProviderHoldsItsJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		w := newWorker(d, send(func(ctx context.Context, _ rooms.Delivery) Outcome {
			<-ctx.Done()
			return Outcome{Result: Deferred, Reason: rooms.TimedOut}
		}))
		w.timeout = 55 * time.Second
		w.do(t.Context(), t.Context(), d.job(0), nobody)
		d.expect(t, "working", "working", "working", "working", "working", "park 0.2 in 5m0s", "record errored 0.1 timeout", "done")
	})
}

func TestHungProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		answer := make(chan Outcome)
		w := newWorker(d, send(func(context.Context, rooms.Delivery) Outcome { return <-answer }))
		returned := make(chan struct{})
		down := make(chan step, 1)
		go func() {
			w.do(t.Context(), t.Context(), d.job(0), func(s step) { down <- s })
			close(returned)
		}()
		began := time.Now()
		if s := <-down; s.action != finish || time.Since(began) != time.Minute+overrun {
			t.Errorf("action %d after %s", s.action, time.Since(began))
		}
		d.expect(t, "working", "working", "working", "working", "working", "working", "park 0.2 in 5m0s", "record errored 0.1 unknown", "done")
		time.Sleep(time.Hour)
		select {
		case <-returned:
			t.Error("the worker is free, although the provider still has it")
		default:
		}
		if !w.hands.take(rooms.DeliveryID{UMID: testUMID}) {
			t.Error("the delivery is still in hand: its retry could not begin")
		}
		answer <- Outcome{Result: Sent}
		<-returned
		if lines := d.read(); lines[len(lines)-1] != "record sent 0.1 " {
			t.Errorf("the late confirmation is lost: %q", lines)
		}
	})
}

// A suspended process wakes up with a job that is somebody else's by now.
func TestLostLeaseIsNotRevived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		var ahead atomic.Int64
		w := newWorker(d, always(Outcome{Result: Sent}))
		w.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		l := newLease(d.job(0), w.ackWait, w.now)
		defer l.end()
		time.Sleep(21 * time.Second)
		if !l.held() {
			t.Error("lost, although it was prolonged")
		}
		ahead.Store(int64(30 * time.Second)) // the machine's clock, while nothing here ran
		time.Sleep(time.Minute)
		if l.held() {
			t.Error("revived")
		}
		d.expect(t, "working", "working")
	})
}

// A sign of life that is not answered counts for nothing, and is given again soon; waiting for the
// answer keeps nobody from asking whether the job is still ours.
func TestSignsOfLifeMustBeAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := make(chan error)
		l := newLease(work{pulled: deaf{answers}, since: time.Now()}, 30*time.Second, time.Now)
		defer l.end()
		time.Sleep(11 * time.Second)
		synctest.Wait() // it asks, and is not answered yet
		if !l.held() {
			t.Error("lost while it asks")
		}
		answers <- errTest
		time.Sleep(4 * time.Second)
		answers <- nil // to the second
		time.Sleep(26 * time.Second)
		if !l.held() { // since 14 s
			t.Error("lost, although it was answered")
		}
		go func() { answers <- errTest }()
		time.Sleep(10 * time.Second)
		if l.held() {
			t.Error("held without an answer")
		}
		select {
		case answers <- nil:
		case <-time.After(time.Minute):
		}
		if l.held() {
			t.Error("an answer that came too late revives it")
		}
	})
}

// deaf answers signs of life when it is told to.
type deaf struct{ answers chan error }

func (d deaf) Working() error              { return <-d.answers }
func (deaf) Done(context.Context) error    { return nil }
func (deaf) Suspend(context.Context) error { return nil }
func (deaf) Later(time.Duration) error     { return nil }

func TestNeedless(t *testing.T) {
	for _, tc := range []struct {
		status  rooms.Status
		at, try int
		want    bool
	}{
		{rooms.Queued, 0, 1, false}, {rooms.Errored, 1, 1, true}, {rooms.Errored, 1, 2, false}, {rooms.Errored, 3, 2, true},
		{rooms.Sent, 1, 1, true}, {rooms.Sent, 1, 2, true}, {rooms.Delivered, 1, 2, true}, {rooms.Failed, 1, 2, true}, {rooms.Pending, 0, 1, false},
	} {
		if got := Needless(rooms.State{Status: tc.status, Attempt: tc.at, Round: 1}, 1, tc.try); got != tc.want {
			t.Errorf("%s at attempt %d, attempt %d needless: %v", tc.status, tc.at, tc.try, got)
		}
	}
}

// What was given up is tried anew in a later round; what has arrived never is.
func TestNeedlessInAnotherRound(t *testing.T) {
	for _, tc := range []struct {
		status    rooms.Status
		at, round int
		want      bool
	}{
		{rooms.Failed, 0, 1, false}, {rooms.Delivered, 0, 1, true}, {rooms.Queued, 1, 0, true}, {rooms.Queued, 1, 1, false}, {rooms.Failed, 1, 2, false},
	} {
		if got := Needless(rooms.State{Status: tc.status, Attempt: 1, Round: tc.at}, tc.round, 1); got != tc.want {
			t.Errorf("%s in round %d, round %d needless: %v", tc.status, tc.at, tc.round, got)
		}
	}
}
