package mailbox_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/channels/mailbox"
)

// A real mail server gives up on a mail, and brings its report: over LMTP, and over SMTP. It knows whose mail it was by the
// return path, or by the envelope id alone.
func TestPostfixBounces(t *testing.T) {
	t.Parallel()
	sink := emailtest.StartSink(t, emailtest.SinkOptions{NoDSN: true})
	sink.On(person, emailtest.Rcpt, emailtest.Reply("550 5.1.1 <citizen@people.test>: no such citizen"))
	sink.On("full@people.test", emailtest.Rcpt, emailtest.Reply("552 5.2.2 mailbox full"))
	d := newDesk(t)
	d.recipients = 1
	overSMTP, smtpAt := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
	overLMTP, lmtpAt := server(t, mailbox.Options{Kind: mailbox.KindLMTP, Domains: []string{"lmtp.test"}}, d)
	d.listen(t, overSMTP)
	d.listen(t, overLMTP)
	postfix := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address(), Transports: map[string]string{
		"crier.test": "smtp:" + bracketed(smtpAt), "lmtp.test": "lmtp:inet:" + lmtpAt,
	}})
	send := func(from, to, envelope, text string) {
		c := client(t, net.JoinHostPort(postfix.Host, fmt.Sprint(postfix.Port)))
		if err := c.Mail(from, &smtp.MailOptions{Return: smtp.DSNReturnHeaders, EnvelopeID: envelope}); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt(to, nil); err != nil {
			t.Fatal(err)
		}
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(data, text)
		if err := data.Close(); err != nil {
			t.Fatal(err)
		}
	}
	plain := "From: office@gov.test\r\nTo: citizen@people.test\r\nSubject: Your certificate\r\n\r\nPlease come.\r\n"
	send("bounces+"+token+"@crier.test", person, string(umid)+".7", plain)
	send("bounces+"+token+"@lmtp.test", "full@people.test", string(umid)+".7", plain)
	send("office@lmtp.test", person, string(umid)+".0", plain)
	send(person, "reply+"+token+"@lmtp.test", "", strings.Replace(plain, "Please come.", "Wednesday, please.", 1))
	for _, want := range []string{
		"failed newborn 7.2/1 no-mailbox 550 5.1.1", "failed newborn 7.2/1 bounced 552 5.2.2", "failed newborn 0.3/0 no-mailbox 550 5.1.1",
		"reply from office@gov.test to reply@lmtp.test: Your certificate|Wednesday, please.|7.2",
	} {
		eventually(t, func() string {
			if got := d.all(); !strings.Contains(got, want) {
				return fmt.Sprintf("heard %q, want %q\n%s", got, want, postfix.Log())
			}
			return ""
		})
	}
}

func bracketed(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf("[%s]:%s", host, port)
}

// What another client sends, which is not always what it should be.
func TestOddSenders(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
	d.listen(t, l)
	eventually(t, func() string {
		return wantCode("250", bring(t, client(t, address), person, sample(t, "reply-plain"), "newborn@crier.test"))
	})
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no header at all":   {[]string{"--from", person, "--data", "\\n\\nonly words"}, "|only words|"},
		"bytes of no text":   {[]string{"--from", person, "--data", "Subject: \xff\xfe\\n\\n\xf0\x28\x8c"}, "|\uFFFD(\uFFFD|"},
		"null return path":   {[]string{"--from", "<>", "--data", "Subject: hello\\n\\nI am a machine"}, "automatic from  to newborn@crier.test: hello|I am a machine|"},
		"an attachment":      {[]string{"--from", person, "--body", "with a file", "--attach", "@/etc/hostname", "--header", "Subject: file"}, "file|with a file|"},
		"in one line breaks": {[]string{"--from", person, "--data", "Subject: long\\n\\n" + strings.Repeat("long ", 5000)}, "long|" + strings.Repeat("long ", 4999) + "long|"},
		"no EHLO":            {[]string{"--from", person, "--protocol", "SMTP", "--data", "Subject: old\\n\\nold"}, "old|old|"},
	} {
		args := append([]string{"--server", address, "--to", "newborn@crier.test", "--hide-all"}, tc.args...)
		if out, err := exec.CommandContext(context.Background(), "swaks", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if got := d.all(); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %.300q is not among what was heard: %.1000s", name, tc.want, got)
		}
	}
}
