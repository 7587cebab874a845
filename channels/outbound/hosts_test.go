package outbound

import (
	"fmt"
	"testing"
	"time"
)

func TestSilentHostsRest(t *testing.T) {
	h, now := newHosts(), time.Unix(0, 0)
	for range mostSilent - 1 {
		h.note("a", true, now)
	}
	if !h.may("a", now) {
		t.Error("left alone too early")
	}
	h.note("a", true, now)
	if h.may("a", now.Add(rest-1)) || !h.may("b", now) {
		t.Error("called again too early, or the others are not")
	}
	now = now.Add(rest)
	if !h.may("a", now) || h.may("a", now) {
		t.Error("after a rest one call finds out")
	}
	h.note("a", true, now)
	if h.may("a", now.Add(rest-1)) || !h.may("a", now.Add(rest)) {
		t.Error("another rest follows")
	}
	h.note("a", false, now)
	if !h.may("a", now) || len(h.silent) != 0 {
		t.Error("it answers, and is left alone")
	}
	for n := range mostHosts + 10 {
		h.note(fmt.Sprint(n), true, now)
	}
	if len(h.silent) != mostHosts {
		t.Errorf("%d are remembered", len(h.silent))
	}
}
