package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// What went wrong is shown with its advice, to publishers of their own messages, as far as it is picked out.
func TestWhatWentWrongIsListed(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	w := ask{"GET", "/v1/rooms/newborn/failed?type=reminder&reason=unknown&channel=sms&channel=email&since=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z&umid=" + umid, "hosp-7", "", nil}.of(s)
	var got v1.FailedList
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := v1.FailedDelivery{Code: "550 5.7.1", Provider: "relay", UMID: umid, Type: "reminder", Number: 7, Channel: "sms", Status: "errored", Reason: "unknown", Advice: rooms.Unknown.Advice(), At: noon(), Attempts: 2, Resendable: true}
	if len(got.Failed) != 1 || got.Failed[0] != want || got.Next == nil || *got.Next != umid+"-8" {
		t.Errorf("%+v", got)
	}
	q := e.dead[0]
	if q.Room != "newborn" || q.Publisher != "hosp-7" || !q.From.Equal(noon()) || q.UMID != umid || q.Type != "reminder" ||
		!slices.Equal(q.Reasons, []rooms.Reason{rooms.Unknown}) || !slices.Equal(q.Channels, []rooms.Channel{rooms.SMS, rooms.Email}) ||
		!q.Since.Equal(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)) || !q.Until.Equal(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("asked for %+v", q)
	}
	for _, name := range []string{"boss", "eye+auditor", "root+admin"} {
		if w := (ask{"GET", "/v1/rooms/newborn/failed?cursor=" + *got.Next, name, "", nil}).of(s); w.Code != 200 || strings.Contains(w.Body.String(), umid) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if q := e.dead[len(e.dead)-1]; q.Publisher != "" {
			t.Errorf("%s sees %s's only", name, q.Publisher)
		}
	}
}

// Of what is asked for wrongly each fault is named.
func TestFaultyQuestionsForWhatWentWrong(t *testing.T) {
	s := newServer(newEngine())
	for query, name := range map[string]string{"reason=x": "reason", "reason=": "reason", "channel=fax": "channel", "umid=1": "umid", "type=%40": "type",
		"since=now": "since", "until=1": "until", "cursor=" + umid: "cursor", "cursor=" + umid + "-01": "cursor", "limit=0": "limit"} {
		w := ask{"GET", "/v1/rooms/newborn/failed?" + query, "boss", "", nil}.of(s)
		if w.Code != 400 || !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	for body, pointer := range map[string]string{`{"deliveries":[1,"a"]}`: "/deliveries/1", `{"reasons":["x"]}`: "/reasons/0", `{"channels":"sms"}`: "/channels", `{"since":"2026"}`: "/since"} {
		w := ask{"POST", "/v1/messages/" + umid + "/drop", "boss", body, nil}.of(s)
		if w.Code != 400 || !strings.Contains(w.Body.String(), pointer) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// A publisher's sweep is of his own messages; where it ends is told.
func TestSweepIsOfOnesOwn(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for caller, publisher := range map[string]rooms.Client{"hosp-7": "hosp-7", "boss": ""} {
		for _, verb := range []string{"resend", "drop"} {
			w := ask{"POST", "/v1/rooms/newborn/failed/" + verb, caller, `{"reasons":["expired"],"cursor":"` + umid + `"}`, nil}.of(s)
			var got v1.Swept
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Deliveries != 5 || got.Next == nil || *got.Next != umid {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if last := e.swept[len(e.swept)-1]; last.Publisher != publisher || last.Room != "newborn" || last.Next != umid || !last.From.Equal(noon()) || len(last.Reasons) != 1 {
				t.Errorf("%s: %+v", caller, last)
			}
		}
	}
}
