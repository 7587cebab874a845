package publish_test

import (
	"errors"
	"sync/atomic"
	"testing"
)

func TestFindsWhatOneOfThemHasPublished(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}}) // another node, which has not folded it yet
	known, ok, err := h.Find(t.Context(), "hosp-7-1", "hosp-8", "hosp-7")
	if err != nil || !ok || known.UMID != first.UMID || known.Room != "newborn" {
		t.Errorf("%+v, %t, %v", known, ok, err)
	}
	if known, ok, err := h.Find(t.Context(), "hosp-7-1", "hosp-8"); ok || err != nil {
		t.Errorf("another client's: %+v, %v", known, err)
	}
	if known, ok, err := h.Find(t.Context(), "hosp-7-2", "hosp-7"); ok || err != nil {
		t.Errorf("another transaction: %+v, %v", known, err)
	}
	if _, ok, err := h.Find(t.Context(), "hosp-7-1"); ok || err != nil {
		t.Errorf("nobody's: %v", err)
	}
	why := errors.New("the index is broken")
	h.publisher(broken{why: why})
	if _, _, err := h.Find(t.Context(), "hosp-7-1", "hosp-7"); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
}
