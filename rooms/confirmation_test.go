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

// Chats answer by the provider's id, so what is sent there is found by it, with a receipt to follow or without.
func TestConfirmationsOfChats(t *testing.T) {
	for c, want := range map[Channel][2]int{Email: {0, 0}, SMS: {0, 1}, Webhook: {0, 0}, Telegram: {1, 1}, WhatsApp: {1, 1}} {
		for i, receipt := range []bool{false, true} {
			if got := len(Confirmations(Event{Kind: EventSent, Channel: c, Receipt: receipt, ProviderID: "id"})); got != want[i] {
				t.Errorf("%s, receipt %t: %d, want %d", c, receipt, got, want[i])
			}
		}
	}
}
