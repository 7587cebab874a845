package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/rooms"
)

func delivery(t *testing.T, n int, c rooms.Channel, to string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01JDB6T0G00000000000000001", N: n}, Attempt: 1, Room: "newborn", Type: "reminder",
		Lane: rooms.Normal, To: rooms.Contact{Channel: c, Address: address(t, c, to), Name: rooms.NewBody("Ann")},
		Content: rooms.Content{
			Subject: rooms.NewBody("Vaccination"), Text: rooms.NewBody("Tuesday <9:00>"),
			HTML: rooms.NewBody(`<p style="color:red">Tue</p><script>alert("1")</script>`), SMS: rooms.NewBody("Tue"),
		},
	}
}

func TestTemporaryFailsAsOftenAsItSays(t *testing.T) {
	for to, failures := range map[string]int{
		"temporary-2@example.com": 2, "ann+temporary-1@example.com": 1, "temporary@example.com": 99,
		"temporary-0@example.com": 0, "temporary-100@example.com": 0, "temporarily@example.com": 0, "a@temporary.example.com": 0,
	} {
		s := open(t, sandbox.Options{})
		d := delivery(t, 0, rooms.Email, to)
		for d.Attempt = 1; d.Attempt <= failures+1 && d.Attempt < 20; d.Attempt++ {
			want := channels.Sent
			if d.Attempt <= failures {
				want = channels.Deferred
			}
			if o := s.Send(t.Context(), d); o.Result != want {
				t.Errorf("%s, attempt %d: %s, want %s", to, d.Attempt, o.Result, want)
			}
		}
	}
}

func TestNumbersThatFail(t *testing.T) {
	for to, want := range map[string]channels.Result{
		"+9990000101": channels.Deferred, "+9990000100": channels.Deferred, "+9990000242": channels.Rejected,
		"+9990000800": channels.Sent, "+99900001001": channels.Sent, "+996555000100": channels.Sent, "+9990010100": channels.Sent,
	} {
		if o := open(t, sandbox.Options{}).Send(t.Context(), delivery(t, 0, rooms.SMS, to)); o.Result != want {
			t.Errorf("%s: %s, want %s", to, o.Result, want)
		}
	}
}

func TestReceiptsComeWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sandbox.Options{Late: 5 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		came := make(chan string, 10)
		began := time.Now()
		go func() {
			_ = s.Receipts(ctx, func(_ context.Context, r channels.Receipt) error {
				came <- fmt.Sprintf("%d %s %s after %s", r.ID.N, r.Status, r.Reason, time.Since(began))
				return nil
			})
		}()
		synctest.Wait() // the reader waits for the first
		s.Send(ctx, delivery(t, 1, rooms.Email, "bounced@example.com"))
		s.Send(ctx, delivery(t, 2, rooms.SMS, "+996555000111"))
		s.Send(ctx, delivery(t, 3, rooms.Email, "ann@example.com"))
		for _, want := range []string{"2 delivered  after 0s", "1 failed bounced after 5s"} {
			if got := <-came; got != want {
				t.Errorf("receipt %q, want %q", got, want)
			}
		}
		time.Sleep(time.Hour) // of the bubble's own time
		if len(came) > 0 {
			t.Errorf("one too many: %s", <-came)
		}
	})
}

func TestReceiptsOption(t *testing.T) {
	for option, want := range map[string][2]bool{"": {false, true}, "sms": {false, true}, "all": {true, true}, "none": {false, false}} {
		s := open(t, sandbox.Options{Receipts: option})
		mail := s.Send(t.Context(), delivery(t, 0, rooms.Email, "ann@example.com"))
		sms := s.Send(t.Context(), delivery(t, 1, rooms.SMS, "+996555000111"))
		if mail.Receipt != want[0] || sms.Receipt != want[1] {
			t.Errorf("receipts %q: e-mail %v, SMS %v; want %v", option, mail.Receipt, sms.Receipt, want)
		}
	}
}

