package email_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// token is as long as one can be.
const token = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx"

// Where bounces and answers go: by the token to us, if there are addresses for it.
func TestTokensInAddresses(t *testing.T) {
	own := rooms.Sender{Organisation: "Health", Email: address(t, "noreply@health.test")}
	for _, tc := range []struct {
		name, token           string
		from                  rooms.Sender
		returns               bool
		wantPath, wantAnswers string
	}{
		{"with a token", token, rooms.Sender{}, false, "bounces+" + token + "@crier.test", "reply+" + token + "@crier.test"},
		{"without", "", rooms.Sender{}, false, "bounces@crier.test", "reply@crier.test"},
		{"of a client", token, own, false, "bounces+" + token + "@crier.test", "reply+" + token + "@crier.test"},
		{"of a client who wants his bounces", token, own, true, "noreply@health.test", "reply+" + token + "@crier.test"},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		o := to(sink)
		o.BounceAddress, o.ReplyAddress, o.SenderReturnPath = "bounces@crier.test", "reply@crier.test", tc.returns
		d := delivery(t, 7, "citizen@people.test")
		d.Token, d.Sender = tc.token, tc.from
		mustSend(t, provider(t, o), d)
		m := sink.Messages()[0]
		h, _ := parse(t, m.Body)
		answers, err := h.AddressList("Reply-To")
		if err != nil || m.From != tc.wantPath || len(answers) != 1 || answers[0].Address != tc.wantAnswers {
			t.Errorf("%s: bounces go to %s, answers to %v (%v); want %s and %s", tc.name, m.From, answers, err, tc.wantPath, tc.wantAnswers)
		}
	}
}

// What the relay is asked to tell, where it offers that; elsewhere it is not bothered.
func TestReceiptsAreAskedFor(t *testing.T) {
	for _, tc := range []struct {
		notify  []string
		offered bool
		to      string
		want    []smtp.DSNNotify
	}{
		{nil, true, "citizen@people.test", []smtp.DSNNotify{"FAILURE", "DELAY"}},
		{[]string{"success", "failure"}, true, "citizen+x@people.test", []smtp.DSNNotify{"SUCCESS", "FAILURE"}},
		{[]string{"never"}, true, "citizen@people.test", []smtp.DSNNotify{"NEVER"}},
		{nil, true, "айзада@people.test", []smtp.DSNNotify{"FAILURE", "DELAY"}},
		{nil, false, "citizen@people.test", nil},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{NoDSN: !tc.offered})
		o := to(sink)
		o.Notify = tc.notify
		mustSend(t, provider(t, o), delivery(t, 7, tc.to))
		m := sink.Messages()[0]
		original, envelope := tc.to, string(umid)+".7"
		if !tc.offered {
			original, envelope = "", ""
			if wire := string(sink.Wire()); strings.Contains(wire, "ORCPT") || strings.Contains(wire, "ENVID") || strings.Contains(wire, "NOTIFY") {
				t.Errorf("receipts were asked for of a relay that has none:\n%s", wire)
			}
		}
		if !slices.Equal(m.Notify, tc.want) || m.Original != original || m.Envelope != envelope {
			t.Errorf("%v: notify %v, original recipient %q, envelope %q", tc, m.Notify, m.Original, m.Envelope)
		}
	}
}

// A mailbox that is not there behind the relay: the relay's own report comes to the delivery's address, with all it takes
// to know it again.
func TestBounceComesBack(t *testing.T) {
	t.Parallel()
	sink := emailtest.StartSink(t, emailtest.SinkOptions{NoDSN: true})
	sink.On("gone@people.test", emailtest.Rcpt, emailtest.Reply("550 5.1.1 no such user"))
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	o := options(postfix.Host, postfix.Port)
	o.BounceAddress = "bounces@crier.test"
	d := delivery(t, 7, "gone@people.test")
	d.Token = token
	mustSend(t, provider(t, o), d)
	report := wantMessages(t, sink, postfix, 1)[0]
	if report.To != "bounces+"+token+"@crier.test" || report.From != "" {
		t.Errorf("from %q to %q", report.From, report.To)
	}
	for _, want := range []string{
		"Original-Envelope-Id: " + string(umid) + ".7", "Original-Recipient: RFC822;gone@people.test", "Status: 5.1.1",
		fmt.Sprintf("Message-ID: <%s.7@gov.test>", umid),
	} {
		if !strings.Contains(string(report.Body), want) {
			t.Errorf("the report does not say %q:\n%s", want, report.Body)
		}
	}
}

// What the next relay does to Postfix later is no affair of the delivery, which Postfix has taken.
func TestTroubleBehindTheRelay(t *testing.T) {
	t.Parallel()
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	people := map[string]emailtest.Do{
		"greylisted@people.test": emailtest.Reply("451 4.7.1 try again in 300 seconds"),
		"dropped@people.test":    emailtest.Drop(),
		"hanging@people.test":    emailtest.Hang(),
		"refused@people.test":    emailtest.Reply("554 5.7.1 policy"),
	}
	for to, do := range people {
		sink.On(to, emailtest.Rcpt, do)
	}
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	p := provider(t, options(postfix.Host, postfix.Port))
	n := 0
	for to := range people {
		n++
		if o := mustSend(t, p, delivery(t, n, to)); o.ProviderID == "" || o.Code != "" {
			t.Errorf("%s: outcome %+v", to, o)
		}
	}
	mustSend(t, p, delivery(t, 9, "citizen@people.test"))
	// The others wait in Postfix; the refused one comes back as a bounce, to the sender.
	eventually(t, func() string {
		arrived := map[string]int{}
		for _, m := range sink.Messages() {
			arrived[m.To]++
		}
		if len(arrived) != 2 || arrived["citizen@people.test"] != 1 || arrived["office@gov.test"] != 1 {
			return fmt.Sprintf("arrived: %v\n%s", arrived, postfix.Log())
		}
		return ""
	})
}
