package smpp_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

// heard is what a provider hears.
type heard[T any] struct {
	mu     sync.Mutex
	all    []T
	refuse bool
}

func (h *heard[T]) take(_ context.Context, v T) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse {
		return errors.New("not durable")
	}
	h.all = append(h.all, v)
	return nil
}

func (h *heard[T]) those() []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]T(nil), h.all...)
}

func (h *heard[T]) refuses(is bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = is
}

// wait waits until so much is heard.
func (h *heard[T]) wait(t *testing.T, n int) []T {
	t.Helper()
	eventually(t, func() string {
		if got := len(h.those()); got < n {
			return fmt.Sprintf("%d heard, want %d", got, n)
		}
		return ""
	})
	return h.those()
}

func TestReceiptsInEveryForm(t *testing.T) {
	hex := func(n uint64) string { return fmt.Sprintf("%x", 0xa00+n) }
	decimal := func(n uint64) string { return fmt.Sprint(0xa00 + n) }
	for name, tc := range map[string]struct {
		ids     smpptest.Options
		reading string
		rule    smpptest.Rule
		want    int
	}{
		"late":              {rule: smpptest.Rule{After: 100 * time.Millisecond}, want: 1},
		"early":             {rule: smpptest.Rule{Early: true}, want: 1},
		"twice":             {rule: smpptest.Rule{Times: 2}, want: 2},
		"TLVs alone":        {rule: smpptest.Rule{TLVOnly: true}, want: 1},
		"decimal for hex":   {ids: smpptest.Options{ID: hex, ReceiptID: decimal}, reading: smpp.IDsDecimal, want: 1},
		"hex for decimal":   {ids: smpptest.Options{ID: decimal, ReceiptID: hex}, reading: smpp.IDsHex, want: 1},
		"not the last word": {rule: smpptest.Rule{State: "ENROUTE"}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := smpptest.Start(t, tc.ids)
			c.On(accepted[1:], tc.rule)
			p := provider(t, c, func(o *smpp.Options) { o.ReceiptIDs = tc.reading })
			var h heard[channels.Receipt]
			go func() { _ = p.Receipts(t.Context(), h.take) }()
			var n numbers
			first := sent(t, p, n.delivery(t, accepted, "hello"))
			c.On(accepted[1:], smpptest.Rule{State: "REJECTD"})
			last := sent(t, p, n.delivery(t, accepted, "hello"))
			count := map[string]int{}
			for _, r := range h.wait(t, tc.want+1) {
				count[r.ProviderID]++
				if want := (channels.Receipt{ProviderID: last.ProviderID, Channel: rooms.SMS, Status: rooms.Failed, Reason: rooms.Bounced,
					Code: "REJECTD 00B", At: r.At}); r.Status == rooms.Failed && !reflect.DeepEqual(r, want) {
					t.Errorf("receipt %+v, want %+v", r, want)
				}
			}
			if count[first.ProviderID] != tc.want || count[last.ProviderID] != 1 {
				t.Errorf("receipts by id: %v; want %d of %s and 1 of %s", count, tc.want, first.ProviderID, last.ProviderID)
			}
		})
	}
}

func from(number string) pdu.Address { return pdu.Address{TON: 1, NPI: 1, Text: number} }

func TestPeopleWrite(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, func(o *smpp.Options) { o.CountryCode = "996" })
	turns(t, p, channels.Sent)
	var h heard[rooms.Inbound]
	go func() { _ = p.Inbound(t.Context(), h.take) }()
	me, room := from("996555000100"), pdu.Address{TON: 3, Text: "1212"}
	header := func(n byte, text string) []byte { return append([]byte{5, 0, 3, 0x2a, 2, n}, text...) }
	sar := func(n byte) []pdu.TLV {
		return []pdu.TLV{{Tag: pdu.TagSARReference, Value: []byte{1, 2}}, {Tag: pdu.TagSARTotal, Value: []byte{2}}, {Tag: pdu.TagSARNumber, Value: []byte{n}}}
	}
	for i, tc := range []struct {
		messages []pdu.Message
		from, to string
		text     string
	}{
		{[]pdu.Message{{Source: me, Dest: room, Short: []byte("STOP \x00 \x1b\x65")}}, accepted, "1212", "STOP @ €"},
		{[]pdu.Message{{Source: me, Dest: from("996312000000"), Coding: 8, Short: rooms.EncodeUCS2("Рахмат 😀")}}, accepted, "+996312000000", "Рахмат 😀"},
		{[]pdu.Message{{Source: pdu.Address{TON: 2, NPI: 1, Text: "0555000100"}, Dest: room, Coding: 3, Short: []byte("Gr\xfc\xdfe")}}, accepted, "1212", "Grüße"},
		{[]pdu.Message{{Source: pdu.Address{Text: "996555000100"}, Dest: room, Short: []byte("id:1 stat:DELIVRD err:000")}}, accepted, "1212", "id:1 stat:DELIVRD err:000"},
		{[]pdu.Message{{Source: me, Dest: room, TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte("payload")}}}}, accepted, "1212", "payload"},
		{[]pdu.Message{
			{Source: me, Dest: room, ESMClass: pdu.ESMHeader, Short: header(2, "world")},
			{Source: me, Dest: room, ESMClass: pdu.ESMHeader, Short: header(2, "world")},
			{Source: me, Dest: room, ESMClass: pdu.ESMHeader, Short: header(1, "hello ")},
		}, accepted, "1212", "hello world"},
		{[]pdu.Message{{Source: me, Dest: room, Short: []byte("by "), TLVs: sar(1)}, {Source: me, Dest: room, Short: []byte("sar"), TLVs: sar(2)}}, accepted, "1212", "by sar"},
	} {
		for _, m := range tc.messages {
			if s, err := c.Deliver(m, 5*time.Second); err != nil || s != pdu.OK {
				t.Fatalf("%s: answer %v, %v", tc.text, s, err)
			}
		}
		got := h.wait(t, i+1)[i]
		if got.From.Reveal() != tc.from || got.To.Reveal() != tc.to || got.Text.Reveal() != tc.text {
			t.Errorf("from %q to %q: %q; want from %q to %q: %q", got.From.Reveal(), got.To.Reveal(), got.Text.Reveal(), tc.from, tc.to, tc.text)
		}
		if got.Kind != rooms.InboundReply || got.Channel != rooms.SMS || got.Provider != "sms" || got.ID == "" || got.At.IsZero() {
			t.Errorf("%+v", got)
		}
	}
}

