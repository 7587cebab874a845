package main

import (
	"bytes"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
	"github.com/govcrier/crier/rooms"
)

// correspondents are people behind a real mail server and an SMS centre, who are written to and write.
type correspondents struct {
	*stand
	people  *emailtest.Sink // where their mail arrives
	postfix *emailtest.Postfix
	centre  *smpptest.Centre
	told    *application
}

const (
	clinicNumber = "4404"
	clinicMail   = "clinic@crier.test"
	clinicThanks = "Thank you, the clinic has your message."
	outOfOffice  = "Auto-Submitted: auto-replied\r\n"
)

// newCorrespondents has mail go out by a Postfix, which brings what is for crier.test by LMTP, and texts by SMPP.
func newCorrespondents(t *testing.T) *correspondents {
	t.Helper()
	c := &correspondents{people: emailtest.StartSink(t, emailtest.SinkOptions{NoDSN: true}), centre: smpptest.Start(t, smpptest.Options{}), told: startApplication(t)}
	c.people.On("gone@people.test", emailtest.Rcpt, emailtest.Reply("550 5.1.1 no such citizen"))
	c.people.On("full@people.test", emailtest.Rcpt, emailtest.Reply("552 5.2.2 mailbox full"))
	at := freeAddress(t)
	c.postfix = emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: c.people.Address(), Transports: map[string]string{"crier.test": "lmtp:inet:" + at}})
	c.stand = newStand(t, []string{
		"providers.email.kind=smtp", "providers.email.host=" + c.postfix.Host, fmt.Sprintf("providers.email.port=%d", c.postfix.Port), "providers.email.tls=none",
		"providers.email.from=office@crier.test", "providers.email.bounceAddress=bounces@crier.test", "providers.email.replyAddress=reply@crier.test",
		"providers.email.unsubscribeAddress=leave@crier.test", "mailbox.unsubscribe=leave", "mailbox.kind=lmtp", "mailbox.domains=crier.test", "mailbox.listen=" + at,
		"providers.sms.kind=smpp", "providers.sms.host=127.0.0.1", fmt.Sprintf("providers.sms.port=%d", c.centre.Port()),
		"providers.sms.systemId=crier", "providers.sms.from=" + clinicNumber, "policy.retry=1s",
	}, nil)
	room := rooms.RoomConfig{
		Name: "clinic", Title: "The clinic", Inbox: rooms.Inbox{Addresses: []string{clinicNumber, clinicMail}, Confirm: clinicThanks},
		Admins: []rooms.Client{demoAdmin}, Publishers: []rooms.Publisher{{Client: demoPublisher, Direct: true}},
	}
	if _, err := c.know.rooms.Create(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	if _, err := c.as(c.token(demoPublisher)).SetCallback(t.Context(), c.told.URL); err != nil {
		t.Fatal(err)
	}
	return c
}

// tell publishes to named people, or to the subscribers.
func (c *correspondents) tell(text string, to ...v1.Recipient) (umid string) {
	c.t.Helper()
	return c.publish("clinic", v1.Publish{TransactionID: text, Content: v1.Content{Subject: "The clinic", Text: text}, Recipients: to}).UMID
}

// letter waits for a mail with a text to somebody.
func (c *correspondents) letter(to, text string) (m *mail.Message) {
	c.t.Helper()
	await(c.t, busyFor, func() string {
		for _, one := range c.people.Messages() {
			if one.To == to && bytes.Contains(one.Body, []byte(text)) {
				m, _ = mail.ReadMessage(bytes.NewReader(one.Body))
				return ""
			}
		}
		return fmt.Sprintf("no mail to %s says %q\n%s", to, text, c.postfix.Log())
	})
	return m
}

// writes brings a mail of a person to the mail server.
func (c *correspondents) writes(from, to, header, text string) {
	c.t.Helper()
	whole := fmt.Sprintf("From: <%s>\r\nTo: <%s>\r\nMessage-ID: <%d@people.test>\r\nSubject: Re: The clinic\r\n%s\r\n%s\r\n", from, to, time.Now().UnixNano(), header, text)
	if err := bringMail(net.JoinHostPort(c.postfix.Host, fmt.Sprint(c.postfix.Port)), from, to, whole); err != nil {
		c.t.Fatal(err)
	}
}

// text waits for an SMS with a text to a number, and gives it.
func (c *correspondents) text(to, text string) (m pdu.Message) {
	c.t.Helper()
	await(c.t, busyFor, func() string {
		for _, m = range c.centre.Submitted() {
			if "+"+m.Dest.Text == to && string(m.Short) == text {
				return ""
			}
		}
		return fmt.Sprintf("no text to %s says %q", to, text)
	})
	return m
}

