package smpp_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

func TestWindowIsNeverExceeded(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true, Delay: 2 * time.Millisecond, Window: 3})
	p := provider(t, c, func(o *smpp.Options) { o.Binds, o.Window = 2, 3 })
	var n numbers
	var all sync.WaitGroup
	for range 200 {
		d := n.delivery(t, accepted, "hello")
		all.Go(func() {
			if o := p.Send(t.Context(), d); o.Result != channels.Sent {
				t.Errorf("outcome %+v, want it sent", o)
			}
		})
	}
	all.Wait()
	if got := len(c.Submitted()); got != 200 || c.Most() != 3 {
		t.Errorf("%d messages have come, want 200; %d at once, want 3", got, c.Most())
	}
}

func TestWhatIsSubmitted(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	p := provider(t, c, func(o *smpp.Options) { o.ServiceType, o.MaxValidity = "GOV", 1e5*time.Hour })
	var n numbers
	d := n.delivery(t, accepted, "Grüße {1} €")
	d.Deadline = time.Date(2030, 1, 2, 3, 4, 5, 0, time.FixedZone("", 6*3600))
	sent(t, p, d)
	d.Sender.SMS = "+996312000000"
	d.Content = rooms.Content{SMS: rooms.NewBody("Вакцина"), Text: rooms.NewBody("not this")}
	sent(t, p, d)
	d.Sender.SMS = "1212"
	sent(t, p, d)

	got := c.Submitted()
	want := pdu.Message{
		ServiceType: "GOV", Source: pdu.Address{TON: 5, Text: "GovCrier"}, Dest: pdu.Address{TON: 1, NPI: 1, Text: accepted[1:]},
		Validity: "300101210405000+", Registered: 1, Short: []byte("Gr\x7e\x1ee \x1b\x281\x1b\x29 \x1b\x65"),
	}
	same(t, got[0], want)
	want.Source, want.Coding, want.Short = pdu.Address{TON: 1, NPI: 1, Text: "996312000000"}, 8, rooms.EncodeUCS2("Вакцина")
	same(t, got[1], want)
	want.Source = pdu.Address{TON: 3, Text: "1212"}
	same(t, got[2], want)
}

