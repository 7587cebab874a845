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

// Who was added before, or has written himself, is found by a number that nobody could add today.
func TestNumbersOfOld(t *testing.T) {
	const old = "+99655500011"
	if c, err := ParseContact([]byte(`{"phone":"` + old + `"}`)); err != nil || c.Address.Reveal() != old {
		t.Errorf("looked up: %v", err)
	}
	if _, err := ParseContact([]byte(`{"phone":"0555"}`)); err == nil {
		t.Error("what is no number was looked up")
	}
	if _, err := ParseSubscriber([]byte(`{"phone":"`+old+`"}`), limits().Now); err == nil {
		t.Error("added by an admin")
	}
	if _, err := ParseSubscriptionRequest([]byte(`{"phone":"`+old+`"}`), limits().Now); err == nil {
		t.Error("asked to be added")
	}
	for _, table := range []bool{true, false} {
		file := map[bool]string{true: "phone\n" + old + "\n", false: `{"phone":"` + old + `"}` + "\n"}[table]
		if got := told(t, strings.NewReader(file), Form{CSV: table, Values: "values"}); len(got) != 1 || !strings.Contains(got[0], "invalid_address") {
			t.Errorf("in a file: %q", got)
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
