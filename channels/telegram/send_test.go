package telegram_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/telegram/telegramtest"
	"github.com/govcrier/crier/rooms"
)

func delivery(t testing.TB, to, subject, text string) rooms.Delivery {
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01KAMVJVG0ZJ2C5YD3GZ7A8Q4M", N: 3}, Attempt: 1, Room: "newborn",
		To:      rooms.Contact{Channel: rooms.Telegram, Address: chat(t, to)},
		Content: rooms.Content{Subject: rooms.NewBody(subject), Text: rooms.NewBody(text)}, Deadline: time.Now().Add(time.Hour),
	}
}

// brief is an outcome in a line.
func brief(o channels.Outcome) string {
	return strings.TrimSpace(fmt.Sprint(o.Result, " ", o.Reason, " ", o.Code, " ", o.After))
}

// What each answer means, of those that the Bot API's documentation and its source have.
func TestAnswers(t *testing.T) {
	var cases []struct {
		Name, Body, Outcome string
		Status              int
	}
	raw, err := os.ReadFile("testdata/answers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			s := stub.Start(func(w http.ResponseWriter, _ *http.Request, _ []byte) {
				w.WriteHeader(tc.Status)
				_, _ = w.Write([]byte(tc.Body))
			})
			t.Cleanup(s.Stop)
			o := options(t, &telegramtest.Server{Server: s})
			got := bot(t, o, nil).Send(t.Context(), delivery(t, aida, "", "Come."))
			if brief(got) != tc.Outcome {
				t.Errorf("%s, want %s", brief(got), tc.Outcome)
			}
		})
	}
}

