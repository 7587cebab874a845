package telegram_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/telegram/telegramtest"
	"github.com/govcrier/crier/rooms"
)

const aidasChat = 4711080815

// listener hears what people write, and refuses some of it.
type listener struct {
	mu    sync.Mutex
	heard []rooms.Inbound
	fail  int // so many times
}

func (l *listener) take(_ context.Context, in rooms.Inbound) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail > 0 {
		l.fail--
		return errors.New("not durable")
	}
	l.heard = append(l.heard, in)
	return nil
}

func (l *listener) all() []rooms.Inbound {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]rooms.Inbound(nil), l.heard...)
}

func (l *listener) texts() (all []string) {
	for _, in := range l.all() {
		all = append(all, in.Text.Reveal())
	}
	return all
}

// until waits until the reason is empty.
func until(t *testing.T, reason func() string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		why := reason()
		if why == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(why)
		}
	}
}

// hear has an inbox heard until the test or stop ends it.
func hear(t *testing.T, p any, l *listener) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.(channels.Inbox).Inbound(ctx, l.take) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return stop
}

func TestPolling(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	o.Inbound, o.PollFor = telegram.InboundPoll, time.Second
	found := rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 1}
	var sent channels.Outcome
	p := bot(t, o, func(_ context.Context, id string) (rooms.AttemptID, error) {
		if id == sent.ProviderID {
			return found, nil
		}
		return rooms.AttemptID{}, nil
	})
	if _, ok := p.(channels.OneReader); !ok {
		t.Error("every node would ask")
	}
	sent = p.Send(t.Context(), delivery(t, aida, "", "Come."))
	l := new(listener)
	hear(t, p, l)
	s.Write(aidasChat, "Can I come on Wednesday?", s.Sent()[0].ID)
	s.Write(aidasChat, "to somebody else's", 77)
	s.Write(aidasChat, "/stop@clinic_bot", 0)
	s.Write(aidasChat, "/start new-born", 0)
	s.Write(-aidasChat, "/help", 0)
	s.Post(aidasChat, map[string]any{"photo": []any{map[string]any{"file_id": "x"}}, "caption": "my card"})
	s.Post(aidasChat, map[string]any{"voice": map[string]any{"file_id": "x"}})
	s.Post(aidasChat, map[string]any{"text": "I am a machine", "from": map[string]any{"id": 5, "is_bot": true}})
	s.Post(aidasChat, map[string]any{"new_chat_title": "a title"})
	s.Post(aidasChat, map[string]any{"text": 7})
	s.Write(aidasChat, "last", 0)
	want := "Can I come on Wednesday?|to somebody else's|stop|start new-born|help|my card|[voice]|last"
	until(t, func() string {
		if got := strings.Join(l.texts(), "|"); got != want {
			return "heard " + got
		}
		if waiting, _ := s.Unconfirmed(); waiting > 0 {
			return "updates are not confirmed"
		}
		return ""
	})
	first := l.all()[0]
	if first.From.Reveal() != aida || first.To.Reveal() != telegramtest.Number || first.Channel != rooms.Telegram || first.Provider != "bot" ||
		first.Kind != rooms.InboundReply || first.ID != "bot:123456789:870000001" || time.Since(first.At) > time.Minute || first.Answers != found {
		t.Errorf("%+v", first)
	}
	if second := l.all()[1]; second.Answers != (rooms.AttemptID{}) {
		t.Errorf("%+v", second.Answers)
	}
	if group := l.all()[4]; group.From.Reveal() != "-4711080815" {
		t.Errorf("from %s", group.From.Reveal())
	}
}

// What was not durable is told again, by whoever asks next, as the same.
func TestPollingAgain(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	o.Inbound, o.PollFor = telegram.InboundPoll, time.Second
	for _, text := range []string{"one", "two", "three"} {
		s.Write(aidasChat, text, 0)
	}
	first := &listener{}
	failing := func(ctx context.Context, in rooms.Inbound) error {
		if in.Text.Reveal() == "two" {
			return errors.New("not durable")
		}
		return first.take(ctx, in)
	}
	if err := bot(t, o, nil).(channels.Inbox).Inbound(t.Context(), failing); err == nil || !strings.Contains(err.Error(), "not durable") {
		t.Errorf("%v", err)
	}
	if waiting, _ := s.Unconfirmed(); waiting != 3 {
		t.Errorf("%d wait: some are confirmed that are not durable", waiting)
	}
	second := &listener{}
	stop := hear(t, bot(t, o, nil), second)
	until(t, func() string {
		if got := strings.Join(second.texts(), " "); got != "one two three" {
			return "heard " + got
		}
		return ""
	})
	if first.all()[0].ID != second.all()[0].ID {
		t.Error("the same update has two names")
	}
	if err := stop(); err != nil && !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "no updates") {
		t.Error(err)
	}
}

