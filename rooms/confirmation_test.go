package rooms

import (
	"fmt"
	"testing"
)

func TestConfirmationsOfParts(t *testing.T) {
	for ids, want := range map[string]string{
		"A":       "[a]",
		"1,2":     "[1 2]",
		"x,X,0x":  "[x]",
		"7,8,007": "[7 8]",
		"1,,2":    "[]",
		",":       "[]",
		"":        "[]",
	} {
		got := []string{}
		for i, c := range Confirmations(Event{Kind: EventSent, Channel: SMS, Receipt: true, ProviderID: ids}) {
			got = append(got, c.ID)
			if c.Part != i+1 {
				t.Errorf("%q: part %d is the one at %d", ids, c.Part, i+1)
			}
			if want := len(Confirmations(Event{Kind: EventSent, Channel: SMS, Receipt: true, ProviderID: ids})); c.Parts != want {
				t.Errorf("%q: of %d parts, want %d", ids, c.Parts, want)
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q: %v, want %s", ids, got, want)
		}
	}
}
