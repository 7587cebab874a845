package channels

import (
	"context"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

func TestDrillSaysSo(t *testing.T) {
	b := rooms.NewBody
	for _, c := range []struct{ said, want rooms.Content }{
		{rooms.Content{Subject: b("Flood"), Text: b("Leave.")}, rooms.Content{Subject: b("DRILL: Flood"), Text: b("DRILL: Leave.")}},
		{rooms.Content{Text: b("Leave.")}, rooms.Content{Subject: b("DRILL"), Text: b("DRILL: Leave.")}},
		{rooms.Content{SMS: b("Leave.")}, rooms.Content{Subject: b("DRILL"), SMS: b("DRILL: Leave.")}},
		{rooms.Content{HTML: b("<p>x</p>")}, rooms.Content{Subject: b("DRILL"), HTML: b("<p><strong>DRILL</strong></p><p>x</p>")}},
		{rooms.Content{HTML: b(`<html><BODY class="a"><p>x</p></BODY>`)},
			rooms.Content{Subject: b("DRILL"), HTML: b(`<html><BODY class="a"><p><strong>DRILL</strong></p><p>x</p></BODY>`)}},
	} {
		got := drill("DRILL", c.said)
		for _, pair := range [][2]rooms.Body{{got.Subject, c.want.Subject}, {got.Text, c.want.Text}, {got.HTML, c.want.HTML}, {got.SMS, c.want.SMS}} {
			if pair[0].Reveal() != pair[1].Reveal() {
				t.Errorf("got %q, want %q", pair[0].Reveal(), pair[1].Reveal())
			}
		}
	}
}

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