func ask(s *sandbox.Sandbox, method, path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestPageShowsWhatWasSent(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.Send(t.Context(), delivery(t, 7, rooms.Email, "ann@example.com"))
	s.Send(t.Context(), delivery(t, 8, rooms.SMS, "+996555000111"))
	s.Send(t.Context(), delivery(t, 9, rooms.Email, "permanent@example.com"))
	w := ask(s, http.MethodGet, "/", "text/html")
	body := w.Body.String()
	for _, want := range []string{"2 sent to nobody", "ann@example.com", "996555000111", "Tuesday &lt;9:00&gt;", "newborn", "recipient 7",
		`<iframe sandbox=""`, `srcdoc="&lt;p style=`, "01JDB6T0G00000000000000001"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "permanent@"} {
		if strings.Contains(body, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if strings.Index(body, "996555000111") > strings.Index(body, "ann@example.com") {
		t.Error("the newest is not first")
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "script") {
		t.Errorf("policy %q", csp)
	}
}

func TestOutboxAsJSON(t *testing.T) {
	s := open(t, sandbox.Options{Keep: 3})
	for n := range 5 {
		s.Send(t.Context(), delivery(t, n, rooms.Email, "ann@example.com"))
	}
	for _, w := range []*httptest.ResponseRecorder{
		ask(s, http.MethodGet, "/sandbox/outbox.json", ""), ask(s, http.MethodGet, "/?format=json", ""), ask(s, http.MethodGet, "/", "application/json"),
	} {
		var got []map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 3 {
			t.Fatalf("%d items, %v: %s", len(got), err, w.Body)
		}
		if got[0]["n"] != 4.0 || got[2]["n"] != 2.0 {
			t.Errorf("not the latest three, newest first: %v", got)
		}
		for field, want := range map[string]any{"umid": "01JDB6T0G00000000000000001", "attempt": 1.0, "channel": "email", "to": "ann@example.com",
			"name": "Ann", "subject": "Vaccination", "text": "Tuesday <9:00>", "sms": "", "room": "newborn", "type": "reminder", "lane": "normal"} {
			if got[0][field] != want {
				t.Errorf("%s is %v, want %v", field, got[0][field], want)
			}
		}
	}
}

func TestDeleteForgets(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.Send(t.Context(), delivery(t, 0, rooms.Email, "ann@example.com"))
	if w := ask(s, http.MethodDelete, "/", ""); w.Code != http.StatusNoContent {
		t.Errorf("status %d", w.Code)
	}
	if w := ask(s, http.MethodGet, "/outbox.json", ""); w.Body.String() != "[]" {
		t.Errorf("left: %s", w.Body)
	}
	if w := ask(s, http.MethodPut, "/", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("PUT: status %d", w.Code)
	}
}

func TestSinkAnswers(t *testing.T) {
	for status, want := range map[int]channels.Outcome{
		200: {Result: channels.Sent, ProviderID: "sandbox-01JDB6T0G00000000000000001-3"},
		302: {Result: channels.Deferred, Reason: rooms.Deferred, Code: "HTTP 302"},
		503: {Result: channels.Deferred, Reason: rooms.Deferred, Code: "HTTP 503"},
	} {
		var got map[string]any
		sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &got)
			got["key"] = r.Header.Get("Idempotency-Key")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		s := open(t, sandbox.Options{URL: sink.URL})
		if o := s.Send(t.Context(), delivery(t, 3, rooms.Email, "ann@example.com")); o != want {
			t.Errorf("status %d: %+v, want %+v", status, o, want)
		}
		sink.Close()
		if got["to"] != "ann@example.com" || got["key"] != "01JDB6T0G00000000000000001-3" {
			t.Errorf("the sink got %v", got)
		}
		if o := s.Send(t.Context(), delivery(t, 3, rooms.Email, "ann@example.com")); o.Reason != rooms.Unreachable {
			t.Errorf("a sink that is gone: %+v", o)
		}
	}
}

func TestCheckNamesEveryFault(t *testing.T) {
	if faults := (sandbox.Options{}).Check(); len(faults) > 0 {
		t.Errorf("the zero value: %v", faults)
	}
	faults := sandbox.Options{Keep: -1, URL: "ftp://user:secret@host", Receipts: "some", Late: -1}.Check()
	if len(faults) != 4 || strings.Contains(fmt.Sprint(faults), "secret") {
		t.Errorf("%v", faults)
	}
}

// Sandboxes that stand in for several providers show on one page what each has sent; one of them may fail for everybody.
func TestStandsInForSeveral(t *testing.T) {
	s := open(t, sandbox.Options{Receipts: sandbox.ReceiptsAll})
	for _, tc := range []struct {
		name string
		fail sandbox.Fail
		want channels.Result
	}{
		{"first", sandbox.FailNever, channels.Sent}, {"second", sandbox.FailNever, channels.Sent},
		{"refuses", sandbox.FailAlways, channels.Rejected}, {"busy", sandbox.FailTemporarily, channels.Deferred},
	} {
		one := s.As(tc.name, tc.fail)
		if o := one.Send(t.Context(), delivery(t, 1, rooms.Email, "ann@example.com")); o.Result != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, o.Result, tc.want)
		}
		if tc.want != channels.Sent {
			continue
		}
		ctx, cancel := context.WithCancel(t.Context())
		heard := 0
		_ = one.Receipts(ctx, func(context.Context, channels.Receipt) error {
			heard++
			cancel()
			return nil
		})
		if heard != 1 {
			t.Errorf("%s: %d receipts", tc.name, heard)
		}
	}
	var got []map[string]any
	if err := json.Unmarshal(ask(s, http.MethodGet, "/outbox.json", "").Body.Bytes(), &got); err != nil || len(got) != 2 {
		t.Fatalf("%d shown, %v", len(got), err)
	}
	if got[0]["provider"] != "second" || got[1]["provider"] != "first" {
		t.Errorf("shown as of %v and %v", got[0]["provider"], got[1]["provider"])
	}
}
