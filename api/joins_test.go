package api

import (
	"io"
	"strings"
	"testing"
	"time"
)

// Who asks for others has each of them written to, so he asks for no more than so many a minute; others still can.
func TestJoinsAreBoundedByClient(t *testing.T) {
	e := newEngine()
	e.open("taxes")
	s := serverOn(e, Options{JoinsPerMinute: 3}, io.Discard)
	at := noon()
	s.now = func() time.Time { return at }
	join := func(client string) int {
		w := ask{"POST", "/v1/rooms/taxes/requests", client, `{"email":"a@example.com"}`, nil}.of(s)
		if w.Code == 429 && (!strings.Contains(w.Body.String(), `"too_many_joins"`) || w.Header().Get("Retry-After") == "") {
			t.Errorf("%s", w.Body)
		}
		return w.Code
	}
	for n := range 5 {
		if got, want := join("portal"), map[bool]int{true: 202, false: 429}[n < 3]; got != want {
			t.Errorf("request %d: %d, want %d", n+1, got, want)
		}
	}
	if got := join("hosp-7"); got != 202 {
		t.Errorf("another client: %d", got)
	}
	at = at.Add(time.Minute / 3)
	if got := join("portal"); got != 202 {
		t.Errorf("a while later: %d", got)
	}
	at = at.Add(2 * time.Minute)
	join("portal")
	if len(s.joins.known) != 1 {
		t.Errorf("%d clients are remembered", len(s.joins.known))
	}
}
