package webpush_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/webpush"
	"github.com/govcrier/crier/channels/webpush/webpushtest"
	"github.com/govcrier/crier/rooms"
)

func TestProviderKeepsTheContract(t *testing.T) {
	s := webpushtest.New(t)
	o := options(t, s)
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.WebPush,
		Accepted: address(t, s, "/p/canarypath"),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: address(t, s, "/503/canarypath"), channels.Rejected: address(t, s, "/410/canarypath"),
		},
		Silent:          address(t, s, "/silent/canarypath"),
		NamesDeliveries: true,
		KeepsNames:      true,
		Wire:            func(*testing.T) []byte { return s.Wire() },
	}, func(t *testing.T) channels.Provider { return provider(t, o, slog.DiscardHandler) })
	if wire := s.Wire(); bytes.Contains(wire, []byte("Canarytext")) || bytes.Contains(wire, []byte("newborn")) {
		t.Error("the push service can read what is sent")
	}
}

func TestWhatThePushServiceIsTold(t *testing.T) {
	s := webpushtest.New(t)
	p := provider(t, options(t, s), slog.DiscardHandler)
	to := address(t, s, "/p/1")
	for lane, want := range map[rooms.Lane]string{rooms.Emergency: "high", rooms.Normal: "normal", rooms.Bulk: "low"} {
		d := delivery(to)
		d.Lane, d.ID.N = lane, len(s.Pushes())+1
		if o := p.Send(t.Context(), d); o.Result != channels.Sent || o.ProviderID != fmt.Sprintf("%s-%d", d.ID.UMID, d.ID.N) || o.Receipt {
			t.Fatalf("%+v", o)
		}
		all := s.Pushes()
		last := all[len(all)-1]
		if got := last.Header.Get("Urgency"); got != want {
			t.Errorf("%s is %s, want %s", lane, got, want)
		}
		if ttl, _ := strconv.Atoi(last.Header.Get("TTL")); ttl < 3590 || ttl > 3600 {
			t.Errorf("TTL %d, an hour before the deadline", ttl)
		}
		if !strings.Contains(last.Claims, `"sub":"mailto:ops@gov.test"`) || strings.Contains(last.Header.Get("Topic"), string(d.ID.UMID)) {
			t.Errorf("%s %v", last.Claims, last.Header)
		}
	}
	d := delivery(to)
	d.Deadline = time.Now().Add(365 * 24 * time.Hour)
	p.Send(t.Context(), d)
	if ttl := s.Pushes()[3].Header.Get("TTL"); ttl != "2419200" {
		t.Errorf("TTL %s of a year, want four weeks", ttl)
	}
}

// The same delivery again takes the place of the first.
func TestTwiceIsShownOnce(t *testing.T) {
	s := webpushtest.New(t)
	p := provider(t, options(t, s), slog.DiscardHandler)
	d := delivery(address(t, s, "/p/1"))
	p.Send(t.Context(), d)
	d.Attempt = 2
	p.Send(t.Context(), d)
	d.ID.N = 8
	p.Send(t.Context(), d)
	if got := s.Waiting("/p/1"); len(got) != 2 || len(s.Pushes()) != 3 || !strings.Contains(got[0], `"tag":"01JDB6T0G00000000000000001-7"`) {
		t.Errorf("of 3 pushes wait %q", got)
	}
}

func TestOutcomes(t *testing.T) {
	s := webpushtest.New(t)
	var log bytes.Buffer
	p := provider(t, options(t, s), slog.NewTextHandler(&log, nil))
	deferred := channels.Outcome{Result: channels.Deferred, Reason: rooms.Deferred, After: 2 * time.Minute}
	unknown := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown, After: 2 * time.Minute}
	ours := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unconfigured, After: 2 * time.Minute}
	gone := channels.Outcome{Result: channels.Rejected, Reason: rooms.NoMailbox}
	rejected := channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected}
	for status, want := range map[int]channels.Outcome{
		201: {Result: channels.Sent, ProviderID: "01JDB6T0G00000000000000001-7"}, 307: deferred, 400: ours, 401: ours, 403: ours, 404: gone, 410: gone,
		413: rejected, 408: deferred, 429: deferred, 500: unknown, 502: unknown, 503: deferred, 504: unknown,
	} {
		want.Code = fmt.Sprint("HTTP ", status)
		if got := p.Send(t.Context(), delivery(address(t, s, fmt.Sprintf("/%d/canarypath", status)))); got != want {
			t.Errorf("%d: %+v, want %+v", status, got, want)
		}
	}
	if text := log.String(); strings.Count(text, "level=ERROR") != 1 || strings.Contains(text, "127.0.0.1") || strings.Contains(text, "canary") {
		t.Errorf("the log says %q", text)
	}
	to := delivery(address(t, s, "/p/1"))
	p = provider(t, options(t, s), slog.DiscardHandler) // which has no connection yet
	s.Server.Close()
	if got := p.Send(t.Context(), to); got.Result != channels.Deferred || got.Reason != rooms.Unreachable {
		t.Errorf("nobody there: %+v", got)
	}
}

// A subscription that was made with another key is refused by its push service, and stays.
func TestAnotherKey(t *testing.T) {
	s := webpushtest.New(t)
	o := options(t, s)
	p := provider(t, o, slog.DiscardHandler)
	b := s.Subscribe(t, "/p/1")
	to, err := rooms.ParsePushSubscription(b.Subscription())
	if err != nil {
		t.Fatal(err)
	}
	b.Key = provider(t, options(t, s), slog.DiscardHandler).Key()
	if got := p.Send(t.Context(), delivery(to)); got.Result != channels.Deferred || got.Reason != rooms.Unconfigured {
		t.Errorf("%+v", got)
	}
	b.Key = p.Key()
	if got := p.Send(t.Context(), delivery(to)); got.Result != channels.Sent {
		t.Errorf("with its own: %+v", got)
	}
}

func TestWhomItDoesNotCall(t *testing.T) {
	s := webpushtest.New(t)
	closed, elsewhere, here := options(t, s), options(t, s), options(t, s)
	closed.Allow = nil
	elsewhere.Services = []string{"*.push.example.org", "127.0.0.2"}
	here.Services = []string{"127.0.0.1"}
	for name, tc := range map[string]struct {
		o    webpush.Options
		want channels.Result
		code string
	}{
		"a private network": {closed, channels.Rejected, "address-not-allowed"}, "another service": {elsewhere, channels.Rejected, "host-not-allowed"},
		"one of those": {here, channels.Sent, "HTTP 201"},
	} {
		before := len(s.Wire())
		got := provider(t, tc.o, slog.DiscardHandler).Send(t.Context(), delivery(address(t, s, "/p/1")))
		if got.Result != tc.want || got.Code != tc.code || (len(s.Wire()) > before) != (tc.want == channels.Sent) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	phone, _ := rooms.ParsePhone("+996555000111")
	if got := provider(t, here, slog.DiscardHandler).Send(t.Context(), delivery(phone)); got.Result != channels.Rejected || got.Code != "subscription" {
		t.Errorf("a number: %+v", got)
	}
}
