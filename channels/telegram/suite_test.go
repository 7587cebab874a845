package telegram_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/channelstest/stub"
	"github.com/govcrier/crier/channels/telegram"
	"github.com/govcrier/crier/channels/telegram/telegramtest"
	"github.com/govcrier/crier/rooms"
)

const aida = "4711080815"

func options(t testing.TB, s *telegramtest.Server) telegram.Options {
	o := telegram.Options{URL: s.URL, TokenFile: stub.File(t, telegramtest.Token), Inbound: telegram.InboundNone}
	o.Allow, o.Ports = []string{"127.0.0.0/8"}, []int{0}
	return o
}

func bot(t testing.TB, o telegram.Options, answered func(context.Context, string) (rooms.AttemptID, error)) telegram.Provider {
	t.Helper()
	p, err := telegram.New(o, telegram.Deps{Name: "bot", Answered: answered, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func chat(t testing.TB, s string) rooms.Address {
	t.Helper()
	a, err := rooms.ParseTelegramChat(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestProviderKeepsTheContract(t *testing.T) {
	s := telegramtest.New(t)
	channelstest.Run(t, channelstest.Features{
		Channel:  rooms.Telegram,
		Accepted: chat(t, aida),
		Provoke: map[channels.Result]rooms.Address{
			channels.Deferred: chat(t, "4711080801"), channels.Throttled: chat(t, "4711080802"),
			channels.Rejected: chat(t, "4711080803"), channels.Suppressed: chat(t, "4711080804"),
		},
		Silent:          chat(t, "4711080805"),
		NamesDeliveries: true,
		Wire:            func(*testing.T) []byte { return s.Wire() },
	}, func(t *testing.T) channels.Provider { return bot(t, options(t, s), nil) })
}