// While what is answered cannot be looked for, nothing is confirmed. What keeps updates away is said without the token.
func TestPollingFails(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	o.Inbound, o.PollFor = telegram.InboundPoll, time.Second
	s.Write(aidasChat, "one", 1)
	p := bot(t, o, func(context.Context, string) (rooms.AttemptID, error) {
		return rooms.AttemptID{}, errors.New("no index")
	})
	if err := p.(channels.Inbox).Inbound(t.Context(), new(listener).take); err == nil || !strings.Contains(err.Error(), "no index") {
		t.Errorf("%v", err)
	}
	s.Revoke(true)
	if err := p.(channels.Inbox).Inbound(t.Context(), new(listener).take); err == nil || err.Error() != "telegram: no updates (HTTP 401)" {
		t.Errorf("%v", err)
	}
	s.Close()
	if err := p.(channels.Inbox).Inbound(t.Context(), new(listener).take); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}

func TestWebhook(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	o.Inbound, o.SecretFile = telegram.InboundWebhook, stub.File(t, telegramtest.Secret)
	p := bot(t, o, nil)
	if _, ok := p.(channels.OneReader); ok {
		t.Error("one node hears what any node is called with")
	}
	front := httptest.NewServer(p.(channels.Inlet).Inlet())
	t.Cleanup(front.Close)
	at := front.URL + "/v1/inlets/bot/inbound"
	written := s.Write(aidasChat, "/start books", 0)
	if got := telegramtest.Call(at, telegramtest.Secret, written); got != 503 {
		t.Errorf("nobody listens: %d", got)
	}
	l := &listener{fail: 1}
	hear(t, p, l)
	until(t, func() string {
		if l.mu.Lock(); l.fail == 1 {
			l.mu.Unlock()
			_ = telegramtest.Call(at, telegramtest.Secret, written)
			return "nobody listens"
		}
		l.mu.Unlock()
		return ""
	})
	for name, tc := range map[string]struct {
		at, secret, body string
		want             int
	}{
		"not proved":       {at, "", string(written), 403},
		"guessed":          {at, telegramtest.Secret + "x", string(written), 403},
		"unreadable":       {at, telegramtest.Secret, "{", 400},
		"of nothing":       {at, telegramtest.Secret, "{}", 400},
		"too large":        {at, telegramtest.Secret, strings.Repeat(" ", 1<<20+1), 413},
		"a receipt":        {front.URL + "/v1/inlets/bot/receipt", telegramtest.Secret, string(written), 404},
		"of another thing": {at, telegramtest.Secret, `{"update_id":9,"poll":{}}`, 200},
	} {
		if got := telegramtest.Call(tc.at, tc.secret, []byte(tc.body)); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
	if len(l.all()) != 0 {
		t.Errorf("%q was heard", l.texts())
	}
	for range 2 {
		if got := telegramtest.Call(at, telegramtest.Secret, written); got != 200 {
			t.Errorf("%d", got)
		}
	}
	if all := l.all(); len(all) != 2 || all[0].ID != all[1].ID || all[0].Text.Reveal() != "start books" {
		t.Errorf("%+v", all)
	}
}

func FuzzUpdates(f *testing.F) {
	s := telegramtest.New(f)
	o := options(f, s)
	o.Inbound, o.SecretFile = telegram.InboundWebhook, stub.File(f, telegramtest.Secret)
	p := bot(f, o, nil)
	ctx, cancel := context.WithCancel(context.Background())
	f.Cleanup(cancel)
	go func() {
		_ = p.(channels.Inbox).Inbound(ctx, func(_ context.Context, in rooms.Inbound) error {
			if in.ID == "" || in.From.IsZero() || in.Text.IsZero() || in.To.Reveal() != telegramtest.Number {
				panic("something that nobody has written")
			}
			return nil
		})
	}()
	f.Add(string(s.Write(aidasChat, "/stop", 3)))
	f.Add(`{"update_id":1,"message":{"chat":{"id":-1},"voice":{}}}`)
	f.Add(`{"update_id":1,"message":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/v1/inlets/bot/inbound", strings.NewReader(body))
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", telegramtest.Secret)
		w := httptest.NewRecorder()
		p.(channels.Inlet).Inlet().ServeHTTP(w, r)
		if w.Code == 200 && !json.Valid([]byte(body)) {
			t.Errorf("%q was taken", body)
		}
	})
}
