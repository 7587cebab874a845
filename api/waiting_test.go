package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/release"
)

// decode reads a good answer.
func decode(t *testing.T, w *httptest.ResponseRecorder, to any) {
	t.Helper()
	if w.Code >= http.StatusBadRequest {
		t.Fatalf("got %d: %s", w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), to, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
}

// releasesFake lets go what awaits a second person.
type releasesFake struct{ e *engine }

func (f releasesFake) Agree(context.Context, rooms.UMID, rooms.Client) error {
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	return f.e.err
}

func (f releasesFake) Content(context.Context, rooms.UMID) ([]byte, int, error) {
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	return []byte(`{"text":"Leave the valley."}`), 0, f.e.err
}

func (f releasesFake) Reject(context.Context, rooms.UMID, rooms.Client) error {
	f.e.mu.Lock()
	defer f.e.mu.Unlock()
	return f.e.err
}

func (e *engine) Held(rooms.Room, string, int) (list []index.Summary, next string, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.messages {
		if m.Held {
			list = append(list, m)
		}
	}
	return list, "", e.err
}

// change changes the message that the engine knows.
func (e *engine) change(fn func(m *index.Summary)) *engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.messages[umid]
	fn(&m)
	e.messages[umid] = m
	return e
}

func TestStateInAWord(t *testing.T) {
	cancelled := func(why rooms.Reason) rooms.Control {
		return rooms.Control{State: rooms.ControlCancelled, Reason: why}
	}
	held := func(m rooms.Header) index.Summary { m.Held = true; return index.Summary{Header: m} }
	for want, m := range map[v1.MessageState]index.Summary{
		v1.MessageStateRunning:         {},
		v1.MessageStateScheduled:       held(rooms.Header{SendAt: noon()}),
		v1.MessageStateAwaitingRelease: held(rooms.Header{Awaits: true}),
		v1.MessageStateCancelled:       {Control: cancelled(rooms.Superseded), FinishedAt: noon()},
		v1.MessageStateExpired:         {Control: cancelled(rooms.Expired)},
		v1.MessageStatePaused:          {Control: rooms.Control{State: rooms.ControlPaused}},
		v1.MessageStateHeld:            {Control: rooms.Control{State: rooms.ControlHeld}},
		v1.MessageStateFinished:        {FinishedAt: noon()},
	} {
		if got := stateOf(m); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWaitingMessageIsTold(t *testing.T) {
	e := newEngine().change(func(m *index.Summary) {
		m.Held, m.Awaits, m.Series, m.SendAt, m.NextAt = true, true, umid, noon(), noon().Add(time.Hour)
		m.SupersededBy, m.Exercise = umid, true
	})
	var m v1.Message
	decode(t, ask{"GET", "/v1/messages/" + umid, "hosp-7", "", nil}.of(newServer(e)), &m)
	if m.State != v1.MessageStateAwaitingRelease || m.Awaits == "" || !m.SendAt.Equal(noon().Add(time.Hour)) || m.SupersededBy != umid || !m.Exercise {
		t.Errorf("got %+v", m)
	}
	for query, want := range map[string]int{"": 1, "?waiting=true": 1, "?waiting=false": 1} {
		var l v1.MessageList
		decode(t, ask{"GET", "/v1/rooms/newborn/messages" + query, "boss", "", nil}.of(newServer(e)), &l)
		if len(l.Messages) != want {
			t.Errorf("%q: %d messages", query, len(l.Messages))
		}
	}
	e.change(func(m *index.Summary) { m.Held = false })
	var l v1.MessageList
	decode(t, ask{"GET", "/v1/rooms/newborn/messages?waiting=true", "boss", "", nil}.of(newServer(e)), &l)
	if len(l.Messages) != 0 {
		t.Errorf("listed what does not wait: %+v", l.Messages)
	}
	if p := problemIn(t, ask{"GET", "/v1/rooms/newborn/messages?waiting=x", "boss", "", nil}.of(newServer(e))); p.Code != v1.ProblemCodeInvalidParameter {
		t.Errorf("got %s", p.Code)
	}
}

func TestSecondPersonsAnswers(t *testing.T) {
	const m = "/v1/messages/" + umid
	for _, c := range []struct {
		path, token string
		err         error
		status      int
		code        v1.ProblemCode
	}{
		{m + "/release", "hosp-8", nil, 200, ""},
		{m + "/release", "boss", nil, 200, ""},
		{m + "/release", "hosp-7", release.ErrOwn, 403, v1.ProblemCodeOwnMessage},
		{m + "/release", "other", nil, 404, v1.ProblemCodeUnknownMessage},
		{m + "/release", "hosp-8", release.ErrNotAwaiting, 409, v1.ProblemCodeNotAwaiting},
		{m + "/reject", "hosp-7", nil, 200, ""},
		{m + "/reject", "other", nil, 404, v1.ProblemCodeUnknownMessage},
		{m + "/reject", "hosp-8", release.ErrNotAwaiting, 409, v1.ProblemCodeNotAwaiting},
	} {
		e := newEngine()
		e.err = c.err
		r := ask{"POST", c.path, c.token, "", nil}.of(newServer(e))
		if r.Code != c.status {
			t.Errorf("%s by %s: %d", c.path, c.token, r.Code)
		}
		if c.code != "" {
			if p := problemIn(t, r); p.Code != c.code {
				t.Errorf("%s by %s: %s", c.path, c.token, p.Code)
			}
		}
	}
}

// What a message refers to is asked about only when it is new, by the publisher.
func TestEarlierMessages(t *testing.T) {
	body := with(`"alert":"cancel","references":"` + umid + `"`)
	for name, c := range map[string]struct {
		token, body string
		change      func(*index.Summary)
		want        v1.ProblemCode
	}{
		"one's own":           {"hosp-7", body, func(*index.Summary) {}, ""},
		"as admin":            {"boss", body, func(*index.Summary) {}, ""},
		"another publisher's": {"hosp-8", body, func(*index.Summary) {}, v1.ProblemCodeUnknownReference},
		"another room's":      {"hosp-7", body, func(m *index.Summary) { m.Room = "other" }, v1.ProblemCodeUnknownReference},
		"unknown": {"hosp-7", with(`"alert":"cancel","references":"01K9ZZZZZZABCDEFGHJKMNPQRS"`), func(*index.Summary) {},
			v1.ProblemCodeUnknownReference},
		"superseded":                   {"hosp-7", body, func(m *index.Summary) { m.SupersededBy = umid }, v1.ProblemCodeAlreadySuperseded},
		"of a drill":                   {"hosp-7", body, func(m *index.Summary) { m.Exercise = true }, v1.ProblemCodeInvalidRequest},
		"superseded a moment ago":      {"hosp-7", body, func(m *index.Summary) { m.Control.Reason = rooms.Superseded }, v1.ProblemCodeAlreadySuperseded},
		"of the room before this room": {"hosp-7", body, func(m *index.Summary) { m.ReceivedAt = time.Time{} }, v1.ProblemCodeUnknownReference},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine().change(c.change)
			r := ask{"POST", "/v1/rooms/newborn/messages", c.token, c.body, nil}.of(newServer(e))
			if r.Code != http.StatusAccepted {
				t.Fatalf("got %d before the publisher was asked", r.Code)
			}
			asked := e.published[0]
			if asked.Alert != rooms.AlertCancel {
				t.Errorf("asked for %+v", asked)
			}
			err := asked.Earlier(t.Context())
			switch {
			case c.want == "" && err != nil, c.want != "" && err == nil:
				t.Fatalf("got %v", err)
			case err != nil && translate(err).Code != c.want:
				t.Errorf("got %s, want %s", translate(err).Code, c.want)
			}
		})
	}
}

