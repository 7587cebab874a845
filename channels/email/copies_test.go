package email_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// copied is a delivery with one copy that is seen and two that are not.
func copied(t *testing.T, attempt int) rooms.Delivery {
	t.Helper()
	d := delivery(t, 7, "citizen@people.test")
	d.Attempt = attempt
	d.To.Copies = []rooms.Copy{{Address: address(t, "open@people.test")},
		{Address: address(t, "blind@people.test"), Blind: true}, {Address: address(t, "hidden@people.test"), Blind: true}}
	return d
}

// One message in one transaction; of the blind copies no byte of it knows, and no bounce of a copy is asked for.
func TestCopies(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	o := to(sink)
	o.Notify = []string{"failure"}
	mustSend(t, provider(t, o), copied(t, 1))
	all := sink.Messages()
	if len(all) != 1 || all[0].To != "citizen@people.test" || !slices.Equal(namesOf(all[0]), []string{"open@people.test", "blind@people.test", "hidden@people.test"}) {
		t.Fatalf("%d messages, the first to %s and %v", len(all), all[0].To, all[0].Copies)
	}
	for _, c := range all[0].Copies {
		if !slices.Equal(c.Notify, []smtp.DSNNotify{smtp.DSNNotifyNever}) {
			t.Errorf("%s: NOTIFY=%v", c.To, c.Notify)
		}
	}
	wantHeader(t, all[0].Body)
}

func wantHeader(t *testing.T, raw []byte) {
	t.Helper()
	h, _ := parse(t, raw)
	cc, err := h.AddressList("Cc")
	if err != nil || len(cc) != 1 || cc[0].Address != "open@people.test" || h.Has("Bcc") {
		t.Errorf("Cc %+v, %v", cc, err)
	}
	if bytes.Contains(raw, []byte("blind@")) || bytes.Contains(raw, []byte("hidden@")) {
		t.Errorf("a blind copy is named:\n%s", raw)
	}
}

func namesOf(m emailtest.Message) (names []string) {
	for _, c := range m.Copies {
		names = append(names, c.To)
	}
	return names
}

// What becomes of an e-mail of which one recipient is refused.
func TestRefusedCopies(t *testing.T) {
	for _, tc := range []struct {
		name, refused, reply string
		attempt              int
		want                 channels.Result
		code                 string
		copies               string
	}{
		{"a copy for good", "open@people.test", "550 5.1.1 no such user", 1, channels.Sent, "", "blind@people.test hidden@people.test"},
		{"a blind one for good", "blind@people.test", "550 5.7.1 no", 1, channels.Sent, "", "open@people.test hidden@people.test"},
		{"a copy for now, at first", "hidden@people.test", "451 4.2.0 later", 1, channels.Deferred, "451 4.2.0", ""},
		{"a copy for now, again", "hidden@people.test", "451 4.2.0 later", 2, channels.Sent, "", "open@people.test blind@people.test"},
		{"whom it is to", "citizen@people.test", "550 5.1.1 no such user", 1, channels.Rejected, "550 5.1.1", ""},
		{"whom it is to, for now", "citizen@people.test", "451 4.2.0 later", 2, channels.Deferred, "451 4.2.0", ""},
		{"all, as the relay closes", "blind@people.test", "421 4.3.2 closing", 2, channels.Deferred, "421 4.3.2", ""},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		sink.On(tc.refused, emailtest.Rcpt, emailtest.Reply(tc.reply))
		p := provider(t, to(sink))
		got := send(t, p, copied(t, tc.attempt))
		if got.Result != tc.want || got.Code != tc.code {
			t.Errorf("%s: %+v", tc.name, got)
		}
		all := sink.Messages()
		if len(all) != map[bool]int{true: 1}[tc.want == channels.Sent] {
			t.Errorf("%s: %d messages", tc.name, len(all))
		} else if len(all) == 1 && strings.Join(namesOf(all[0]), " ") != tc.copies {
			t.Errorf("%s: copies to %v", tc.name, namesOf(all[0]))
		}
		mustSend(t, p, delivery(t, 8, "other@people.test")) // the connection, or another, is good for the next
	}
}

// A real Postfix takes the one message for all of them, and shows the blind copies to nobody.
func TestCopiesThroughPostfix(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	mustSend(t, provider(t, options(postfix.Host, postfix.Port)), copied(t, 1))
	var got []string
	eventually(t, func() string {
		got = nil
		for _, m := range sink.Messages() {
			got = append(append(got, m.To), namesOf(m)...)
		}
		if len(got) < 4 {
			return "not all of them behind Postfix:\n" + postfix.Log()
		}
		return ""
	})
	slices.Sort(got)
	if want := []string{"blind@people.test", "citizen@people.test", "hidden@people.test", "open@people.test"}; !slices.Equal(got, want) {
		t.Errorf("behind Postfix for %v, want each once", got)
	}
	for _, m := range sink.Messages() {
		wantHeader(t, m.Body)
	}
}

// Who writes stands beside the organisation, and answers go where the sender says, also where others would come to us.
func TestNameAndReplyTo(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	d := delivery(t, 7, "citizen@people.test")
	d.Sender = rooms.Sender{Organisation: "Ministry of Health", Email: address(t, "noreply@health.test"),
		Name: rooms.NewBody("Dr. A\r\nBcc: victim@people.test"), ReplyTo: address(t, "desk@health.test")}
	o := to(sink)
	o.ReplyAddress, d.Token = "reply@crier.test", "abc"
	mustSend(t, provider(t, o), d)
	h, _ := parse(t, sink.Messages()[0].Body)
	from, _ := h.AddressList("From")
	answers, _ := h.AddressList("Reply-To")
	if len(from) != 1 || from[0].Name != "Dr. A Bcc: victim@people.test (Ministry of Health)" || from[0].Address != "noreply@health.test" {
		t.Errorf("From %+v", from)
	}
	if len(answers) != 1 || answers[0].Address != "desk@health.test" || h.Has("Bcc") {
		t.Errorf("Reply-To %+v", answers)
	}
}
