package request

import (
	"errors"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/govcrier/crier/rooms"
)

func TestPossibleNumbers(t *testing.T) {
	for number, ok := range map[string]bool{
		"+996555000111": true, "+41791234567": true, "+12025550123": true, "+390612345678": true, "+39061234": true, "+8801711111111": true, "+883510000000094": true, "+9991000001": true,
		"+4179123456": false, "+99655500011": false, "+210123456789": false, "+1202555012": false, "+8881234": false,
	} {
		for _, c := range []rooms.Channel{rooms.SMS, rooms.WhatsApp} {
			if _, err := address(c, number); (err == nil) != ok || err != nil && (!errors.Is(err, rooms.ErrAddress) || strings.Contains(err.Error(), number)) {
				t.Errorf("%s: %v", number, err)
			}
		}
		parsed, err := phonenumbers.Parse(number, "")
		if want := err == nil && phonenumbers.IsPossibleNumber(parsed); want != ok && !strings.HasPrefix(number, nobodys) {
			t.Errorf("%s: the library's own reading says %v", number, want)
		}
	}
}

func BenchmarkPossible(b *testing.B) {
	for b.Loop() {
		if possible("+996555000111") != nil {
			b.Fatal("refused")
		}
	}
}
