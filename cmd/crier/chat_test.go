package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/telegram/telegramtest"
	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

const (
	aidasChat = 4711080815
	botNumber = telegramtest.Number
)

// byTelegram has a bot stand behind the channel.
func byTelegram(t *testing.T, s *telegramtest.Server) []string {
	const key = "providers.telegram."
	return []string{
		key + "kind=bot", key + "url=" + s.URL, key + "tokenFile=" + stub.File(t, telegramtest.Token),
		key + "allow=127.0.0.0/8", key + "ports=0", key + "pollFor=1s",
	}
}

// replied waits for what was answered to a message, and gives it.
func (s *stand) replied(room, text string) (found v1.Reply) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		var all []string
		for r, err := range s.as(s.token(demoPublisher)).Replies(s.t.Context(), room) {
			if err != nil {
				return err.Error()
			}
			if r.Text == text {
				found = r
				return ""
			}
			all = append(all, r.Text)
		}
		return fmt.Sprintf("no %q among %q", text, all)
	})
	return found
}

// TestTelegram is a conversation through the whole gateway: a person comes in by a link, gets a message, answers it, and has
// enough. What she wrote while the node was away is not lost.
func TestTelegram(t *testing.T) {
	bot := telegramtest.New(t)
	bot.Write(aidasChat, "/start clinic", 0) // before anybody asks
	s := newStand(t, byTelegram(t, bot), func(c *config.Config) { c.Policy.Retry = []time.Duration{time.Hour} })
	c := rooms.RoomConfig{
		Name: "clinic", Title: "The clinic", Join: rooms.JoinOpen, Inbox: rooms.Inbox{Addresses: []string{botNumber}, Keywords: []string{"clinic"}},
		Admins: []rooms.Client{demoPublisher}, Publishers: []rooms.Publisher{{Client: demoPublisher, Direct: true}},
	}
	if _, err := s.know.rooms.Create(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	bot.Write(aidasChat, "/start clinic", 0)
	code := ""
	await(t, busyFor, func() string {
		for _, m := range bot.Sent() {
			if _, after, ok := strings.Cut(m.Text, "Your code for The clinic: "); ok {
				code = after[:9]
				return ""
			}
		}
		return fmt.Sprintf("no code among %+v", bot.Sent())
	})
	bot.Write(aidasChat, "/start "+code, 0)
	await(t, busyFor, func() string {
		subs, _, err := s.know.subscribers.List(t.Context(), "clinic", 0, 10)
		if err != nil || len(subs) != 1 || subs[0].State != rooms.SubscriberActive {
			return fmt.Sprintf("%+v, %v", subs, err)
		}
		return ""
	})

	r := s.publish("clinic", v1.Publish{TransactionID: "chat-1", Content: v1.Text{Subject: "Vaccination", Text: "Qzcanary: please come on Tuesday."}})
	s.ends(r.UMID, "sent")
	all := bot.Sent()
	last := all[len(all)-1]
	if last.Text != "Vaccination\n\nQzcanary: please come on Tuesday." || last.Chat != "4711080815" {
		t.Errorf("%+v", last)
	}
	second := s.publish("clinic", v1.Publish{TransactionID: "chat-2", Content: v1.Text{Text: "The clinic is closed on Friday."}})
	s.ends(second.UMID, "sent")
	bot.Write(aidasChat, "Qzanswer: on Wednesday?", last.ID)
	if got := s.replied("clinic", "Qzanswer: on Wednesday?"); got.UMID != r.UMID || got.From == "" {
		t.Errorf("%+v, want it to answer %s", got, r.UMID)
	}
	bot.Write(aidasChat, "Qzanswer: thanks", 0)
	if got := s.replied("clinic", "Qzanswer: thanks"); got.UMID != second.UMID {
		t.Errorf("%+v, want it to answer the last, %s", got, second.UMID)
	}

	bot.Write(aidasChat, "/stop@clinic_bot", 0)
	await(t, busyFor, func() string {
		subs, _, err := s.know.subscribers.List(t.Context(), "clinic", 0, 10)
		if err != nil || len(subs) > 0 {
			return fmt.Sprintf("%+v, %v", subs, err)
		}
		return ""
	})
	s.refusedByTelegram(bot)
	s.discreet("4711080", "Qzcanary", "Qzanswer", telegramtest.Token)
}

// refusedByTelegram sends to chats that take nothing, to the bot whose token is revoked, and then again.
func (s *stand) refusedByTelegram(bot *telegramtest.Server) {
	s.t.Helper()
	to := func(chats ...string) (all []v1.Contact) {
		for _, c := range chats {
			all = append(all, v1.Contact{Telegram: c})
		}
		return all
	}
	r := s.publish("clinic", v1.Publish{TransactionID: "chat-3", Content: v1.Text{Text: "Come."}, Recipients: to("4711080803", "4711080804", "4711080808", "4711080801")})
	await(s.t, busyFor, func() string {
		_, all := s.message(r.UMID)
		got := ""
		for _, d := range all {
			got += fmt.Sprintf("%s %s|", d.Status, d.Reason)
		}
		want := "failed no-mailbox|failed suppressed|failed no-mailbox|errored deferred|"
		if got != want {
			return got
		}
		return ""
	})
	bot.Revoke(true)
	r = s.publish("clinic", v1.Publish{TransactionID: "chat-4", Content: v1.Text{Text: "Come."}, Recipients: to("4711080816")})
	await(s.t, busyFor, func() string {
		if _, all := s.message(r.UMID); len(all) == 1 && strings.HasPrefix(string(all[0].Status)+" "+string(all[0].Reason), "errored unreachable") {
			return ""
		}
		return "not deferred"
	})
	bot.Revoke(false)
}

// discreet says whether the log has something that belongs to nobody else.
func (s *stand) discreet(secrets ...string) {
	s.t.Helper()
	for _, secret := range secrets {
		if strings.Contains(s.log.String(), secret) {
			s.t.Errorf("the log has %q", secret)
		}
	}
}

// TestWhatsApp is a message's way through the whole gateway to a person on WhatsApp, and back: by receipts that name the
// attempt, by receipts that name the message only, and by what she answers.
func TestWhatsApp(t *testing.T) {
	meta := whatsapptest.New(t)
	const key = "providers.whatsapp."
	set := []string{
		key + "kind=cloud", key + "url=" + meta.URL, key + "phoneNumberId=" + whatsapptest.NumberID, key + "allow=127.0.0.0/8", key + "ports=0",
		key + "tokenFile=" + stub.File(t, whatsapptest.Token), key + "secretFile=" + stub.File(t, whatsapptest.Secret),
		key + "verifyFile=" + stub.File(t, whatsapptest.Verify),
		key + "templates=[{room: clinic, language: ky, name: visit_reminder, body: [name, text]}]",
	}
	s := newStand(t, set, func(c *config.Config) { c.Policy.Retry = []time.Duration{time.Hour} })
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{whatsapptest.Number}})
	at := s.app.URL() + "/v1/inlets/cloud/inbound"
	s.challenged(at)
	meta.CallBack(at, false)
	people := []v1.Contact{
		{WhatsApp: "+996555000111", Name: "Aida", Language: "ky-KG"}, {WhatsApp: "+996555000112"},
		{WhatsApp: "+996555000108"}, {WhatsApp: "+996555000109"}, {WhatsApp: "+996555000103"},
	}
	r := s.publish("clinic", v1.Publish{TransactionID: "wa-1", Content: v1.Text{Subject: "Vaccination", Text: "Qzcanary: please\ncome."}, Recipients: people})
	s.outcomes(r.UMID, "delivered|delivered|failed no-mailbox|failed rejected|failed rejected|")
	var first whatsapptest.Message
	for _, m := range meta.Sent() {
		switch m.To {
		case "+996555000111":
			first = m
			want := `[{"type":"body","parameters":[{"type":"text","text":"Aida"},{"type":"text","text":"Qzcanary: please come."}]}]`
			if m.Type != "template" || m.Template.Name != "visit_reminder" || m.Template.Language.Code != "ky" || string(m.Template.Components) != want {
				t.Errorf("%+v %s", m, m.Template.Components)
			}
		case "+996555000112":
			if m.Type != "text" || m.Text.Body != "Vaccination\n\nQzcanary: please\ncome." || m.Text.Preview {
				t.Errorf("%+v", m)
			}
		}
	}

	meta.CallBack(at, true) // what is reported names the message only, perhaps before it is known here
	second := s.publish("clinic", v1.Publish{TransactionID: "wa-2", Content: v1.Text{Text: "Closed on Friday."}, Recipients: []v1.Contact{
		{WhatsApp: "+996555000111"}, {WhatsApp: "+996555000119"}, {WhatsApp: "+996555000108"},
	}})
	s.outcomes(second.UMID, "delivered|delivered|failed suppressed|") // the last has no WhatsApp, as was told before

	for range 2 {
		body := whatsapptest.Messages(whatsapptest.Text("wamid.in1", "+996555000111", "Qzanswer: on Wednesday?", first.ID), whatsapptest.Text("wamid.in2", "+996555000111", "Qzanswer: thanks", ""))
		if got := whatsapptest.Call(at, body); got != 200 {
			t.Fatalf("%d", got)
		}
	}
	if got := s.replied("clinic", "Qzanswer: on Wednesday?"); got.UMID != r.UMID {
		t.Errorf("%+v, want it to answer %s", got, r.UMID)
	}
	if got := s.replied("clinic", "Qzanswer: thanks"); got.UMID != second.UMID {
		t.Errorf("%+v, want it to answer the last, %s", got, second.UMID)
	}
	if n := s.countReplies("clinic"); n != 2 {
		t.Errorf("%d replies, want 2", n)
	}
	if got := whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.in3", "+996555000108", "Hello, I am new here", ""))); got != 200 {
		t.Fatalf("%d", got)
	}
	third := s.publish("clinic", v1.Publish{TransactionID: "wa-3", Content: v1.Text{Text: "Welcome."}, Recipients: []v1.Contact{{WhatsApp: "+996555000108"}}})
	s.outcomes(third.UMID, "failed no-mailbox|") // he was asked again, since he has written
	fourth := s.publish("clinic", v1.Publish{TransactionID: "wa-4", Content: v1.Text{Text: "Open again."}, Recipients: []v1.Contact{{WhatsApp: "+525512345672"}}})
	s.outcomes(fourth.UMID, "delivered|")
	if got := whatsapptest.Call(at, whatsapptest.Messages(whatsapptest.Text("wamid.in4", "+5215512345672", "Qzanswer: from Mexico", ""))); got != 200 {
		t.Fatalf("%d", got)
	}
	if got := s.replied("clinic", "Qzanswer: from Mexico"); got.UMID != fourth.UMID {
		t.Errorf("%+v, want it to answer %s", got, fourth.UMID)
	}
	s.discreet("996555000", "5512345672", "Qzcanary", "Qzanswer", "wamid.", whatsapptest.Token, whatsapptest.Secret, whatsapptest.Verify)
}

