package api

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// everyRule is a policy with all rules there are.
const everyRule = `{"retry":["5m","1h"],"jitter":0.1,"expiry":"48h","duplicates":"avoid","unknown":"resend",
	"quota":{"perMinute":10,"perDay":100},"lanes":{"normal":{"perMinute":5},"bulk":{}},"content":{"segments":2,"bytes":4000,"transliterate":true},
	"types":[{"type":"reminder","schema":{"type":"object","required":["sms"],"properties":{"sms":{"maxLength":300}}}},{"type":"news"}],
	"check":{"url":"https://check.example.org/?key=sesame","timeout":"500ms"},"release":"two-person",
	"providers":{"sms":[{"provider":"a","weight":3},{"provider":"b","weight":0}]},"fallback":[{"from":"sms","after":"4h","to":"email"}],
	"zone":"Asia/Bishkek","quietHours":[{"from":"21:00","until":"08:00"},{"days":["sat","sun"],"from":"00:00","until":"24:00"}],
	"dates":{"from":"2026-12-01","until":"2126-12-31","not":["2026-12-24"]},"cap":{"messages":3,"per":"24h"},
	"sentIsDelivered":["email"],"holdAfter":50,"history":"erase","replies":{"window":"48h"}}`

// All rules are shown as they were given, differ from a policy without them one by one, and go when they are empty.
func TestEveryRuleIsShownAndTakenAway(t *testing.T) {
	s := newServer(newEngine())
	if j := newJudge(t); j.request(ask{"PUT", draftedOne, "boss", everyRule, []string{"If-Match", `"3"`}}.request()) != nil {
		t.Error("not valid by openapi.yaml")
	}
	w := ask{"PUT", draftedOne, "boss", everyRule, []string{"If-Match", `"3"`}}.of(s)
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var got, want map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(everyRule), &want); err != nil {
		t.Fatal(err)
	}
	for name, value := range want {
		a, _ := json.Marshal(value, json.Deterministic(true))
		b, _ := json.Marshal(got[name], json.Deterministic(true))
		if string(a) != string(b) {
			t.Errorf("%s: %s, want %s", name, b, a)
		}
	}
	var d v1.PolicyDiff
	if err := json.Unmarshal(ask{"GET", "/v1/policies/patient/diff?from=1&to=3", "boss", "", nil}.of(s).Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	differ := map[string]bool{}
	for _, c := range d.Changes {
		differ[c.Pointer] = true
	}
	for name := range want {
		if !differ["/"+name] {
			t.Errorf("the difference does not name %s", name)
		}
	}
	const without = `{"unknown":"","quota":{},"lanes":{},"content":{},"types":[],"check":{},"release":"at-once","providers":{},"fallback":[],"zone":"",
		"quietHours":[],"dates":{},"cap":{},"sentIsDelivered":[],"holdAfter":null,"history":"room","replies":{}}`
	w = ask{"PUT", draftedOne, "boss", without, []string{"If-Match", w.Header().Get("ETag")}}.of(s)
	got = nil
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name := range want {
		if _, still := got[name]; still != slices.Contains([]string{"retry", "jitter", "expiry", "duplicates"}, name) {
			t.Errorf("%s: %v", name, got[name])
		}
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	for body, want := range map[string]string{
		`{"quota":{"perMinute":-1,"perHour":2}}`:                                                             "/quota/perHour /quota/perMinute",
		`{"quota":5}`:                                                                                        "/quota",
		`{"lanes":{"fast":{},"bulk":{"perDay":1.5}}}`:                                                        "/lanes/bulk/perDay /lanes/fast",
		`{"lanes":{"":{}}}`:                                                                                  "/lanes/",
		`{"content":{"segments":256,"bytes":"1","transliterate":1}}`:                                         "/content/bytes /content/segments /content/transliterate",
		`{"types":[{"type":"a"},{"type":"a"},{"type":"A"},{}]}`:                                              "/types/1/type /types/2/type /types/3/type",
		`{"types":[{"type":"a","schema":{"type":"nothing"}}]}`:                                               "/types/0/schema/type",
		`{"types":[{"type":"a","schema":7}]}`:                                                                "/types/0/schema",
		`{"types":[{"type":"a","schema":{"$ref":"#"}}]}`:                                                     "/types/0/schema",
		`{"types":[{"type":"a","schema":{"$ref":"https://example.org/s"}}]}`:                                 "/types/0/schema",
		`{"types":[{"type":"a","schema":{"$ref":"file:///etc/passwd"}}]}`:                                    "/types/0/schema",
		`{"types":[{"type":"a","schema":{"pattern":"("}}]}`:                                                  "/types/0/schema/pattern",
		`{"types":[{"type":"a","schema":{"$schema":"x"}}]}`:                                                  "/types/0/schema/$schema",
		`{"types":[{"type":"a","schema":"` + strings.Repeat("x", 33<<10) + `"}]}`:                            "/types/0/schema",
		`{"types":[` + strings.Repeat(`{"type":"a"},`, 100) + `{"type":"b"}]}`:                               "TOO MANY",
		`{"check":{"url":"https://10.0.0.1/"}}`:                                                              "/check/url",
		`{"check":{"url":"check.example.org"}}`:                                                              "/check/url",
		`{"check":{"timeout":"2s"}}`:                                                                         "/check/url",
		`{"check":{"url":"https://check.example.org","timeout":"11s"}}`:                                      "/check/timeout",
		`{"release":"me","history":"burn"}`:                                                                  "/history /release",
		`{"providers":{"sms":[{"provider":"c"}],"pigeon":[]}}`:                                               "/providers/pigeon",
		`{"providers":{"sms":[{"provider":"c"}]}}`:                                                           "/providers/sms/0/provider",
		`{"providers":{"sms":[{"weight":-1}]}}`:                                                              "/providers/sms/0/provider /providers/sms/0/weight",
		`{"providers":{"sms":[{"provider":"a","weight":0},{"provider":"b","weight":0}]}}`:                    "/providers/sms",
		`{"dates":{"until":"2020-12-24"},"quota":{"perMinute":2,"perDay":1}}`:                                "/dates/until /quota/perMinute",
		`{"types":[{"type":"a","schema":false}]}`:                                                            "/types/0/schema",
		`{"fallback":[{"from":"sms","to":"pigeon","after":"0s"}]}`:                                           "/fallback/0/after /fallback/0/to",
		`{"fallback":[{"from":"sms","to":"sms","after":"1h"}]}`:                                              "/fallback/0/to",
		`{"fallback":[{"from":"sms","to":"email","after":"24h"}]}`:                                           "/fallback/0/after",
		`{"fallback":[{"from":"sms","to":"email","after":"25h"}],"expiry":"26h"}`:                            "",
		`{"fallback":[{"from":"sms"}]}`:                                                                      "/fallback/0/after /fallback/0/to",
		`{"zone":"Mars/Olympus"}`:                                                                            "/zone",
		`{"zone":"../../etc/passwd"}`:                                                                        "/zone",
		`{"quietHours":[{"from":"24:00","until":"8:00","days":["mon","mon","never"]}]}`:                      "/quietHours/0/days/1 /quietHours/0/days/2 /quietHours/0/from /quietHours/0/until",
		`{"quietHours":[{"from":"00:00","until":"24:00"}]}`:                                                  "/quietHours",
		`{"quietHours":[{"from":"08:00","until":"08:00"}]}`:                                                  "/quietHours/0/until",
		`{"dates":{"from":"2026-02-30","not":["soon"]}}`:                                                     "/dates/from /dates/not/0",
		`{"dates":{"from":"2026-12-24","until":"2026-12-24","not":["2026-12-24"]}}`:                          "/dates/not",
		`{"cap":{"messages":3}}`:                                                                             "/cap",
		`{"cap":{"per":"1h"}}`:                                                                               "/cap",
		`{"cap":{"messages":-3,"per":"1h"}}`:                                                                 "/cap/messages",
		`{"sentIsDelivered":["email","email","pigeon"]}`:                                                     "/sentIsDelivered/1 /sentIsDelivered/2",
		`{"replies":{"window":"1s"}}`:                                                                        "/replies/window",
		`{"holdAfter":-1}`:                                                                                   "/holdAfter",
		`{"expiry":"x","cap":{"messages":1},"zone":"x","fallback":[{"from":"sms","to":"sms","after":"1h"}]}`: "/cap /expiry /fallback/0/to /zone",
	} {
		s := newServer(newEngine())
		s.deps.Providers = rooms.Providers{rooms.SMS: {"a", "b"}}
		a := ask{"POST", "/v1/policies", "boss", `{"name":"fresh",` + body[1:], nil}
		if want == "" {
			if w := a.of(s); w.Code != 201 {
				t.Errorf("%s: %d %s", body, w.Code, w.Body)
			}
			continue
		}
		code, pointers := faultsOf(t, a, s)
		if got := strings.Join(pointers, " "); code != "invalid_request" || got != want && want != "TOO MANY" {
			t.Errorf("%.100s: %s %s, want %s", body, code, got, want)
		}
	}
}

// What is not published is nobody's business but its author's, the officers' and the platform admins'; whom a policy
// asks is not even shown when it is.
func TestWhoMayReadPolicies(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	w := ask{"PUT", submittedOne, "boss", `{"check":{"url":"https://check.example.org/?key=sesame"}}`, []string{"If-Match", `"2"`}}.of(s)
	for _, step := range []struct{ who, step string }{{"boss", "submit"}, {"officer+dpo", "approve"}, {"boss", "publish"}} {
		if w = (ask{"POST", "/v1/policies/patient/2/" + step.step, step.who, "", []string{"If-Match", w.Header().Get("ETag")}}).of(s); w.Code != 200 {
			t.Fatalf("%s: %d %s", step.step, w.Code, w.Body)
		}
	}
	for who, want := range map[string]int{"boss": 4, "officer+dpo": 4, "root+admin": 4, "other": 2, "hosp-7": 2, "eye+auditor": 2} {
		var list v1.PolicyList
		if err := json.Unmarshal(ask{"GET", "/v1/policies/patient", who, "", nil}.of(s).Body.Bytes(), &list); err != nil || len(list.Policies) != want {
			t.Errorf("%s: %d of %d revisions, %v", who, len(list.Policies), want, err)
		}
		for _, path := range []string{"/v1/policies", "/v1/policies/patient/2", "/v1/policies/patient/diff?from=1&to=2"} {
			body := ask{"GET", path, who, "", nil}.of(s).Body.String()
			if strings.Contains(body, "sesame") != (want == 4) || !strings.Contains(body, `"timeout":"2s"`) {
				t.Errorf("%s %s: %s", who, path, body)
			}
		}
	}
}

func TestPoliciesComeInPages(t *testing.T) {
	s := newServer(newEngine())
	var all []string
	path := "/v1/policies?limit=2"
	for range 3 {
		var list v1.PolicyList
		if err := json.Unmarshal(ask{"GET", path, "boss", "", nil}.of(s).Body.Bytes(), &list); err != nil || len(list.Policies) > 2 {
			t.Fatalf("%+v, %v", list, err)
		}
		for _, one := range list.Policies {
			all = append(all, one.Name+string(rune('0'+one.Revision)))
		}
		if list.Next == nil {
			break
		}
		path = "/v1/policies?limit=2&cursor=" + *list.Next
	}
	if got := strings.Join(all, " "); got != "patient1 patient2 patient3 patient4 standard1" {
		t.Error(got)
	}
	for _, query := range []string{"limit=0", "cursor=patient", "cursor=patient.0", "cursor=.1"} {
		if w := (ask{"GET", "/v1/policies?" + query, "boss", "", nil}).of(s); w.Code != 400 {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}
