package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/rooms"
)

// What the interface's published tests ask, without a token, and want to be answered. The applications are those of their
// data; each has the service alp4aNum3r1c, an event type.
func TestPublishedTestsOfTheMediator(t *testing.T) {
	e := newEngine()
	for _, name := range []rooms.Room{"alp4anum3r1c", "m3mb3rc0d3", "aa15", "azxcv55"} {
		e.rooms[name] = rooms.RoomConfig{Name: name, EventTypes: []rooms.EventType{{Name: "alp4aNum3r1c", Schema: []byte(`{"type":"object"}`)}}}
	}
	s := e.mediating(mediator.Options{OpenMetadata: true})
	good := []string{"identifier/identifier/alp4aNum3r1c/alp4aNum3r1c", "a11a11a11a/asd2211a/12as12/m3mb3rc0d3", "a552example/zzz321a/m3mb3rc0d3/aa15", "valid1dentifi3r/rand0mid3nt/str1ng/azxcv55"}
	for i, path := range append(good, "string/string/string/string") {
		for _, call := range []string{"listMethods", "allowedMethods"} {
			w := ask{"GET", fmt.Sprintf("/%s/%s?serviceId=serviceId%d", path, call, i), "", "", nil}.of(s)
			if w.Code != 200 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s of %s: %d %s", call, path, w.Code, w.Header())
			}
			listed := servicesOf(t, w.Body.Bytes())
			if named := strings.Contains(w.Body.String(), "alp4aNum3r1c"); (len(listed) > 0 && named) != (call == "listMethods" && i < len(good)) {
				t.Errorf("%s of %s: %s", call, path, w.Body)
			}
		}
		w := ask{"GET", fmt.Sprintf("/listClients?serviceId=serviceId%d&instanceId=instanceId%d", i, i), "", "", []string{"Accept", "application/jsn"}}.of(s)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") || w.Body.String() != `{"member":[]}` {
			t.Errorf("clients of instanceId%d: %d %s", i, w.Code, w.Body)
		}
	}
	want := map[string]int{
		"1nval1d/identifier/alp4aNum3r1c/alp4aNum3r1c?serviceCode=alp4aNum3r1c":       400,
		"identifier/1nval1d/alp4aNum3r1c/alp4aNum3r1c?serviceCode=alp4aNum3r1c":       400,
		"identifier/identifier/_invalid/alp4aNum3r1c?serviceCode=alp4aNum3r1c":        400,
		"identifier/identifier/str1ng/_invalid?serviceCode=alp4aNum3r1c":              400,
		"1nval1d/1nval1d/_invalid/_invalid?serviceCode=alp4aNum3r1c":                  400,
		"identifier/identifier/alp4aNum3r1c/alp4aNum3r1c?serviceCode=_invalid":        400,
		"identifier/identifier/alp4aNum3r1c/alp4aNum3r1c?serviceCode=":                400,
		"identifier/identifier/alp4aNum3r1c/alp4aNum3r1c":                             400,
		"identifier/identifier/alp4aNum3r1c/alp4aNum3r1c?serviceCode=a&serviceCode=b": 400,
		"string/string/string/string?serviceCode=alp4aNum3r1c":                        400,
	}
	for _, path := range good {
		want[path+"?serviceCode=alp4aNum3r1c"] = 200
	}
	for path, status := range want {
		at, query, _ := strings.Cut(path, "?")
		w := ask{"GET", "/" + at + "/getOpenAPI?" + query, "", "", []string{"Information-Mediator-Client", "eGovStack/GOV/90000009/digitalregistries"}}.of(s)
		var text string
		if err := json.Unmarshal(w.Body.Bytes(), &text); err != nil || text == "" || w.Code != status || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d %.200s %v", path, w.Code, w.Body, err)
		}
	}
	for _, path := range []string{"/pub/v1/alp4aNum3r1c", "/pull/v1/alp4aNum3r1c", "/api/v1/eventType"} {
		if w := (ask{"GET", "/" + good[0] + path, "", "", []string{"X-GovStack-Client", "a/b/c/d"}}).of(s); w.Code != 401 && w.Code != 405 {
			t.Errorf("%s is open too: %d", path, w.Code)
		}
	}
}
