package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// endsQuiet says whether quiet hours of the policy end at a moment, or days on which nobody is written to.
func endsQuiet(r v1.PolicyRevision, at time.Time) bool {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil || at.IsZero() {
		return false
	}
	clock := at.In(zone).Format("15:04:05.000")
	for _, q := range r.QuietHours {
		if clock == q.Until+":00.000" || clock == "00:00:00.000" && q.Until == "24:00" {
			return true
		}
	}
	return clock == "00:00:00.000" && (r.Dates.From != "" || len(r.Dates.Not) > 0)
}

// tellFurther says in a sentence each what the rules of a message were, beside those of its attempts.
func tellFurther(w io.Writer, r v1.PolicyRevision) {
	zone := cmp.Or(r.Zone, "UTC")
	for _, s := range []struct{ sentence, rule string }{
		{"A publisher may send %s into the room.\n", quotaText(r.Quota)},
		{"The lanes are %s.\n", lanesText(r.Lanes)},
		{"A message has at most %s.\n", limitsText(r.Content)},
		{"SMS are written %s where that makes them shorter.\n", map[bool]string{true: "with the letters of GSM 7"}[r.Content.Transliterate]},
		{"The types are %s.\n", typesText(r.Types)},
		{"Before it was accepted, %s was asked.\n", checkText(r.Check)},
		{"The providers are: %s.\n", providersText(r.Providers)},
		{"What is not delivered in time moves %s.\n", fallbackText(r.Fallback)},
		{"But in emergencies, nobody is written to at %s (" + zone + ").\n", quietText(r.QuietHours)},
		{"But in emergencies, people are written to %s (" + zone + ").\n", datesText(r.Dates)},
		{"But for emergencies, of this room's messages a person gets %s.\n", capText(r.Cap)},
		{"On these channels the provider's word is the last one: %s.\n", joined(r.SentIsDelivered)},
		{"What a person writes answers the last message to him for %s.\n", r.Replies.Window},
		{"The rest waits for a person after %s.\n", counted(r.HoldAfter, "failed delivery", "failed deliveries")},
	} {
		if s.rule != "" {
			fmt.Fprintf(w, s.sentence, s.rule)
		}
	}
	if r.Release == v1.ReleaseTwoPerson {
		fmt.Fprintln(w, "An emergency goes when a second person has agreed.")
	}
	switch r.History {
	case v1.HistoryKeep:
		fmt.Fprintln(w, "Its content is kept.")
	case v1.HistoryErase:
		fmt.Fprintln(w, "Its content is erased when all deliveries are done with.")
	}
}
