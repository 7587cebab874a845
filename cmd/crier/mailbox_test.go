package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// A bounce that comes in as mail ends its delivery, and who asks for it reads why.
func TestBounceFailsItsDelivery(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	at := freeAddress(t)
	h := newLocal(t, "providers.email.kind=smtp", "providers.email.host="+sink.Host, fmt.Sprintf("providers.email.port=%d", sink.Port),
		"providers.email.tls=none", "providers.email.from=office@crier.test", "mailbox.kind=smtp", "mailbox.domains=crier.test", "mailbox.listen="+at)
	named := h.publish("to-one", v1.Contact{Email: "citizen@people.test"})
	var sent []emailtest.Message
	eventually(t, busyFor, func() string {
		if sent = sink.Messages(); len(sent) != 1 {
			return fmt.Sprintf("%d mails are sent, want 1", len(sent))
		}
		return ""
	})
	raw, err := os.ReadFile("../../channels/mailbox/report/testdata/bounce-fallback-id.eml")
	if err != nil {
		t.Fatal(err)
	}
	report := strings.ReplaceAll(string(raw), "01KAPX5Z0R8Q3V7W2M4N6P8S9T.7", sent[0].Envelope)
	eventually(t, busyFor, func() string { // 451 while the bridge does not listen yet
		if err := bringMail(at, "", "office@crier.test", report); err != nil {
			return err.Error()
		}
		return ""
	})
	eventually(t, busyFor, func() string {
		d := h.deliveries(named.UMID)[0]
		if d.Status != v1.Failed || d.Reason != v1.DeliveryReasonBounced {
			return fmt.Sprintf("the delivery is %s (%s)", d.Status, d.Reason)
		}
		return ""
	})
	if err := bringMail(at, "a@people.test", "b@elsewhere.test", report); err == nil {
		t.Error("mail for others is taken")
	}
}

func bringMail(at, from, to, text string) error {
	c, err := smtp.Dial(at)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.SendMail(from, []string{to}, strings.NewReader(text))
}

// freeAddress is one on this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// A report of abuse, from whoever, ends the subscription of the person to whom the mail went that it brings back, and
// nothing more is sent there. A bounce that brings the token back tells too that an address is none.
func TestComplaintIsOfWhoGotTheMail(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	at := freeAddress(t)
	h := newLocal(t, "providers.email.kind=smtp", "providers.email.host="+sink.Host, fmt.Sprintf("providers.email.port=%d", sink.Port),
		"providers.email.tls=none", "providers.email.from=office@crier.test", "providers.email.bounceAddress=bounces@crier.test",
		"mailbox.kind=smtp", "mailbox.domains=crier.test", "mailbox.listen="+at)
	admin := client.New(client.Options{Servers: []string{h.API}, Token: client.Static(rooms.NewSecret(h.AdminToken))})
	dpo := client.New(client.Options{Servers: []string{h.API}, Token: client.Static(rooms.NewSecret(h.DPOToken))})
	citizen, other := v1.Contact{Email: "citizen@people.test"}, v1.Contact{Email: "other@people.test"}
	var ids []string
	for _, one := range []v1.Contact{citizen, other} {
		s, err := admin.AddSubscriber(t.Context(), h.Room, v1.Person{Email: one.Email})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ID)
	}
	h.publish("to-all")
	from := map[string]string{}
	eventually(t, busyFor, func() string {
		for _, m := range sink.Messages() {
			from[m.To] = m.From
		}
		if from[citizen.Email] == "" || from[other.Email] == "" {
			return "no mail is sent"
		}
		return ""
	})
	sample := func(name, to string) string {
		raw, err := os.ReadFile("../../channels/mailbox/report/testdata/" + name + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(raw), "citizen@people.test", to)
		return strings.ReplaceAll(text, "bounces+aeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaibaeaqcaib@crier.test", from[to])
	}
	report := sample("complaint", citizen.Email)
	report = strings.ReplaceAll(report, "abusedesk@provider.test", other.Email)
	eventually(t, busyFor, func() string { // 451 while the bridge does not listen yet
		if err := bringMail(at, other.Email, "office@crier.test", report); err != nil {
			return err.Error()
		}
		if s, err := dpo.FindSuppression(t.Context(), citizen); err != nil || s.Reason != "complaint" {
			return fmt.Sprintf("%+v, %v", s, err)
		}
		return ""
	})
	if s, err := dpo.FindSuppression(t.Context(), other); err == nil {
		t.Errorf("who has reported it is cut off: %+v", s)
	}
	if err := bringMail(at, "", from[other.Email], sample("bounce-postfix", other.Email)); err != nil {
		t.Fatal(err)
	}
	if s, err := dpo.FindSuppression(t.Context(), other); err != nil || s.Reason != "no-mailbox" {
		t.Errorf("whose mailbox is not there: %+v, %v", s, err)
	}
	_, gone := admin.Subscriber(t.Context(), h.Room, ids[0])
	if _, err := admin.Subscriber(t.Context(), h.Room, ids[1]); err != nil || gone == nil {
		t.Errorf("of who complained: %v; of who has reported it: %v", gone, err)
	}
}
