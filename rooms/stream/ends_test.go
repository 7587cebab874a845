package stream

import (
	"testing"
)

// The end is the last message that is there, although later ones have been erased.
func TestEndWhenTheLastIsErased(t *testing.T) {
	l, _ := openWith(t, Options{})
	var last uint64
	for i := range 3 {
		var err error
		if last, _, err = l.Append(t.Context(), someMessage(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Erase(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if end, events, err := l.Ends(t.Context()); err != nil || end != last-1 || events != 0 {
		t.Errorf("the ends are %d and %d, %v, want %d and 0", end, events, err, last-1)
	}
	for seq := range last {
		if err := l.Erase(t.Context(), seq); err != nil {
			t.Fatal(err)
		}
	}
	if end, _, err := l.Ends(t.Context()); err != nil || end != 0 {
		t.Errorf("the end of nothing is %d, %v", end, err)
	}
}
