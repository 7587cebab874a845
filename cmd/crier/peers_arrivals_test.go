package main

import (
	"fmt"
	"sync"
	"time"
)

// arrivalsLog is what arrived, and when.
type arrivalsLog struct {
	mu    sync.Mutex
	umids []string
	at    []time.Time
}

func (l *arrivalsLog) add(umid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.umids, l.at = append(l.umids, umid), append(l.at, time.Now())
}

func (l *arrivalsLog) count(after time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.at {
		if at.After(after) {
			n++
		}
	}
	return n
}

// gap is the longest time without an arrival.
func (l *arrivalsLog) gap() (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 1; i < len(l.at); i++ {
		longest = max(longest, l.at[i].Sub(l.at[i-1]))
	}
	return longest.Round(time.Millisecond)
}

// lacks says how many of all have not arrived.
func (l *arrivalsLog) lacks(all []string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	missing := map[string]bool{}
	for _, u := range all {
		missing[u] = true
	}
	for _, u := range l.umids {
		delete(missing, u)
	}
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d acknowledged messages have not arrived", len(missing), len(all))
}

func (l *arrivalsLog) repeats() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	different := map[string]bool{}
	for _, u := range l.umids {
		different[u] = true
	}
	return len(l.umids) - len(different)
}
