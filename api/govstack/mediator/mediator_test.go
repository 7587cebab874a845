package mediator_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/rooms"
)

func TestEventIDsAreUUIDs(t *testing.T) {
	for _, umid := range []rooms.UMID{"01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", "00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"} {
		id := mediator.EventID(umid)
		if len(id) != 36 || id[14] == 0 {
			t.Errorf("%s is %s", umid, id)
		}
		for _, spelled := range []string{id, strings.ToUpper(id)} {
			if got, err := mediator.ParseEventID(spelled); err != nil || got != umid {
				t.Errorf("%s is read as %s, %v", spelled, got, err)
			}
		}
	}
	for _, bad := range []string{"", "x", "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", "019aa9b96e00fc84c2f9a387cea45c95", "019aa9b9-6e00-fc84-c2f9-a387cea45c9g", "019aa9b9-6e00-fc84-c2f9a-387cea45c95"} {
		if got, err := mediator.ParseEventID(bad); !errors.Is(err, mediator.ErrID) {
			t.Errorf("%q is read as %s, %v", bad, got, err)
		}
	}
}

func TestFaultsOfOptions(t *testing.T) {
	const id = "neverland/GOV/health/registry"
	for name, tc := range map[string]struct {
		options mediator.Options
		faults  int
	}{
		"none": {mediator.Options{}, 0},
		"good": {mediator.Options{
			Members: map[string][]string{"neverland/GOV/health": {"births"}, "neverland/GOV/x": nil}, ClientCA: "ca.pem", Proxies: []string{"xroad"},
			Clients: map[string]mediator.Client{id: {Client: "hosp-7", Push: "https://app.example/events", Certificate: "hosp"}},
		}, 0},
		"members":         {mediator.Options{Members: map[string][]string{"neverland/GOV": nil, "1/a/b": {"A room"}}}, 3},
		"who is a client": {mediator.Options{Clients: map[string]mediator.Client{"a/b/c": {Client: "x"}, id: {}}}, 2},
		"the gateway":     {mediator.Options{Clients: map[string]mediator.Client{id: {Client: "crier"}}}, 1},
		"push":            {mediator.Options{Clients: map[string]mediator.Client{id: {Client: "x", Push: "ftp://x"}}}, 1},
		"no authority":    {mediator.Options{Proxies: []string{"a"}, Clients: map[string]mediator.Client{id: {Client: "x", Certificate: "b"}}}, 2},
		"one certificate of two": {mediator.Options{ClientCA: "ca.pem", Proxies: []string{"p"}, Clients: map[string]mediator.Client{
			id: {Client: "x", Certificate: "b"}, "a/b/c/d": {Client: "y", Certificate: "b"}, "a/b/c/e": {Client: "z", Certificate: "p"}}}, 2},
		"a proxy without name": {mediator.Options{ClientCA: "ca.pem", Proxies: []string{""}}, 1},
	} {
		if faults := tc.options.Check(); len(faults) != tc.faults {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// Whatever a body is, it is read or refused with a problem that does not repeat it.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{"eventType":"newBirth","schema":{"type":"object"}}`, `{"eventType":"newBirth","schema":"{\"type\":\"object\"}"}`, `{"eventType":"newBirth","event":{"a":1}}`,
		`{"eventType":"newBirth","delivery":"PULL","options":{"TTL":60,"FIFO":true}}`, `{"eventType":"newBirth","options":{"TTL":-1}}`, `[`, ``, `{"a":{"b":[{}]}}`, `"x"`, "{\"eventType\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := mediator.ParseEventType(body)
		_, err2 := mediator.ParseEvent(body, "newBirth")
		w, err3 := mediator.ParseSubscription(body, "newBirth")
		for _, err := range []error{err, err2, err3} {
			var p *problem.Error
			if err != nil && (!errors.As(err, &p) || len(p.Faults) == 0) {
				t.Fatalf("%T %v", err, err)
			}
		}
		if err3 == nil && w.TTL < 0 {
			t.Fatalf("%+v", w)
		}
	})
}

// Whatever is read is written the same way.
func FuzzIDs(f *testing.F) {
	f.Add("neverland/GOV/capital-city/police", "019aa9b9-6e00-fc84-c2f9-a387cea45c95")
	f.Add("1/2/3/4", "ffffffff-ffff-ffff-ffff-ffffffffffff")
	f.Fuzz(func(t *testing.T, name, event string) {
		if id, err := mediator.ParseID(name); err == nil && id.String() != name {
			t.Fatalf("%q is read as %q", name, id)
		}
		if umid, err := mediator.ParseEventID(event); err == nil && mediator.EventID(umid) != strings.ToLower(event) {
			t.Fatalf("%q is read as %s", event, umid)
		}
	})
}