// texts brings a text of a person to crier.
func (c *correspondents) texts(from string, to pdu.Address, text string) {
	c.t.Helper()
	m := pdu.Message{Source: pdu.Address{TON: 1, NPI: 1, Text: strings.TrimPrefix(from, "+")}, Dest: to, Short: []byte(text)}
	if status, err := c.centre.Deliver(m, 10*time.Second); err != nil || status != pdu.OK {
		c.t.Fatalf("%q is answered %v, %v", text, status, err)
	}
}

// kept waits until exactly these lie in the room, and gives their ids by what they say.
func (c *correspondents) kept(client string, want ...string) (ids map[string]string) {
	c.t.Helper()
	slices.Sort(want)
	await(c.t, busyFor, func() string {
		ids = map[string]string{}
		for r, err := range c.as(c.token(client)).Replies(c.t.Context(), "clinic") {
			if err != nil {
				return err.Error()
			}
			ids[fmt.Sprintf("%s %s: %s (%s)", r.Channel, r.From, r.Text, r.UMID)] = r.ID
		}
		if got := slices.Sorted(maps.Keys(ids)); !slices.Equal(got, want) {
			return fmt.Sprintf("%s finds %q, want %q", client, got, want)
		}
		return ""
	})
	return ids
}

// hears waits until so much that came by mail, or by SMS, has been dealt with in a way.
func (c *correspondents) hears(channel, result string, want uint64) {
	c.t.Helper()
	await(c.t, busyFor, func() string {
		counter := c.app.metrics.GetOrCreateCounter(fmt.Sprintf(`crier_inbound_total{channel=%q,result=%q}`, channel, result))
		if got := counter.Get(); got != want {
			return fmt.Sprintf("%d by %s were %s, want %d", got, channel, result, want)
		}
		return ""
	})
}

// People answer by mail and by SMS what they were sent, and write of their own accord: the publisher has what answers him,
// with the message it answers, and the room the rest. Who is away is not answered; who says STOP is written to no more, on
// any channel; and a mailbox that is gone fails its delivery. All of it goes through a real mail server and an SMS centre.
func TestPeopleAnswer(t *testing.T) {
	c := newCorrespondents(t)
	const aida, bakyt, dinah, emil = "aida@people.test", "+996555000111", "dinah@people.test", "emil@people.test"
	person := v1.Person{Phone: bakyt, Email: "bakyt@people.test", Channels: []v1.Channel{v1.SMS, v1.Email}}
	if _, err := c.as(c.token(demoAdmin)).AddSubscriber(t.Context(), "clinic", person); err != nil {
		t.Fatal(err)
	}

	byMail, bySMS := c.tell("Come on Monday.", v1.Recipient{Email: aida}, v1.Recipient{Email: dinah}), c.tell("Come on Tuesday.")
	away := strings.Trim(c.letter(dinah, "Come on Monday.").Header.Get("Reply-To"), "<>")
	c.writes(dinah, away, outOfOffice, "I am on holiday.")
	c.hears("email", "automatic", 1)
	answerTo := strings.Trim(c.letter(aida, "Come on Monday.").Header.Get("Reply-To"), "<>")
	number := c.text(bakyt, "Come on Tuesday.").Source
	c.writes(aida, answerTo, "", "May I come later?\r\n\r\n> Come on Monday.")
	c.texts(bakyt, number, "I cannot stop by, sorry")
	c.writes(emil, clinicMail, "", "When are you open?")
	c.texts("+996555000222", number, "Is the clinic open?")
	mine := []string{"email " + aida + ": May I come later? (" + byMail + ")", "sms " + bakyt + ": I cannot stop by, sorry (" + bySMS + ")"}
	ids := c.kept(demoPublisher, mine...)
	c.kept(demoAdmin, append(mine, "email "+emil+": When are you open? ()", "sms +996555000222: Is the clinic open? ()")...)
	c.letter(aida, clinicThanks)
	c.letter(emil, clinicThanks)
	c.text(bakyt, clinicThanks)
	c.text("+996555000222", clinicThanks)
	c.repliesAreTold(map[string]string{ids[mine[0]]: byMail, ids[mine[1]]: bySMS})
	for _, id := range ids {
		if err := c.as(c.token(demoPublisher)).TakeReply(t.Context(), "clinic", id); err != nil {
			t.Error(err)
		}
	}
	c.kept(demoPublisher)

	c.stops(bakyt, number)
	c.writes(dinah, strings.Replace(away, "reply+", "leave+", 1), "", "")
	c.hears("email", "stop", 1)
	c.ends(c.tell("Come on Sunday.", v1.Recipient{Email: dinah}), "failed suppressed")
	c.leavesByMail("fatima@people.test")
	c.bounces()
	for _, m := range c.people.Messages() {
		if m.To == dinah && bytes.Contains(m.Body, []byte(clinicThanks)) || m.To == person.Email {
			t.Errorf("%s is written to:\n%s", m.To, m.Body)
		}
	}
	for _, secret := range []string{"people.test", "99655500", "later", "holiday", "Monday"} {
		if strings.Contains(c.log.String(), secret) {
			t.Errorf("%q stands in the log", secret)
		}
	}
}