// A text is answered only once it is durable, and told by the same id when it is offered again.
func TestTextThatIsNotDurableIsOfferedAgain(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, nil)
	turns(t, p, channels.Sent)
	h := heard[rooms.Inbound]{refuse: true}
	go func() { _ = p.Inbound(t.Context(), h.take) }()
	last := pdu.Message{Source: from("996555000100"), Dest: from("1212"), ESMClass: pdu.ESMHeader, Short: []byte{5, 0, 3, 1, 2, 2, 'b'},
		TLVs: []pdu.TLV{{Tag: pdu.TagUserReference, Value: []byte{0, 7}}}}
	first := last
	first.Short = []byte{5, 0, 3, 1, 2, 1, 'a'}
	for _, step := range []struct {
		m    pdu.Message
		want pdu.Status
	}{{first, pdu.OK}, {last, pdu.ReceiverTemporary}, {last, pdu.ReceiverTemporary}} {
		if s, err := c.Deliver(step.m, 5*time.Second); err != nil || s != step.want {
			t.Errorf("answer %v, %v; want %v", s, err, step.want)
		}
	}
	h.refuses(false)
	for range 2 { // the second time it is known
		if s, err := c.Deliver(last, 5*time.Second); err != nil || s != pdu.OK {
			t.Errorf("answer %v, %v; want OK", s, err)
		}
	}
	if all := h.those(); len(all) != 1 || all[0].Text.Reveal() != "ab" {
		t.Errorf("%d texts, want one", len(all))
	}
}

// What cannot be understood is answered, and leaves nothing behind that troubles the next.
func TestStrangeMessages(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, nil)
	turns(t, p, channels.Sent)
	var h heard[rooms.Inbound]
	go func() { _ = p.Inbound(t.Context(), h.take) }()
	for name, m := range map[string]pdu.Message{
		"binary":        {Source: from("996555000100"), Coding: 4, Short: []byte{1, 2}},
		"of nobody":     {Source: pdu.Address{TON: 5, Text: "BANK"}, Short: []byte("hi")},
		"short header":  {Source: pdu.Address{TON: 5, Text: "BANK"}, ESMClass: pdu.ESMHeader, Short: []byte{200, 0}},
		"empty receipt": {Source: from("996555000100"), ESMClass: pdu.ESMReceipt},
		"intermediate":  {Source: from("996555000100"), ESMClass: pdu.ESMIntermediate, Short: []byte("id:1 stat:ENROUTE")},
	} {
		if s, err := c.Deliver(m, 5*time.Second); err != nil || s != pdu.OK {
			t.Errorf("%s: answer %v, %v; want OK", name, s, err)
		}
	}
	if n := len(h.those()); n != 0 {
		t.Errorf("%d texts were taken for those of people", n)
	}
}

// Receipts that nobody takes for a while stop neither the bind nor what is sent over it.
func TestSlowReceiptsDoNotStopTheBind(t *testing.T) {
	const many = 300 // more than are in hand at once
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, func(o *smpp.Options) { o.EnquireLink = time.Second })
	release := make(chan struct{})
	var h heard[channels.Receipt]
	go func() {
		_ = p.Receipts(t.Context(), func(ctx context.Context, r channels.Receipt) error {
			<-release
			return h.take(ctx, r)
		})
	}()
	var n numbers
	for range many {
		sent(t, p, n.delivery(t, accepted, "hello"))
	}
	if binds := len(c.Bound()); binds != 1 {
		t.Errorf("%d binds stand", binds)
	}
	close(release)
	h.wait(t, many)
}

// A receipt at which we break is offered again, and the bind stands.
func TestReceiptThatBreaksIsOfferedAgain(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{})
	p := provider(t, c, nil)
	var h heard[channels.Receipt]
	var broken atomic.Bool
	go func() {
		_ = p.Receipts(t.Context(), func(ctx context.Context, r channels.Receipt) error {
			if broken.CompareAndSwap(false, true) {
				panic("once")
			}
			return h.take(ctx, r)
		})
	}()
	var n numbers
	o := sent(t, p, n.delivery(t, accepted, "hello"))
	if got := h.wait(t, 1)[0].ProviderID; got != o.ProviderID || len(c.Bound()) != 1 {
		t.Errorf("a receipt of %s, want %s; %d binds stand", got, o.ProviderID, len(c.Bound()))
	}
}
