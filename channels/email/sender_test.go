package email_test

import (
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// Whom a mail is from, where its bounces go, and whom answers reach.
func TestSenderOfMail(t *testing.T) {
	own := rooms.Sender{Organisation: "Саламаттык сактоо министрлиги", Email: address(t, "noreply@health.test"), SMS: "HEALTH"}
	for _, tc := range []struct {
		name                        string
		from                        rooms.Sender
		returns                     bool
		wantFrom, wantName, replyTo string
		path                        string
	}{
		{"nobody's", rooms.Sender{}, false, "office@gov.test", "Бюро регистрации", "desk@gov.test", "office@gov.test"},
		{"a client's", own, false, "noreply@health.test", own.Organisation, "", "office@gov.test"},
		{"a client's, with its bounces", own, true, "noreply@health.test", own.Organisation, "", "noreply@health.test"},
		{"an organisation's without address", rooms.Sender{Organisation: "Health"}, true, "office@gov.test", "Health", "desk@gov.test", "office@gov.test"},
		{"a smuggler's", rooms.Sender{Organisation: "Health\r\nBcc: victim@people.test\r\n\r\nx", Email: own.Email}, false,
			"noreply@health.test", "Health Bcc: victim@people.test x", "", "office@gov.test"},
		{"a quoting one's", rooms.Sender{Organisation: `Tax" <minister@gov.test>, "`, Email: own.Email}, false, "noreply@health.test", `Tax" <minister@gov.test>, "`, "", "office@gov.test"},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		d := delivery(t, 7, "citizen@people.test")
		d.Sender = tc.from
		o := to(sink)
		o.ReplyTo, o.SenderReturnPath = "desk@gov.test", tc.returns
		mustSend(t, provider(t, o), d)
		m := sink.Messages()[0]
		h, _ := parse(t, m.Body)
		from, err := h.AddressList("From")
		if err != nil || len(from) != 1 || from[0].Address != tc.wantFrom || from[0].Name != tc.wantName {
			t.Errorf("%s: from %+v, %v", tc.name, from, err)
		}
		reply, _ := h.AddressList("Reply-To")
		if tc.replyTo == "" && len(reply) > 0 || tc.replyTo != "" && (len(reply) != 1 || reply[0].Address != tc.replyTo) {
			t.Errorf("%s: answers to %+v", tc.name, reply)
		}
		if m.From != tc.path || h.Has("Bcc") || strings.Contains(string(m.Body), "victim@people.test>") {
			t.Errorf("%s: bounces to %s\n%s", tc.name, m.From, m.Body)
		}
	}
}
