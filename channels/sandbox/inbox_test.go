package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/rooms"
)

func TestPeopleWriteBack(t *testing.T) {
	s := open(t, sandbox.Options{})
	s.Send(t.Context(), delivery(t, 7, rooms.SMS, "+996555000111"))
	ctx, cancel := context.WithCancel(t.Context())
	heard := make(chan rooms.Inbound, 10)
	done := make(chan error)
	fail := true
	go func() {
		done <- s.Inbound(ctx, func(_ context.Context, in rooms.Inbound) error {
			if in.Text.Reveal() == "fail" && fail {
				fail = false
				return errors.New("not now")
			}
			heard <- in
			return nil
		})
	}()
	write := func(kind, body string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/outbox", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	const j = "application/json"
	for _, tc := range []struct {
		kind, body string
		want       int
	}{
		{j, `{"from":"+996555000111","to":"4404","text":"Yes","umid":"01JDB6T0G00000000000000001","n":7}`, 202},
		{j, `{"from":"a@example.com","subject":"Hello","text":"Hi","kind":"automatic","id":"x"}`, 202},
		{j, `{"from":"+996555000111","text":"fail"}`, 503}, {j, `{"from":"+996555000111","text":"fail"}`, 202},
		{j, `{"from":"nobody","text":"Hi"}`, 400}, {j, `{"from":"+996555000111","to":"?"}`, 400}, {j, `x`, 400},
		{"text/plain", `{"from":"+996555000111","text":"Hi"}`, 400},
	} {
		if got := write(tc.kind, tc.body); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.body, got, tc.want)
		}
	}
	first, second := <-heard, <-heard
	if first.Channel != rooms.SMS || first.Kind != rooms.InboundReply || first.To.Reveal() != "4404" || first.Answers.N != 7 ||
		first.Answers.UMID != "01JDB6T0G00000000000000001" || first.Answers.Attempt != 1 || first.ID == "" {
		t.Errorf("%+v", first)
	}
	if second.Channel != rooms.Email || second.Kind != rooms.InboundAutomatic || second.ID != "x" || second.Subject.Reveal() != "Hello" || second.Answers.UMID != "" {
		t.Errorf("%+v", second)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
