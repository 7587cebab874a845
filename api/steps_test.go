package api

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// What happened to each delivery is told if it is asked for; events that are no longer kept are left out.
func TestDeliveriesWithTheirSteps(t *testing.T) {
	s := newServer(newEngine())
	at := "/v1/messages/" + umid + "/deliveries"
	w := ask{"GET", at + "?limit=1000&history=true", "hosp-7", "", nil}.of(s)
	var got v1.DeliveryList
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Deliveries) != 3 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := []v1.DeliveryStep{{Event: "errored", At: noon(), Attempt: 1, Channel: "sms", Provider: "relay", Reason: "rejected", Code: "550 5.7.1", Rule: "fallback", Next: "email", RetryAt: noon()}}
	if !reflect.DeepEqual(got.Deliveries[1].Steps, want) || len(got.Deliveries[0].Steps) != 0 {
		t.Errorf("got %+v", got.Deliveries)
	}
	if w := (ask{"GET", at, "hosp-7", "", nil}).of(s); w.Code != 200 || strings.Contains(w.Body.String(), "steps") {
		t.Errorf("not asked for: %d %s", w.Code, w.Body)
	}
	if w := (ask{"GET", at + "?history=yes", "hosp-7", "", nil}).of(s); w.Code != 400 || !strings.Contains(w.Body.String(), "history") {
		t.Errorf("not a value: %d %s", w.Code, w.Body)
	}
}
