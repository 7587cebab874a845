package channels

import (
	"context"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// A drill's delivery says so in its text and in its mark; one that has waited is dated when it was to go.
func TestOpenedDrill(t *testing.T) {
	m := testMessage
	m.Exercise, m.ReceivedAt = true, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m.SendAt = m.ReceivedAt.Add(time.Hour)
	d := &diary{}
	o := newOpener(1<<20, d, func(context.Context, uint64) (rooms.Message, error) { return m, nil })
	o.exercise = "DRILL"
	got, err := o.order(t.Context(), testJob(0, time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	if !got.Exercise || got.Content.Text.Reveal() != "DRILL: canary" || !got.ReceivedAt.Equal(m.SendAt) {
		t.Errorf("exercise %v, text %q, received at %v", got.Exercise, got.Content.Text.Reveal(), got.ReceivedAt)
	}
}
