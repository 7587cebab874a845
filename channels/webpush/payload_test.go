package webpush

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/govcrier/crier/rooms"
)

func told(text string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01JDB6T0G00000000000000001", N: 7}, Room: "newborn", Type: "reminder", Lane: rooms.Bulk,
		To: rooms.Contact{Channel: rooms.WebPush, Language: "ky"}, Content: rooms.Content{Text: rooms.NewBody(text)},
	}
}

func TestNotification(t *testing.T) {
	d := told("Open at nine.")
	d.Sender.Organisation = "Registry office"
	got, err := payload(d, "https://portal.example.org/inbox")
	want := `{"title":"Registry office","body":"Open at nine.","tag":"01JDB6T0G00000000000000001-7","room":"newborn",` +
		`"type":"reminder","lane":"bulk","lang":"ky","url":"https://portal.example.org/inbox"}`
	if err != nil || string(got) != want {
		t.Errorf("%s, want\n%s (%v)", got, want, err)
	}
}

func TestTitle(t *testing.T) {
	d := told("x")
	if got := titleOf(d); got != "newborn" {
		t.Errorf("without a sender %q", got)
	}
	d.Content.Subject = rooms.NewBody("Two\r\nlines " + strings.Repeat("й", 300))
	if got := titleOf(d); !strings.HasPrefix(got, "Two lines й") || utf8.RuneCountInString(got) != maxTitle || !strings.HasSuffix(got, ellipsis) {
		t.Errorf("a long one is %q", got)
	}
}

func FuzzBodyFits(f *testing.F) {
	f.Add("Open at nine.", 1)
	f.Add("приходите вовремя \U0001F4A7", 500)
	f.Add("\x00\x1f\"\\", 4000)
	f.Fuzz(func(t *testing.T, text string, times int) {
		if times < 0 || times > 5000 || len(text) > 1000 || !utf8.ValidString(text) {
			return
		}
		text = strings.Repeat(text, times)
		got, err := payload(told(text), "")
		if err != nil || len(got) > maxPlain {
			t.Fatalf("%d bytes: %v", len(got), err)
		}
		var n notification
		if err := json.Unmarshal(got, &n); err != nil {
			t.Fatal(err)
		}
		if n.Body == text {
			return
		}
		begun := strings.TrimSuffix(n.Body, ellipsis)
		if !strings.HasPrefix(text, begun) || begun == n.Body {
			t.Fatalf("%q is no beginning", n.Body)
		}
		next, _ := utf8.DecodeRuneInString(text[len(begun):])
		if more, _ := json.Marshal(begun + string(next)); len(got)-len(n.Body) > 0 && len(got)+len(more) < maxPlain {
			t.Fatalf("only %d of %d bytes are used", len(got), maxPlain)
		}
	})
}
