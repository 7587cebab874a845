package rooms

import (
	"strings"
	"testing"
)

func TestDrillSaysSo(t *testing.T) {
	b := NewBody
	for _, c := range []struct{ said, want Content }{
		{Content{Subject: b("Flood"), Text: b("Leave.")}, Content{Subject: b("DRILL: Flood"), Text: b("DRILL: Leave.")}},
		{Content{Text: b("Leave.")}, Content{Subject: b("DRILL"), Text: b("DRILL: Leave.")}},
		{Content{SMS: b("Leave.")}, Content{Subject: b("DRILL"), SMS: b("DRILL: Leave.")}},
		{Content{HTML: b("<p>x</p>")}, Content{Subject: b("DRILL"), HTML: b("<p><strong>DRILL</strong></p><p>x</p>")}},
		{Content{HTML: b(`<html><BODY class="a"><p>x</p></BODY>`)},
			Content{Subject: b("DRILL"), HTML: b(`<html><BODY class="a"><p><strong>DRILL</strong></p><p>x</p></BODY>`)}},
	} {
		got, err := c.said.Drill("DRILL")
		if err != nil {
			t.Error(err)
		}
		for _, pair := range [][2]Body{{got.Subject, c.want.Subject}, {got.Text, c.want.Text}, {got.HTML, c.want.HTML}, {got.SMS, c.want.SMS}} {
			if pair[0].Reveal() != pair[1].Reveal() {
				t.Errorf("got %q, want %q", pair[0].Reveal(), pair[1].Reveal())
			}
		}
	}
}

// The word counts: what is as long as may be is too long with it.
func TestDrillCounts(t *testing.T) {
	for length, ok := range map[int]bool{maxSMS - 7: true, maxSMS - 6: false} {
		_, err := Content{SMS: NewBody(strings.Repeat("a", length))}.Drill("DRILL")
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "/sms") {
			t.Errorf("%d: %v", length, err)
		}
	}
}