// outcomes waits until the deliveries of a message stand so.
func (s *stand) outcomes(umid, want string) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		_, all := s.message(umid)
		got := ""
		for _, d := range all {
			got += strings.TrimSpace(string(d.Status)+" "+string(d.Reason)) + "|"
		}
		if got != want {
			return got + ", want " + want
		}
		return ""
	})
}

func (s *stand) countReplies(room string) (n int) {
	s.t.Helper()
	for _, err := range s.as(s.token(demoPublisher)).Replies(s.t.Context(), room) {
		if err != nil {
			s.t.Fatal(err)
		}
		n++
	}
	return n
}

// challenged asks the inlet whether it is the right one, as Meta does, and calls it as others would.
func (s *stand) challenged(at string) {
	s.t.Helper()
	ask := func(word string) (int, string) {
		q := url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {word}, "hub.challenge": {"1158201444"}}
		a, err := try(context.Background(), http.MethodGet, at+"?"+q.Encode(), "", "")
		if err != nil {
			s.t.Fatal(err)
		}
		return a.status, a.body
	}
	if status, body := ask(whatsapptest.Verify); status != 200 || body != "1158201444" {
		s.t.Errorf("%d %q", status, body)
	}
	if status, body := ask("guess"); status != 403 || strings.Contains(body, "1158201444") {
		s.t.Errorf("%d %q", status, body)
	}
	report := whatsapptest.Statuses(whatsapptest.State("wamid.x", "delivered", "996555000111", "", 0))
	for name, got := range map[string][2]int{
		"unsigned":       {whatsapptest.Post(at, report, ""), 403},
		"of another key": {whatsapptest.Post(at, report, whatsapptest.Sign("guess", report)), 403},
		"large":          {whatsapptest.Call(at, report+strings.Repeat(" ", 2<<20)), 200},
		"too large":      {whatsapptest.Call(at, report+strings.Repeat(" ", 4<<20)), 413},
		"unreadable":     {whatsapptest.Call(at, "{}"), 400},
	} {
		if got[0] != got[1] {
			s.t.Errorf("%s: %d, want %d", name, got[0], got[1])
		}
	}
}
