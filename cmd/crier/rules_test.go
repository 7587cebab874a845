package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/rooms"
)

// policy takes a policy of these rules through its states.
func (s *stand) policy(name string, rules client.Rules) {
	s.t.Helper()
	author, officer := s.as(s.token(demoAdmin)), s.as(s.token(demoDPO))
	one, err := author.DraftPolicy(s.t.Context(), name, rules)
	for _, step := range []struct {
		by   *client.Client
		step string
	}{{author, client.SubmitPolicy}, {officer, client.ApprovePolicy}, {author, client.PublishPolicy}} {
		if err == nil {
			one, err = step.by.StepPolicy(s.t.Context(), name, one.Revision, one.ETag, step.step)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// The rules hold whichever way a message comes. The application that is asked is told what is to be sent and not to
// whom, and its URL is written down nowhere.
func TestRulesHoldByHTTPAndNATS(t *testing.T) {
	var asked atomic.Int64
	told := make(chan string, 100)
	check := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body)
		told <- string(body)
		if strings.Contains(string(body), "forbidden") {
			_, _ = io.WriteString(w, `{"accept":false,"errors":[{"pointer":"/content/text","detail":"this word is not used here"}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"accept":true}`)
	}))
	defer check.Close()
	s := newStand(t, nil, nil)
	s.policy("strict", client.Rules{"types": []any{map[string]string{"type": "news"}}, "content": map[string]int{"bytes": 100}, "check": map[string]string{"url": check.URL + "/?key=sesame"}})
	if _, err := s.know.rooms.Create(t.Context(), rooms.RoomConfig{Name: "strict", Policy: "strict", Publishers: []rooms.Publisher{{Client: demoPublisher, Direct: true}}}); err != nil {
		t.Fatal(err)
	}
	nc := s.dial(s.token(demoPublisher))
	ways := map[string]func(body string) string{
		"http": func(body string) string {
			a := ask(t, http.MethodPost, s.app.URL()+"/v1/rooms/strict/messages", s.token(demoPublisher), body)
			return fmt.Sprint(a.status) + " " + a.body
		},
		"nats": func(body string) string {
			m := s.byNATS(nc, "strict", body)
			return m.Header.Get("Nats-Service-Error-Code") + " " + string(m.Data)
		},
	}
	for way, publish := range ways {
		message := func(id, kind, text string) string {
			return fmt.Sprintf(`{"transactionId":"%s-%s","type":"%s","content":{"text":"%s"},"recipients":[{"email":"dinah@example.org"}]}`, way, id, kind, text)
		}
		before := asked.Load()
		for _, tc := range []struct {
			body, want string
			asked      int64
		}{
			{message("1", "alert", "x"), "type_forbidden", 0},
			{message("2", "news", strings.Repeat("x", 100)), "content_too_long", 0},
			{message("3", "news", "forbidden"), "this word is not used here", 1},
			{message("4", "news", "good"), `"umid"`, 2},
			{message("4", "news", "good"), `"duplicate":true`, 2},
		} {
			if got := publish(tc.body); !strings.Contains(got, tc.want) || asked.Load()-before != tc.asked {
				t.Errorf("%s: %s: %s; asked %d times", way, tc.body, got, asked.Load()-before)
			}
		}
	}
	check.Close()
	for way, publish := range ways {
		if got := publish(`{"transactionId":"` + way + `-5","type":"news","content":{"text":"good"}}`); !strings.Contains(got, "check_unavailable") || !strings.Contains(got, "503") {
			t.Errorf("%s: nobody answers: %s", way, got)
		}
	}
	close(told)
	for body := range told {
		if strings.Contains(body, "dinah") || !strings.Contains(body, `"publisher":"demo-publisher"`) {
			t.Errorf("told %s", body)
		}
	}
	s.stop()
	if log := s.log.String(); strings.Contains(log, "sesame") || strings.Contains(log, check.URL) {
		t.Error("the URL of the check is in the log")
	}
}