// leavesByMail has somebody subscribe, and end that from the mail program, which writes where a message says.
func (c *correspondents) leavesByMail(person string) {
	c.t.Helper()
	admin := c.as(c.token(demoAdmin))
	s, err := admin.AddSubscriber(c.t.Context(), "clinic", v1.Person{Email: person})
	if err != nil {
		c.t.Fatal(err)
	}
	c.tell("To all who have subscribed.")
	way := c.letter(person, "To all who have subscribed.").Header.Get("List-Unsubscribe")
	_, address, found := strings.Cut(strings.TrimSuffix(way, ">"), ", <mailto:")
	if !found || !strings.HasPrefix(address, "leave+") {
		c.t.Fatalf("List-Unsubscribe: %s", way)
	}
	c.writes(person, address, "", "")
	await(c.t, busyFor, func() string {
		if _, err := admin.Subscriber(c.t.Context(), "clinic", s.ID); err == nil {
			return "the subscription has not ended"
		}
		return ""
	})
}

// repliesAreTold waits until the publisher's application has been told of replies to messages, by ids alone.
func (c *correspondents) repliesAreTold(want map[string]string) {
	c.t.Helper()
	await(c.t, busyFor, func() string {
		told := map[string]string{}
		for _, call := range c.told.got() {
			var e struct {
				Type string                             `json:"type"`
				Data struct{ Room, UMID, Reply string } `json:"data"`
			}
			if err := json.Unmarshal(call.body, &e, json.MatchCaseInsensitiveNames(true)); err != nil {
				return err.Error()
			}
			if e.Type == "org.crier.message.replied" && e.Data.Room == "clinic" {
				told[e.Data.Reply] = e.Data.UMID
			}
			for _, secret := range []string{"later", "stop by", "people.test", "99655500"} {
				if bytes.Contains(call.body, []byte(secret)) {
					c.t.Fatalf("%q is told: %s", secret, call.body)
				}
			}
		}
		if !maps.Equal(told, want) {
			return fmt.Sprintf("told of %v, want %v", told, want)
		}
		return ""
	})
}

// stops has a subscriber end it by SMS, while a message to him is paused between two attempts.
func (c *correspondents) stops(number string, to pdu.Address) {
	c.t.Helper()
	dest := strings.TrimPrefix(number, "+")
	c.centre.On(dest, smpptest.Rule{Status: pdu.QueueFull})
	waits := c.tell("Come on Wednesday.")
	await(c.t, busyFor, func() string {
		if _, all := c.message(waits); len(all) != 1 || all[0].Status != v1.Errored {
			return fmt.Sprintf("%+v", all)
		}
		return ""
	})
	publisher := c.as(c.token(demoPublisher))
	if _, err := publisher.PauseMessage(c.t.Context(), waits); err != nil {
		c.t.Fatal(err)
	}
	c.texts(number, to, "STOP")
	c.hears("sms", "stop", 1)
	c.centre.On(dest, smpptest.Rule{})
	before := len(c.centre.Submitted())
	if _, err := publisher.ResumeMessage(c.t.Context(), waits); err != nil {
		c.t.Fatal(err)
	}
	c.ends(waits, "failed suppressed")
	next := c.tell("Come on Thursday.")
	await(c.t, busyFor, func() string {
		if m, all := c.message(next); m.FinishedAt == nil || len(all) > 0 {
			return fmt.Sprintf("%+v %+v", m, all)
		}
		return ""
	})
	if now := len(c.centre.Submitted()); now != before {
		c.t.Errorf("%d texts have gone to who has left", now-before)
	}
}

// reports wants it not to be believed that a delivery has shown of somebody else that his address does not exist.
func (c *correspondents) reports(umid, other string) {
	c.t.Helper()
	address, err := rooms.ParseEmail(other)
	e := rooms.Endpoint{Channel: rooms.Email, Address: address}
	if err == nil {
		a := rooms.AttemptID{DeliveryID: rooms.DeliveryID{UMID: rooms.UMID(umid)}, Attempt: 1}
		err = suppressions{c.know.suppressions, c.know}.Returned(c.t.Context(), a, "clinic", e)
	}
	if err != nil || c.know.suppressions.Holds(e) {
		c.t.Errorf("whoever reports on his own mail ends that of others: %v", err)
	}
}

// bounces wants reports of the mail server to fail their deliveries, and no more to be sent to an address that does not exist.
func (c *correspondents) bounces() {
	c.t.Helper()
	gone := v1.Recipient{Email: "gone@people.test"}
	friday := c.tell("Come on Friday.", gone)
	c.ends(friday, "failed no-mailbox")
	c.reports(friday, "aida@people.test")
	c.ends(c.tell("Come on Friday, please.", gone), "failed suppressed")
	c.ends(c.tell("Come on Saturday.", v1.Recipient{Email: "full@people.test"}), "failed bounced")
}
