package control_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/control"
)

// While the index is begun anew it does not know a message that is paused for long; the pause stays.
func TestIndexBegunAnewForgetsNoDecision(t *testing.T) {
	for name, says := range map[string]error{"unknown": control.ErrUnknown, "unreadable": errors.New("closed")} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			open := r.publish(1, true)
			if _, err := r.desk.Pause(t.Context(), open.UMID, "hosp-7"); err != nil {
				t.Fatal(err)
			}
			r.wait(48 * time.Hour)
			r.beginAnew(says)
			r.tidied()
			if c, err := r.controls.Read(t.Context(), open.UMID); err != nil || !c.Waits() {
				t.Fatalf("begun anew: %+v, %v", c, err)
			}
			r.beginAnew(nil)
			r.tidied()
			if c, err := r.controls.Read(t.Context(), open.UMID); err != nil || !c.Waits() {
				t.Errorf("whole again: %+v, %v", c, err)
			}
		})
	}
}

// A whole index that does not know a message has forgotten it, and so does the keeper.
func TestUnknownIsForgotten(t *testing.T) {
	r := newRig(t)
	c := rooms.Control{UMID: "01JDB6T0G00000000000000099", Room: "newborn", State: rooms.ControlPaused}
	if _, err := r.controls.Put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r.wait(48 * time.Hour)
	r.tidied()
	if all := r.controls.All(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
}

// tidied has a new keeper look once at all that was decided.
func (r *rig) tidied() {
	r.Helper()
	k := &control.Keeper{Desk: r.desk, Keep: 24 * time.Hour, Whole: r.whole, Log: slog.New(slog.DiscardHandler)}
	if err := k.LookOnce(r.Context()); err != nil {
		r.Fatal(err)
	}
}