func same(t *testing.T, got, want pdu.Message) {
	t.Helper()
	if string(got.Bytes()) != string(want.Bytes()) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLongTextsAreJoinedAgain(t *testing.T) {
	latin := strings.Repeat("0123456789", 31)        // 3 parts
	cyrillic := strings.Repeat("Прививка ждёт ", 10) // 3 parts
	for name, tc := range map[string]struct {
		long, alphabet, text string
		parts, header        int
		coding               byte
	}{
		"udh8":        {smpp.LongUDH8, smpp.AlphabetGSM7, latin, 3, 6, 0},
		"udh8 ucs2":   {smpp.LongUDH8, smpp.AlphabetGSM7, cyrillic, 3, 6, 8},
		"udh16":       {smpp.LongUDH16, smpp.AlphabetGSM7, latin, 3, 7, 0},
		"payload":     {smpp.LongPayload, smpp.AlphabetGSM7, latin, 1, 0, 0},
		"latin1":      {smpp.LongUDH8, smpp.AlphabetLatin1, latin, 3, 6, 3},
		"always ucs2": {smpp.LongUDH8, smpp.AlphabetUCS2, latin, 5, 6, 8},
	} {
		t.Run(name, func(t *testing.T) {
			c := smpptest.Start(t, smpptest.Options{Quiet: true})
			p := provider(t, c, func(o *smpp.Options) { o.LongMessages, o.Alphabet = tc.long, tc.alphabet })
			var n numbers
			d := n.delivery(t, accepted, tc.text)
			o := sent(t, p, d)
			sent(t, p, d)
			got := c.Submitted()
			if len(got) != 2*tc.parts || strings.Count(o.ProviderID, ",") != tc.parts-1 {
				t.Fatalf("%d messages with the ids %q, want twice %d", len(got), o.ProviderID, tc.parts)
			}
			whole := ""
			for i, m := range got[:tc.parts] {
				if m.Coding != tc.coding {
					t.Errorf("data_coding %d, want %d", m.Coding, tc.coding)
				}
				if string(m.Text()) != string(got[i+tc.parts].Text()) {
					t.Error("the second time it is not the same")
				}
				if h := m.Short[:tc.header]; tc.header > 0 && (int(h[0]) != tc.header-1 || int(h[tc.header-1]) != i+1 || int(h[tc.header-2]) != tc.parts) {
					t.Errorf("header % x of part %d", h, i+1)
				}
				whole += decode(m, m.Text()[tc.header:])
			}
			if whole != tc.text {
				t.Errorf("together they are %q", whole)
			}
		})
	}
}

func decode(m pdu.Message, octets []byte) string {
	switch m.Coding {
	case 8:
		return rooms.DecodeUCS2(octets)
	case 0:
		return rooms.DecodeGSM7(octets)
	}
	return string(octets)
}

func TestStatuses(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, func(o *smpp.Options) { o.ThrottleWait = 3 * time.Second })
	var n numbers
	for status, want := range map[pdu.Status]channels.Outcome{
		pdu.InvalidDestination:   {Result: channels.Rejected, Reason: rooms.NoMailbox, Code: "0x0000000b"},
		pdu.InvalidMessageLength: {Result: channels.Rejected, Reason: rooms.Rejected, Code: "0x00000001"},
		pdu.Throttled:            {Result: channels.Throttled, Reason: rooms.Throttled, Code: "0x00000058", After: 3 * time.Second},
		pdu.QueueFull:            {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000014"},
		pdu.SystemError:          {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000008"},
		pdu.SubmitFailed:         {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000045"},
		0x400:                    {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000400"},
		// Faults of ours, not of the message.
		pdu.InvalidCommandLength:  {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000002"},
		pdu.InvalidCommand:        {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000003"},
		pdu.InvalidSource:         {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x0000000a"},
		pdu.InvalidSourceTON:      {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000048"},
		pdu.InvalidSourceNPI:      {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000049"},
		pdu.InvalidDestinationTON: {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000050"},
		pdu.InvalidDestinationNPI: {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000051"},
		pdu.InvalidValidity:       {Result: channels.Deferred, Reason: rooms.Deferred, Code: "0x00000062"},
	} {
		c.On(accepted[1:], smpptest.Rule{Status: status})
		if got := send(t, p, n.delivery(t, accepted, "hello")); got != want {
			t.Errorf("%s: outcome %+v, want %+v", status, got, want)
		}
	}
}

func TestLostAnswerIsUnknown(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	rules(c)
	p := provider(t, c, func(o *smpp.Options) { o.ResponseTimeout, o.Window = 100*time.Millisecond, 1 })
	var n numbers
	want := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unknown}
	for range 3 { // each gives its place back
		if got := send(t, p, n.delivery(t, silent, "hello")); got != want {
			t.Fatalf("outcome %+v, want %+v", got, want)
		}
	}
	sent(t, p, n.delivery(t, accepted, "hello"))
}

// Parts that come too fast wait, instead of that the whole text is sent anew.
func TestThrottledPartWaits(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true, Window: 1, Delay: 30 * time.Millisecond})
	p := provider(t, c, func(o *smpp.Options) { o.ThrottleWait, o.Window = 10*time.Millisecond, 2 })
	var n numbers
	long := n.delivery(t, accepted, strings.Repeat("0123456789", 60))
	done := make(chan channels.Outcome, 1)
	go func() { done <- p.Send(context.WithoutCancel(t.Context()), long) }()
	eventually(t, func() string {
		if len(c.Submitted()) == 0 {
			return "no part has come"
		}
		return ""
	})
	for {
		select {
		case o := <-done:
			if o.Result != channels.Sent || strings.Count(o.ProviderID, ",") != 3 {
				t.Errorf("outcome %+v, want it sent in 4 parts", o)
			}
			return
		default:
			_ = send(t, p, n.delivery(t, accepted, "in between")) // takes the centre's only place at times
		}
	}
}

// Who has got the beginning of a text may get it twice if it is sent anew: that is nobody's to say but the policy's.
func TestTextHalfTakenIsUnknown(t *testing.T) {
	var c *smpptest.Centre
	ends := map[string]func(){
		"the next part is refused for now": func() { c.On(accepted[1:], smpptest.Rule{Status: pdu.QueueFull}) },
		"the session ends":                 func() { go c.Close() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			c = smpptest.Start(t, smpptest.Options{Quiet: true, Delay: 20 * time.Millisecond, ID: func(n uint64) string {
				if n == 1 {
					end()
				}
				return strconv.FormatUint(n, 10)
			}})
			p := provider(t, c, func(o *smpp.Options) { o.ResponseTimeout, o.Window = time.Second, 1 })
			var n numbers
			got := send(t, p, n.delivery(t, accepted, strings.Repeat("0123456789", 300)))
			if got.Result != channels.Deferred || got.Reason != rooms.Unknown {
				t.Errorf("outcome %+v, want it deferred as unknown", got)
			}
			if parts := len(c.Submitted()); parts == 0 || parts == 20 {
				t.Errorf("%d parts came, want some", parts)
			}
		})
	}
}

// Where a part has no id, it could never be told that all of them have arrived.
func TestPartWithoutIDHasNoReceipt(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true, ID: func(n uint64) string {
		if n == 2 {
			return ""
		}
		return fmt.Sprint(n)
	}})
	p := provider(t, c, nil)
	var n numbers
	if o := sent(t, p, n.delivery(t, accepted, strings.Repeat("long ", 40))); o.Receipt {
		t.Errorf("a receipt is waited for: %+v", o)
	}
	if o := sent(t, p, n.delivery(t, accepted, strings.Repeat("long ", 40))); !o.Receipt || o.ProviderID != "3,4" {
		t.Errorf("%+v", o)
	}
}
