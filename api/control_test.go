package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
	"github.com/govcrier/crier/rooms/index"
)

// What was decided is in the answer, and in every later one, before the index knows it.
func TestDecisionIsShown(t *testing.T) {
	const m = "/v1/messages/" + umid
	for verb, want := range map[string]string{"pause": "paused", "resume": "running", "cancel": "cancelled"} {
		s := newServer(newEngine())
		for _, a := range []ask{{"POST", m + "/" + verb, "hosp-7", "", nil}, {"GET", m, "boss", "", nil}} {
			w := a.of(s)
			var got struct {
				State   string
				Control struct {
					State, By string
					At        time.Time
				}
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
				t.Fatalf("%s: %d %s", a.path, w.Code, w.Body)
			}
			if c := got.Control; got.State != want || c.State != want || c.By != "hosp-7" || !c.At.Equal(noon()) {
				t.Errorf("%s after %s: %s", a.method, verb, w.Body)
			}
		}
		list := ask{"GET", "/v1/rooms/newborn/messages", "boss", "", nil}.of(s).Body.String()
		var got struct{ Messages []struct{ State string } }
		if err := json.Unmarshal([]byte(list), &got); err != nil || got.Messages[0].State != want {
			t.Errorf("listed: %s", list)
		}
	}
}

func TestRefusedDecisions(t *testing.T) {
	for kind, want := range map[error]string{
		control.ErrFinished: "message_finished", control.ErrCancelled: "message_cancelled", control.ErrGone: "content_gone", control.ErrRounds: "resend_limit",
	} {
		for _, verb := range []string{"pause", "resume", "cancel", "resend"} {
			e := newEngine()
			e.err = kind
			w := ask{"POST", "/v1/messages/" + umid + "/" + verb, "hosp-7", "", nil}.of(newServer(e))
			if p := problemIn(t, w); w.Code != 409 || string(p.Code) != want {
				t.Errorf("%s: %d %s, want %s", verb, w.Code, p.Code, want)
			}
		}
	}
}

func TestStateOfAMessage(t *testing.T) {
	for name, tc := range map[string]struct {
		control  rooms.ControlState
		finished bool
		want     string
	}{
		"nothing said": {"", false, "running"}, "running": {rooms.ControlRunning, false, "running"}, "paused": {rooms.ControlPaused, false, "paused"},
		"held": {rooms.ControlHeld, false, "held"}, "finished": {"", true, "finished"}, "paused too late": {rooms.ControlPaused, true, "finished"},
		"cancelled": {rooms.ControlCancelled, false, "cancelled"}, "cancelled and done": {rooms.ControlCancelled, true, "cancelled"},
	} {
		m := index.Summary{Control: rooms.Control{State: tc.control}}
		if tc.finished {
			m.FinishedAt = noon()
		}
		if got := stateOf(m); string(got) != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
