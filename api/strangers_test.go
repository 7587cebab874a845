package api

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestStrangersFillNoRecord(t *testing.T) {
	e := newEngine()
	s := serverOn(e, Options{Strangers: StrangerOptions{PerMinute: 5}}, io.Discard)
	at := noon()
	s.now = func() time.Time { return at }
	codes := map[int]int{}
	for i := range 40 {
		a := ask{"GET", "/v1/rooms", "!bearer_token_expired", "", nil}
		if i%2 == 1 {
			a = ask{"GET", "/nothing", "", "", nil}
		}
		w := a.of(s)
		codes[w.Code]++
		if w.Code == 429 && (!strings.Contains(w.Body.String(), `"too_many_requests"`) || w.Header().Get("Retry-After") == "") {
			t.Errorf("%s", w.Body)
		}
	}
	if codes[429] != 35 || len(e.noted) != 5 {
		t.Errorf("%v, %d recorded", codes, len(e.noted))
	}
	if w := (ask{"GET", "/v1/rooms", "hosp-7", "", nil}).of(s); w.Code != 200 {
		t.Errorf("a good token from there: %d", w.Code)
	}
	if w := (ask{"GET", "/healthz", "", "", nil}).of(s); w.Code != 200 {
		t.Errorf("a public page: %d", w.Code)
	}
	at = at.Add(time.Minute)
	for range 6 {
		ask{"GET", "/v1/rooms", "", "", nil}.of(s)
	}
	last := e.noted[len(e.noted)-1]
	if len(e.noted) != 5+1+5+1 || last.Data["calls"] != "36" || last.Source != "unknown" { // and the good one
		t.Errorf("%d recorded, the last one %+v", len(e.noted), last)
	}
}

// Strangers are told apart by address, of IPv6 by network, and however many there are, what is kept of them is bounded.
func TestStrangersAreToldApart(t *testing.T) {
	at := noon()
	s := newStrangers(StrangerOptions{PerMinute: 1}, at)
	for _, tc := range []struct {
		remote string
		want   bool
	}{
		{"203.0.113.7:1", false}, {"203.0.113.7:2", true}, {"[::ffff:203.0.113.7]:3", true}, {"203.0.113.8:1", false},
		{"[2001:db8::1]:1", false}, {"[2001:db8::2]:1", true}, {"[2001:db8:0:1::1]:1", false}, {"", false}, {"pipe", true},
	} {
		if got, _ := s.refuse(tc.remote, at); got != tc.want {
			t.Errorf("%s: %v", tc.remote, got)
		}
	}
	for i := range 3 * maxAddresses {
		s.refuse(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), at)
	}
	if len(s.known) > maxAddresses {
		t.Errorf("%d are kept", len(s.known))
	}
	at = at.Add(2 * time.Minute)
	if got, _ := s.refuse("203.0.113.7:1", at); got || len(s.known) != 1 {
		t.Errorf("after a while: %v, %d are kept", got, len(s.known))
	}
}
