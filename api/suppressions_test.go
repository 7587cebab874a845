package api

import (
	"testing"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// Whoever asks about an address hears of the rooms, too, that the person wants nothing more of.
func TestFindSuppressionLooksAtStops(t *testing.T) {
	s := newServer(newEngine())
	for address, want := range map[string]struct{ reason, others string }{
		"a@example.com": {"no-mailbox", "stopped"}, "c@example.com": {"stopped", "stopped"},
	} {
		w := ask{"POST", "/v1/suppressions/find", "officer+dpo", `{"email":"` + address + `"}`, nil}.of(s)
		var got v1.FoundSuppression
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Reason != want.reason || len(got.Others) != 1 || got.Others[0].Reason != want.others {
			t.Errorf("%s: %d %s", address, w.Code, w.Body)
		}
		if (got.Room != "") != (got.Reason == "stopped") || got.Others[0].Room == "" || got.Others[0].Room == got.Room {
			t.Errorf("%s: of which room? %s", address, w.Body)
		}
	}
}
