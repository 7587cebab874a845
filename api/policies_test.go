package api

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// faultsOf are the pointers of the errors in an answer.
func faultsOf(t *testing.T, a ask, s *Server) (code string, pointers []string) {
	t.Helper()
	p := problemIn(t, a.of(s))
	for _, f := range p.Errors {
		pointers = append(pointers, f.Pointer)
	}
	slices.Sort(pointers)
	return string(p.Code), slices.Compact(pointers)
}

func TestContradictionsAreNamedAllAtOnce(t *testing.T) {
	for body, want := range map[string]string{
		`{"retry":["5m","soon"],"jitter":3,"expiry":"1000h","duplicates":"never"}`: "invalid_request /duplicates /expiry /jitter /name /retry/1",
		`{"name":"fresh","retry":["2h"],"expiry":"1h"}`:                            "invalid_request /expiry",
		`{"name":"fresh","expiry":"30s"}`:                                          "invalid_request /expiry", // standard waits a minute first
		`{"name":"fresh","retry":[]}`:                                              "invalid_request /retry",
		`{"name":"fresh","retry":["5"]}`:                                           "invalid_request /retry/0",
		`{"name":"fresh","retry":["-5m"]}`:                                         "invalid_request /retry/0",
		`{"name":"fresh","retry":["999ms"]}`:                                       "invalid_request /retry/0",
		`{"name":"fresh","retry":[5]}`:                                             "invalid_request /retry/0",
		`{"name":"fresh","retry":"5m"}`:                                            "invalid_request /retry",
		`{"name":"fresh","retry":["1s"` + strings.Repeat(`,"1s"`, 50) + `]}`:       "invalid_request /retry",
		`{"name":"fresh","jitter":-0.1}`:                                           "invalid_request /jitter",
		`{"name":"fresh","jitter":"0.1"}`:                                          "invalid_request /jitter",
		`{"name":"fresh","jitter":1e999}`:                                          "invalid_request /jitter",
		`{"name":"fresh","expiry":"168h1s"}`:                                       "invalid_request /expiry",
		`{"name":"Fresh"}`:                                                         "invalid_request /name",
		`{"name":"fresh","revision":7}`:                                            "invalid_request /revision",
		`{"name":"fresh","unknown":"hold"}`:                                        "invalid_request /unknown",
		`{"name":"fresh","duplicates":"avoid","unknown":"drop"}`:                   "invalid_request /unknown",
		`{"name":"fresh","duplicates":"once"}`:                                     "invalid_request /duplicates",
	} {
		e := newEngine()
		code, pointers := faultsOf(t, ask{"POST", "/v1/policies", "boss", body, nil}, newServer(e))
		if got := strings.Join(append([]string{code}, pointers...), " "); got != want || e.drafted() != 4 {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// What is left out comes from the standard policy, from the latest revision, or from the revision itself.
func TestWhatAPolicyLeavesOut(t *testing.T) {
	changed := regexp.MustCompile(`"changedAt":"[^"]*",`)
	s := newServer(newEngine())
	for _, tc := range []struct {
		ask  ask
		want string
	}{
		{ask{"POST", "/v1/policies", "boss", `{"name":"fresh","jitter":0}`, nil},
			`{"name":"fresh","revision":1,"state":"draft","retry":["1m","5m"],"jitter":0,"expiry":"24h","duplicates":"resend","author":"boss"}`},
		{ask{"POST", "/v1/policies/fresh", "boss", `{"retry":["90s","1h30m"]}`, nil},
			`{"name":"fresh","revision":2,"state":"draft","retry":["1m30s","1h30m"],"jitter":0,"expiry":"24h","duplicates":"resend","author":"boss"}`},
		{ask{"PUT", approvedOne, "boss", `{"jitter":1}`, []string{"If-Match", `"4"`}},
			`{"name":"patient","revision":4,"state":"draft","retry":["1m","5m"],"jitter":1,"expiry":"4h","duplicates":"resend","author":"boss"}`},
	} {
		w := tc.ask.of(s)
		body := changed.ReplaceAll(w.Body.Bytes(), nil)
		if w.Code >= 300 || !sameJSON(t, body, tc.want) {
			t.Errorf("%s %s: %d %s", tc.ask.method, tc.ask.path, w.Code, w.Body)
		}
		if w.Header().Get("ETag") == "" || (w.Header().Get("Location") != "") != (w.Code == 201) {
			t.Errorf("%s %s: %v", tc.ask.method, tc.ask.path, w.Header())
		}
	}
}

func TestPolicyDiff(t *testing.T) {
	s := newServer(newEngine())
	for query, want := range map[string]string{
		"from=1&to=2": `{"changes":[{"pointer":"/expiry","from":"1h","to":"2h"}]}`,
		"from=2&to=2": `{"changes":[]}`,
	} {
		if w := (ask{"GET", "/v1/policies/patient/diff?" + query, "boss", "", nil}).of(s); w.Code != 200 || !sameJSON(t, w.Body.Bytes(), want) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for query, want := range map[string]int{"": 400, "from=1": 400, "from=0&to=1": 400, "from=1&to=9": 404, "from=%zz&to=1": 400} {
		if w := (ask{"GET", "/v1/policies/patient/diff?" + query, "other", "", nil}).of(s); w.Code != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// An approval is of what was read: it names the revision's ETag, and one that was rewritten since is refused.
func TestApprovalIsOfWhatWasRead(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	approve := func(etag ...string) ask { return ask{"POST", submittedOne + "/approve", "officer+dpo", "", etag} }
	if p := problemIn(t, approve().of(s)); p.Code != "revision_required" {
		t.Errorf("without ETag: %s", p.Code)
	}
	w := ask{"PUT", submittedOne, "boss", `{"expiry":"3h"}`, []string{"If-Match", `"2"`}}.of(s)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if p := problemIn(t, approve("If-Match", `"2"`).of(s)); p.Code != "revision_mismatch" {
		t.Errorf("rewritten since: %s", p.Code)
	}
	if p := problemIn(t, approve("If-Match", w.Header().Get("ETag")).of(s)); p.Code != "policy_state" {
		t.Errorf("a draft again: %s", p.Code)
	}
	own := ask{"POST", submittedOne + "/approve", "boss+dpo", "", []string{"If-Match", `"2"`}}
	if p := problemIn(t, own.of(newServer(newEngine()))); p.Code != "own_policy" {
		t.Errorf("one's own: %s", p.Code)
	}
}

func TestRoomNamesAPublishedPolicy(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	match := []string{"If-Match", `"7"`}
	for body, want := range map[string]string{
		`{"policy":{"name":"none"}}`: "/policy/name", `{"policy":{}}`: "/policy", `{"policy":"patient"}`: "/policy",
		`{"policy":{"name":"patient","revision":1}}`: "/policy/revision", `{"policy":{"name":"."}}`: "/policy/name",
	} {
		if code, pointers := faultsOf(t, ask{"PUT", "/v1/rooms/newborn", "boss", body, match}, s); code != "invalid_request" || !slices.Equal(pointers, []string{want}) {
			t.Errorf("%s: %s %v", body, code, pointers)
		}
	}
	w := ask{"PUT", "/v1/rooms/newborn", "boss", `{"admins":["boss"],"policy":{"name":"patient"}}`, match}.of(s)
	if w.Code != 200 || e.rooms["newborn"].Policy != "patient" || !strings.Contains(w.Body.String(), `"policy":{"name":"patient"}`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	retire := ask{"POST", publishedOne + "/retire", "boss", "", []string{"If-Match", `"1"`}}
	if p := problemIn(t, retire.of(s)); p.Code != "policy_in_use" {
		t.Errorf("retired although a room names it: %s", p.Code)
	}
	w = ask{"PUT", "/v1/rooms/newborn", "boss", `{"admins":["boss"],"policy":{"name":"standard"}}`, []string{"If-Match", `"8"`}}.of(s)
	if w.Code != 200 || e.rooms["newborn"].Policy != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Where an emergency wants a second person, one admin alone cannot give the room another policy.
func TestSecondPersonIsNotDoneAwayWith(t *testing.T) {
	e := newEngine()
	for i := range e.policies {
		if e.policies[i].Name == "patient" && e.policies[i].State == rooms.PolicyPublished {
			e.policies[i].Release = rooms.ReleaseTwoPerson
		}
	}
	room := e.rooms["newborn"]
	room.Policy = "patient"
	e.rooms["newborn"] = room
	s := newServer(e)
	change := func(who string) int {
		return ask{"PUT", "/v1/rooms/newborn", who, `{"admins":["boss"]}`, []string{"If-Match", `"7"`}}.of(s).Code
	}
	if got := change("boss"); got != 403 {
		t.Errorf("by the room's admin: %d", got)
	}
	if got := change("root+admin"); got != 200 {
		t.Errorf("by an admin of the platform: %d", got)
	}
}
