package drill

import (
	"slices"
	"time"
)

// Receipt is a message that a client knows to be durable.
type Receipt struct {
	Tx         string    `json:"tx"`
	UMID       string    `json:"umid"`
	Recipients int       `json:"recipients"`
	Began      time.Time `json:"began"` // the first attempt
	At         time.Time `json:"at"`
}

// silence is the longest time between two events that touches the time from one moment to another. Before the first event
// and after the last, silence counts within that time only.
func silence(events []time.Time, from, to time.Time) time.Duration {
	events = slices.Clone(events)
	slices.SortFunc(events, time.Time.Compare)
	longest, last := time.Duration(0), from
	for _, at := range events {
		if at.After(from) {
			longest = max(longest, at.Sub(last))
		}
		if !at.Before(to) {
			return longest
		}
		last = at
	}
	return max(longest, to.Sub(last))
}

// before leaves out what came later.
func before(events []time.Time, at time.Time) []time.Time {
	return slices.DeleteFunc(slices.Clone(events), at.Before)
}

// recipient is one to whom one message goes.
type recipient struct {
	tx string
	n  int
}

// tally is what the two lists give when they are laid side by side.
type tally struct {
	lost       []recipient // acknowledged, and never delivered
	duplicated int         // deliveries after the first
	arrivals   []time.Time // of first deliveries
	longest    time.Duration
}

// compare lays the lists side by side.
func compare(receipts []Receipt, deliveries []Delivery) tally {
	var t tally
	arrived := map[recipient]time.Time{}
	for _, d := range deliveries {
		who := recipient{d.Tx, d.N}
		if _, again := arrived[who]; again {
			t.duplicated++
			continue
		}
		arrived[who] = d.At
		t.arrivals = append(t.arrivals, d.At)
	}
	for _, r := range receipts {
		for n := range r.Recipients {
			who := recipient{r.Tx, n}
			at, ok := arrived[who]
			if !ok {
				t.lost = append(t.lost, who)
				continue
			}
			t.longest = max(t.longest, at.Sub(r.At))
		}
	}
	return t
}

// acknowledged are the times of receipts.
func acknowledged(receipts []Receipt) []time.Time {
	var times []time.Time
	for _, r := range receipts {
		times = append(times, r.At)
	}
	return times
}

// longestPublish is the longest time that a client has waited for a receipt.
func longestPublish(receipts []Receipt) time.Duration {
	var longest time.Duration
	for _, r := range receipts {
		longest = max(longest, r.At.Sub(r.Began))
	}
	return longest
}
