package main

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

// A text goes to the SMS centre, and what its receipts say of it, by the centre's own ids, is how the delivery stands: also of
// one of several parts, where a receipt comes before the answer, and where it writes the id otherwise.
func TestTextsAndTheirReceipts(t *testing.T) {
	hex := func(n uint64) string { return fmt.Sprintf("%08X", 0xa00+n) }
	c := smpptest.Start(t, smpptest.Options{ID: hex, ReceiptID: func(n uint64) string { return strings.ToLower(hex(n)) }})
	c.On("996555000101", smpptest.Rule{State: "UNDELIV"})
	c.On("996555000102", smpptest.Rule{Early: true})
	c.On("996555000103", smpptest.Rule{Times: 2, TLVOnly: true})
	c.On("996555000104", smpptest.Rule{State: "ENROUTE"})
	s := newStand(t, []string{
		"providers.sms.kind=smpp", "providers.sms.host=127.0.0.1", fmt.Sprintf("providers.sms.port=%d", c.Port()),
		"providers.sms.systemId=crier", "providers.sms.from=GovCrier", "providers.sms.bind=separate",
	}, nil)
	s.room("texts", demoPublisher)
	var to []v1.Contact
	for n := range 5 {
		to = append(to, v1.Contact{Phone: fmt.Sprintf("+99655500010%d", n)})
	}
	short := s.publish("texts", v1.Publish{TransactionID: "short", Content: v1.Text{Text: "Vaccination on Tuesday"}, Recipients: to})
	long := s.publish("texts", v1.Publish{TransactionID: "long", Content: v1.Text{Text: strings.Repeat("Прививка во вторник. ", 10)}, Recipients: to[:2]})
	s.comesTo(short.UMID, v1.Counts{Delivered: 3, Failed: 1, Sent: 1})
	s.comesTo(long.UMID, v1.Counts{Delivered: 1, Failed: 1})
	_, deliveries := s.message(short.UMID)
	if d := deliveries[1]; d.Reason != v1.DeliveryReasonBounced {
		t.Errorf("the one that failed: %+v", d)
	}
	for _, secret := range []string{"996555000", "Vaccination", "Прививка"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%q stands in the log", secret)
		}
	}
	if n := len(c.Submitted()); n != 5+2*4 {
		t.Errorf("the centre was given %d messages, want 13", n)
	}
}

// comesTo waits until the deliveries of a message stand so.
func (s *stand) comesTo(umid string, want v1.Counts) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		m, all := s.message(umid)
		if m.Status != want {
			return fmt.Sprintf("%+v, want %+v: %+v", m.Status, want, all)
		}
		return ""
	})
}

// A policy has texts written with the letters of GSM 7, and previews count them so.
func TestTextsAreTransliterated(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{Quiet: true})
	s := newStand(t, []string{
		"providers.sms.kind=smpp", "providers.sms.host=127.0.0.1", fmt.Sprintf("providers.sms.port=%d", c.Port()), "providers.sms.systemId=crier",
		"policy.content.transliterate=true",
	}, nil)
	s.room("texts", demoPublisher)
	for tx, text := range map[string]string{"latin": "“Łódź” – …", "cyrillic": "“Бишкек”"} {
		p := v1.Publish{TransactionID: tx, Type: "reminder", Content: v1.Text{Text: text}, Recipients: []v1.Contact{{Phone: "+996555000100"}}}
		body, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		preview, err := s.as(s.token(demoPublisher)).Preview(t.Context(), "texts", body)
		if err != nil || (preview.SMS.UCS2 == 0) != (tx == "latin") {
			t.Errorf("preview: %+v, %v", preview.SMS, err)
		}
		s.publish("texts", p)
	}
	await(t, busyFor, func() string {
		said := map[string]byte{}
		for _, m := range c.Submitted() {
			said[string(m.Short)] = m.Coding
		}
		want := map[string]byte{`"Lodz" - ...`: 0, string(rooms.EncodeUCS2("“Бишкек”")): 8}
		if !maps.Equal(said, want) {
			return fmt.Sprintf("the centre was told %q, want %q", said, want)
		}
		return ""
	})
}

// A receipt that no message matches costs nothing but its place: the centre is answered, and what comes after it is heard.
func TestReceiptsOfNobodyDoNoHarm(t *testing.T) {
	c := smpptest.Start(t, smpptest.Options{ReceiptID: func(n uint64) string {
		if n <= 2 {
			return fmt.Sprintf("nobody-%d", n)
		}
		return fmt.Sprint(1000 + n)
	}})
	s := newStand(t, []string{
		"providers.sms.kind=smpp", "providers.sms.host=127.0.0.1", fmt.Sprintf("providers.sms.port=%d", c.Port()), "providers.sms.systemId=crier",
	}, nil)
	s.room("texts", demoPublisher)
	text := func(tx string) v1.Receipt {
		return s.publish("texts", v1.Publish{TransactionID: tx, Content: v1.Text{Text: tx}, Recipients: []v1.Contact{{Phone: "+996555000100"}}})
	}
	first, second := text("first"), text("second")
	s.comesTo(first.UMID, v1.Counts{Sent: 1})
	s.comesTo(second.UMID, v1.Counts{Sent: 1})
	third := text("third")
	s.comesTo(third.UMID, v1.Counts{Delivered: 1})
	await(t, busyFor, func() string {
		all, _, err := s.store.log.ParkedReceipts(t.Context(), 1, 10)
		if err != nil || len(all) != 2 || all[0].Channel != rooms.SMS || all[0].Provider != "smpp" {
			return fmt.Sprintf("parked: %+v, %v", all, err)
		}
		return ""
	})
}