func TestReceiptOfWhatWaits(t *testing.T) {
	e := newEngine()
	e.receipt.SendAt, e.receipt.Awaits = noon().Add(time.Hour), true
	var r v1.Receipt
	decode(t, ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", with(`"sendAt":"2026-11-22T13:00:00Z"`), nil}.of(newServer(e)), &r)
	if !r.SendAt.Equal(noon().Add(time.Hour)) || !r.AwaitsRelease {
		t.Errorf("got %+v", r)
	}
	if got := e.published[0].SendAt; !got.Equal(noon().Add(time.Hour)) {
		t.Errorf("asked for %v", got)
	}
}

func TestSchedulesThatAreNone(t *testing.T) {
	repeat := func(rest string) string {
		return with(`"repeat":{"cron":"0 9 * * 1","zone":"Asia/Bishkek"` + rest + `}`)
	}
	for body, want := range map[string]string{
		with(`"sendAt":"2027-11-24T12:00:00Z"`):                                    "invalid_time /sendAt",
		with(`"sendAt":"2026-12-01T09:00:00"`):                                     "invalid_time /sendAt",
		with(`"sendAt":"2026-12-01T09:00:00Z","expiresAt":"2026-12-01T09:00:00Z"`): "invalid_time /expiresAt",
		with(`"sendAt":"2026-12-01T09:00:00Z","expiresAt":"2026-11-23T09:00:00Z"`): "invalid_time /expiresAt",
		with(`"sendAt":"2026-12-01T09:00:00Z","expiresAt":"2027-01-23T09:00:00Z"`): "invalid_time /expiresAt",
		with(`"repeat":{"cron":"@daily","zone":"UTC"}`):                            "invalid_value /repeat/cron",
		with(`"repeat":{"cron":"0 0 30 2 *","zone":"UTC"}`):                        "invalid_value /repeat/cron",
		with(`"repeat":{"cron":"0 9 * * 1","zone":"Mars"}`):                        "invalid_value /repeat/zone",
		with(`"repeat":{"zone":"UTC"}`):                                            "missing /repeat/cron",
		with(`"repeat":{"cron":"0 9 * * 1"}`):                                      "missing /repeat/zone",
		with(`"repeat":1`):                                                         "wrong_type /repeat",
		repeat(`,"times":0`):                                                       "invalid_value /repeat/times",
		repeat(`,"times":"x"`):                                                     "wrong_type /repeat/times",
		repeat(`,"until":"2026-11-22T13:00:00Z"`):                                  "invalid_value /repeat",
		repeat(`,"x":1`): "unknown_member /repeat/x",
		with(`"repeat":{"cron":"0 9 * * 1","zone":"UTC"},"expiresAt":"2026-11-23T09:00:00Z"`): "invalid_value /expiresAt",
		with(`"alert":"update"`):                                "missing /references",
		with(`"references":"` + umid + `"`):                     "missing /alert",
		with(`"alert":"all-clear","references":"` + umid + `"`): "invalid_value /alert",
		with(`"alert":"update","references":"x"`):               "invalid_name /references",
		with(`"exercise":"yes"`):                                "wrong_type /exercise",
	} {
		p := problemIn(t, ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", body, nil}.of(newServer(newEngine())))
		var got []string
		for _, f := range p.Errors {
			got = append(got, string(f.Code)+" "+f.Pointer)
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s: %v, want %s", body, got, want)
		}
	}
}

// The first time of a series, and its last where the number is given.
func TestSeriesIsAccepted(t *testing.T) {
	e := newEngine()
	r := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7",
		with(`"repeat":{"cron":"0 9 * * 1","zone":"Asia/Bishkek","times":2},"sendAt":"2026-11-24T00:00:00Z"`), nil}.of(newServer(e))
	if r.Code != http.StatusAccepted {
		t.Fatalf("got %d %s", r.Code, r.Body)
	}
	got := e.published[0]
	if want := "2026-11-30T03:00:00Z"; got.SendAt.Format(time.RFC3339) != want {
		t.Errorf("it begins %v, want %s", got.SendAt, want)
	}
	if want := "2026-12-07T03:00:00Z"; got.Repeat.Until.Format(time.RFC3339) != want {
		t.Errorf("it ends %v, want %s", got.Repeat.Until, want)
	}
}
