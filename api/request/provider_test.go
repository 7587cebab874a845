package request

import (
	"testing"

	"github.com/govcrier/crier/rooms"
)

func TestParseProviderChange(t *testing.T) {
	for _, tc := range []struct {
		body string
		has  int
		want rooms.ProviderChange // zero: refused
	}{
		{`{"state":"running"}`, 50, rooms.ProviderChange{State: rooms.ProviderRunning, Factor: 50}},
		{`{"state":"running"}`, 250, rooms.ProviderChange{State: rooms.ProviderRunning, Factor: 100}},
		{`{"state":"pinned"}`, 250, rooms.ProviderChange{State: rooms.ProviderPinned, Factor: 250}},
		{`{"state":"drained","factor":0}`, 50, rooms.ProviderChange{State: rooms.ProviderDrained}},
		{`{"state":"drained","factor":101}`, 50, rooms.ProviderChange{}},
		{`{"state":"pinned","factor":-1}`, 50, rooms.ProviderChange{}},
		{`{"state":"pinned","factor":"1"}`, 50, rooms.ProviderChange{}},
		{`{"state":"","factor":1}`, 50, rooms.ProviderChange{}},
		{`{"factor":1}`, 50, rooms.ProviderChange{}},
		{`{"state":"running","by":"x"}`, 50, rooms.ProviderChange{}},
		{`[]`, 50, rooms.ProviderChange{}},
	} {
		got, err := ParseProviderChange([]byte(tc.body), tc.has)
		if refused := tc.want.State == ""; refused != (err != nil) || !refused && got != tc.want {
			t.Errorf("%s: %+v, %v", tc.body, got, err)
		}
	}
}

func FuzzParseProviderChange(f *testing.F) {
	f.Add([]byte(`{"state":"pinned","factor":25}`), 100)
	f.Add([]byte(`{"state":"running"}`), 1000)
	f.Fuzz(func(t *testing.T, body []byte, has int) {
		has = max(0, min(has, rooms.MaxFactor))
		if c, err := ParseProviderChange(body, has); err == nil && c.Check() != nil {
			t.Errorf("%q: %+v was taken", body, c)
		}
	})
}