// Whoever has no answer may have taken the message, unless the call never reached anybody.
func TestNoAnswer(t *testing.T) {
	s := telegramtest.New(t)
	p := bot(t, options(t, s), nil)
	for to, want := range map[string]string{
		"4711080806": "deferred unknown connection 0s", "4711080807": "deferred unknown HTTP 200 0s",
	} {
		if got := brief(p.Send(t.Context(), delivery(t, to, "", "Come."))); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if o := p.Send(short, delivery(t, "4711080805", "", "Come.")); o.Reason != rooms.Unknown {
		t.Errorf("silence: %s", brief(o))
	}
	s.Close()
	p = bot(t, options(t, s), nil) // without a connection that is open
	if o := p.Send(t.Context(), delivery(t, aida, "", "Come.")); o.Reason != rooms.Unreachable {
		t.Errorf("nobody: %s", brief(o))
	}
}

// A revoked token costs nobody his message: the provider counts as dead until the file has a good one.
func TestRevokedToken(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	p := bot(t, o, nil)
	s.Revoke(true)
	if got := brief(p.Send(t.Context(), delivery(t, aida, "", "Come."))); got != "deferred unreachable 401 token 0s" {
		t.Error(got)
	}
	s.Revoke(false)
	if got := p.Send(t.Context(), delivery(t, aida, "", "Come.")); got.Result != channels.Sent {
		t.Error(brief(got))
	}
	if err := os.Chmod(o.TokenFile, 0o640); err != nil {
		t.Fatal(err)
	}
	if got := brief(p.Send(t.Context(), delivery(t, aida, "", "Come."))); got != "deferred not-configured credential 0s" {
		t.Error(got)
	}
}

// Another bot says nothing in the place of the one that people have begun with: it would find no chat. A new token of the same
// bot will do.
func TestTokenOfAnotherBot(t *testing.T) {
	s := telegramtest.New(t)
	o := options(t, s)
	o.Inbound = telegram.InboundPoll
	var log strings.Builder
	p, err := telegram.New(o, telegram.Deps{Name: "bot", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	for _, tc := range []struct{ token, want string }{
		{"987654321:ABC-canary", "deferred not-configured credential 0s"},
		{telegramtest.Number + ":another-one", "deferred unreachable 401 token 0s"},
		{telegramtest.Token, "sent   0s"},
	} {
		if err := os.WriteFile(o.TokenFile, []byte(tc.token), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := brief(p.Send(t.Context(), delivery(t, aida, "", "Come."))); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
		if strings.HasPrefix(tc.token, telegramtest.Number) {
			continue
		}
		if err := p.(channels.Inbox).Inbound(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "another bot") {
			t.Errorf("it listens as another bot: %v", err)
		}
	}
	if len(s.Sent()) != 1 || strings.Count(log.String(), "another bot than at the start") != 1 || strings.Contains(log.String(), "canary") {
		t.Errorf("%d sent; log:\n%s", len(s.Sent()), log.String())
	}
}

// Nothing in a text is markup, and bold is counted in UTF-16 units.
func TestWhatIsSaid(t *testing.T) {
	s := telegramtest.New(t)
	p := bot(t, options(t, s), nil)
	const text = "<b>Tuesday</b> & *Wednesday* _9:00_ https://example.org/a?b=1\n\x0b\u202e\tbring your card"
	p.Send(t.Context(), delivery(t, aida, "Вакцинация 👶🏽\r\nat 9", text))
	p.Send(t.Context(), delivery(t, aida, "", "  plain  "))
	all := s.Sent()
	if len(all) != 2 {
		t.Fatalf("%d messages", len(all))
	}
	m := all[0]
	const subject = "Вакцинация 👶🏽 at 9"
	if want := subject + "\n\n" + strings.ReplaceAll(text, "\x0b", ""); m.Text != want || m.Chat != aida || !m.Preview.Disabled {
		t.Errorf("%q, preview disabled %t", m.Text, m.Preview.Disabled)
	}
	if want := len(utf16.Encode([]rune(subject))); len(m.Entities) != 1 || m.Entities[0].Type != "bold" || m.Entities[0].Offset != 0 || m.Entities[0].Length != want {
		t.Errorf("%+v, want the first %d units bold", m.Entities, want)
	}
	if all[1].Text != "plain" || len(all[1].Entities) != 0 {
		t.Errorf("%+v", all[1])
	}
}

// A text that is too long for a message becomes several, none of which loses a word.
func TestLongTexts(t *testing.T) {
	s := telegramtest.New(t)
	p := bot(t, options(t, s), nil)
	lines := strings.Repeat("Ein Satz mit einem Wort am Ende.\n", 300)
	for name, tc := range map[string]struct {
		text  string
		parts int // 0: refused
	}{
		"fits":           {strings.Repeat("x", 4096), 1},
		"one too many":   {strings.Repeat("x", 4097), 2},
		"pairs":          {strings.Repeat("👶", 2048), 1},
		"a pair too far": {"x" + strings.Repeat("👶", 2048), 2},
		"lines":          {lines, 3},
		"words":          {strings.Repeat("слово ", 1000), 2},
		"too long":       {strings.Repeat("x", 4*4096+1), 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.Sent())
			o := p.Send(t.Context(), delivery(t, aida, "", tc.text))
			all := s.Sent()[before:]
			if len(all) != tc.parts || (o.Result == channels.Sent) != (tc.parts > 0) {
				t.Fatalf("%s: %d messages, want %d", brief(o), len(all), tc.parts)
			}
			if tc.parts == 0 {
				if o.Code != "too-long" {
					t.Error(brief(o))
				}
				return
			}
			var words, want []string
			for _, m := range all {
				if n := len(utf16.Encode([]rune(m.Text))); n > 4096 {
					t.Errorf("a message of %d units", n)
				}
				words = append(words, strings.Fields(m.Text)...)
			}
			if want = strings.Fields(tc.text); len(want) > 1 && strings.Join(words, " ") != strings.Join(want, " ") {
				t.Error("words are lost or broken")
			}
			if len(want) == 1 && strings.Join(words, "") != want[0] {
				t.Error("characters are lost")
			}
			if ids := strings.Split(o.ProviderID, ","); len(ids) != tc.parts || len(o.ProviderID) > 128 {
				t.Errorf("ids %q", o.ProviderID)
			}
		})
	}
}

// Of what has begun nobody knows the rest, but a short wait is waited.
func TestLongTextsThatStop(t *testing.T) {
	s := telegramtest.New(t)
	p := bot(t, options(t, s), nil)
	long := strings.Repeat("слово ", 1000)
	if o := p.Send(t.Context(), delivery(t, "4711080811", "", long)); o.Result != channels.Sent {
		t.Error(brief(o))
	}
	if got := brief(p.Send(t.Context(), delivery(t, "4711080812", "", long))); got != "deferred unknown 400 0s" {
		t.Error(got)
	}
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if got := brief(p.Send(short, delivery(t, "-5711080811", "", long))); got != "deferred unknown 429 0s" {
		t.Error(got)
	}
}

func FuzzLongTexts(f *testing.F) {
	s := telegramtest.New(f)
	o := options(f, s)
	o.MaxParts = 6
	p := bot(f, o, nil)
	f.Add("subject", "text", 900)
	f.Add("", "👶🏽 \n", 4000)
	f.Add("a\u2028b", "x", 9000)
	f.Fuzz(func(t *testing.T, subject, text string, times int) {
		if times < 1 || times > 10000 || len(text) == 0 || len(text)*times > 40000 || len(subject) > 997 {
			return
		}
		before := len(s.Sent())
		p.Send(t.Context(), delivery(t, aida, subject, strings.Repeat(text, times)))
		for _, m := range s.Sent()[before:] {
			n := len(utf16.Encode([]rune(m.Text)))
			if n > 4096 || n == 0 {
				t.Errorf("a message of %d units", n)
			}
			for _, e := range m.Entities {
				if e.Length < 1 || e.Length > n {
					t.Errorf("%d units of %d bold", e.Length, n)
				}
			}
		}
	})
}

// The id of a message says nothing of its chat, and is another in each.
func TestIDs(t *testing.T) {
	s, other := telegramtest.New(t), telegramtest.New(t)
	p, q := bot(t, options(t, s), nil), bot(t, options(t, other), nil)
	a, b := p.Send(t.Context(), delivery(t, aida, "", "Come.")), q.Send(t.Context(), delivery(t, "4711080816", "", "Come."))
	if s.Sent()[0].ID != other.Sent()[0].ID || a.ProviderID == b.ProviderID || len(a.ProviderID) != 20 {
		t.Errorf("%q and %q", a.ProviderID, b.ProviderID)
	}
}

func TestCheck(t *testing.T) {
	s := telegramtest.New(t)
	for want, change := range map[string]func(*telegram.Options){
		"tokenFile: is missing":     func(o *telegram.Options) { o.TokenFile = "" },
		"tokenFile: open /nowhere":  func(o *telegram.Options) { o.TokenFile = "/nowhere" },
		"does not hold a bot's":     func(o *telegram.Options) { o.TokenFile = stub.File(t, "canary/../x") },
		"url: begins with":          func(o *telegram.Options) { o.URL = "ftp://example.org" },
		"inbound: poll":             func(o *telegram.Options) { o.Inbound = "ask" },
		"secretFile: whoever knows": func(o *telegram.Options) { o.Inbound = telegram.InboundWebhook },
		"secretFile: only where":    func(o *telegram.Options) { o.SecretFile = o.TokenFile },
		"pollFor: from 1s":          func(o *telegram.Options) { o.PollFor = time.Hour },
		"maxParts: from 1":          func(o *telegram.Options) { o.MaxParts = 7 },
		"allow: networks":           func(o *telegram.Options) { o.Allow = []string{"x"} },
	} {
		o := options(t, s)
		change(&o)
		faults := o.Check()
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%q, want %s", faults, want)
		}
		if strings.Contains(fmt.Sprint(faults), "canary") {
			t.Errorf("the credential is shown: %q", faults)
		}
	}
	if faults := options(t, s).Check(); len(faults) > 0 {
		t.Error(faults)
	}
}
