package mailbox_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/api/servercert"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/channels/mailbox"
)

// client speaks SMTP with a listener.
func client(t *testing.T, address string) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// bring hands a mail over, and gives the code of the answer.
func bring(t *testing.T, c *smtp.Client, from string, raw []byte, to ...string) string {
	t.Helper()
	err := c.Mail(from, nil)
	for _, one := range to {
		if err == nil {
			err = c.Rcpt(one, nil)
		}
	}
	var data *smtp.DataCommand
	if err == nil {
		data, err = c.Data()
	}
	if err == nil {
		_, _ = data.Write(raw)
		err = data.Close()
	}
	if err != nil {
		_ = c.Reset()
	}
	return codeOf(err)
}

func codeOf(err error) string {
	var answer *smtp.SMTPError
	switch {
	case err == nil:
		return "250"
	case errors.As(err, &answer):
		return fmt.Sprintf("%d %d.%d.%d", answer.Code, answer.EnhancedCode[0], answer.EnhancedCode[1], answer.EnhancedCode[2])
	}
	return err.Error()
}

const person = "citizen@people.test"

func TestMailIsMatched(t *testing.T) {
	for name, tc := range map[string]struct {
		mail, from, to string
		want           string
	}{
		"bounce":                       {"bounce-postfix", "", "bounces+" + token, "failed newborn 7.2/1 no-mailbox 550 5.1.1"},
		"bounce in upper case":         {"bounce-postfix-text", "", "BOUNCES+" + strings.ToUpper(token), "failed newborn 7.2/1 bounced 552 5.2.2"},
		"bounce by what comes back":    {"bounce-qmail", "", "office", "failed newborn 7.2/1 no-mailbox 550 5.1.1"},
		"delivered":                    {"delivered", "", "bounces+" + token, "delivered newborn 7.2/1  2.0.0"},
		"delayed":                      {"delayed-postfix", "", "bounces+" + token, ""},
		"complaint":                    {"complaint", "abusedesk@provider.test", "abuse", "complaint from  to abuse@crier.test: FW: Your certificate|This is an email abuse report for an email message received from IP\n192.0.2.1 on Mon, 23 Nov 2026 00:59:59 +0600.|7.2"},
		"absent":                       {"automatic-vacation", person, "reply+" + token, "automatic from citizen@people.test to reply@crier.test: Re: Your certificate|I am away until Monday.|7.2"},
		"unsubscribe":                  {"stop", person, "unsubscribe+" + token, "stop from citizen@people.test to unsubscribe@crier.test: unsubscribe||7.2"},
		"answer":                       {"reply-below", person, "reply+" + token, "reply from citizen@people.test to reply@crier.test: Re: Your certificate|Wednesday, please.|7.2"},
		"answer to the return path":    {"reply-below", person, "bounces+" + token, "reply from citizen@people.test to bounces@crier.test: Re: Your certificate|Wednesday, please.|7.2"},
		"to a room":                    {"reply-no-header", person, "newborn", "reply from  to newborn@crier.test: |Only words,\nwith a NUL  and \uFFFD.|0.0"},
		"bounce of nobody knows what":  {"bounce-fallback-id", "", "office", "automatic from MAILER-DAEMON@relay.test to office@crier.test: Undelivered Mail Returned to Sender|"},
		"our own mail comes back":      {"automatic-loop", "office@gov.test", "office", "automatic from office@gov.test to office@crier.test: Your certificate|Please come.|0.0"},
		"answer with an id of another": {"reply-plain", person, "office", "reply from citizen@people.test to office@crier.test: Re: Your certificate|Tuesday does not suit me"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
			d.listen(t, l)
			raw := sample(t, tc.mail)
			if tc.to == "office" && tc.mail == "reply-plain" {
				raw = []byte(strings.ReplaceAll(string(raw), token, "xx"))
			}
			c := client(t, address)
			eventually(t, func() string { return wantCode("250", bring(t, c, tc.from, raw, tc.to+"@crier.test")) })
			if got := d.all(); got != tc.want && (tc.want == "" || !strings.HasPrefix(got, tc.want)) {
				t.Errorf("heard %q, want %q", got, tc.want)
			}
		})
	}
}

func wantCode(want, got string) string {
	if got != want {
		return fmt.Sprintf("answered %s, want %s", got, want)
	}
	return ""
}

// Ids that anybody could have written count of messages that one person has got.
func TestUnsignedIDs(t *testing.T) {
	for _, tc := range []struct {
		mode       string
		recipients int
		believed   bool
	}{
		{mailbox.UnsignedSingle, 8, false}, {mailbox.UnsignedAll, 8, true}, {mailbox.UnsignedAll, 7, false},
		{mailbox.UnsignedNone, 8, false}, {mailbox.UnsignedSingle, 1, true}, {mailbox.UnsignedNone, 1, false},
	} {
		d := newDesk(t)
		d.recipients = tc.recipients
		l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP, UnsignedIDs: tc.mode}, d)
		d.listen(t, l)
		raw := sample(t, "bounce-fallback-id")
		if tc.recipients == 1 {
			raw = []byte(strings.ReplaceAll(string(raw), string(umid)+".7", string(umid)+".0"))
		}
		c := client(t, address)
		eventually(t, func() string { return wantCode("250", bring(t, c, "", raw, "office@crier.test")) })
		if got := strings.HasPrefix(d.all(), "failed newborn"); got != tc.believed {
			t.Errorf("%s of %d recipients: %s", tc.mode, tc.recipients, d.all())
		}
	}
}

// A token that is not ours is a token that is not there: the same answer, and somebody looks at the mail.
func TestForgedTokens(t *testing.T) {
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
	d.listen(t, l)
	c := client(t, address)
	for _, to := range []string{"bounces+" + strings.Replace(token, "e", "f", 1), "bounces+", "bounces+x", "bounces", "bounces+" + token[:20]} {
		raw := []byte(strings.ReplaceAll(string(sample(t, "bounce-postfix-text")), token, "xx"))
		eventually(t, func() string { return wantCode("250", bring(t, c, "", raw, to+"@crier.test")) })
	}
	if got := d.all(); strings.Count(got, "automatic from MAILER-DAEMON@relay.test to bounces@crier.test") != 5 || strings.Contains(got, "failed") {
		t.Error(got)
	}
}

// Nothing is confirmed before it is durable, and what is not is asked for again.
func TestNothingIsConfirmedBeforeItIsDurable(t *testing.T) {
	for _, mail := range []string{"bounce-postfix", "reply-plain"} {
		d := newDesk(t)
		l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
		c := client(t, address)
		raw, to := sample(t, mail), "bounces+"+token+"@crier.test"
		if got := bring(t, c, person, raw, to); got != "451 4.3.0" {
			t.Errorf("nobody listens: %s", got)
		}
		stop := d.listen(t, l)
		d.fail(func(string) error { return errors.New("the log is away") })
		if got := bring(t, c, person, raw, to); got != "451 4.3.0" {
			t.Errorf("it failed: %s", got)
		}
		durable, answered := make(chan struct{}), make(chan string, 1)
		d.fail(func(string) error { <-durable; return nil })
		go func() { answered <- bring(t, c, person, raw, to) }()
		select {
		case got := <-answered:
			t.Fatalf("%s before it is durable", got)
		case <-time.After(50 * time.Millisecond):
		}
		close(durable)
		if got := <-answered; got != "250" || d.all() == "" {
			t.Errorf("answered %s, heard %q", got, d.all())
		}
		stop()
		if got := bring(t, c, person, raw, to); got != "451 4.3.0" {
			t.Errorf("nobody listens any more: %s", got)
		}
	}
}

func TestNothingIsRelayed(t *testing.T) {
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP, Domains: []string{"crier.test", "rooms.test"}}, d)
	d.listen(t, l)
	c := client(t, address)
	for to, want := range map[string]string{
		"a@elsewhere.test": "550 5.7.1", "a@sub.crier.test": "550 5.7.1", "a@crier.test.elsewhere.test": "550 5.7.1",
		"a%elsewhere.test@rooms.test": "250", "anybody@CRIER.test": "250",
	} {
		if got := bring(t, c, person, sample(t, "reply-plain"), to); got != want {
			t.Errorf("%s: %s, want %s", to, got, want)
		}
	}
	for range 40 {
		_ = c.Mail(person, nil)
		if err := c.Rcpt("a@elsewhere.test", nil); err != nil && !strings.HasPrefix(codeOf(err), "550") {
			return // it does not listen to that for ever
		}
		_ = c.Reset()
	}
	t.Error("40 refusals on one connection")
}

// Each recipient of LMTP has an answer of his own.
func TestLMTPAnswersForEach(t *testing.T) {
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindLMTP}, d)
	d.listen(t, l)
	d.fail(func(what string) error {
		if strings.Contains(what, "to unlucky@") {
			return errors.New("canary")
		}
		return nil
	})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if err := c.Mail(person, nil); err != nil {
		t.Fatal(err)
	}
	to := []string{"reply+" + token + "@crier.test", "unlucky@crier.test", "newborn@crier.test"}
	for _, one := range to {
		if err := c.Rcpt(one, nil); err != nil {
			t.Fatal(err)
		}
	}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = data.Write(sample(t, "reply-below"))
	_, err = data.CloseWithLMTPResponse()
	var answers smtp.LMTPDataError
	if !errors.As(err, &answers) || len(answers) != 1 || codeOf(answers[to[1]]) != "451 4.3.0" {
		t.Errorf("answers %v, want one of 451 for the second recipient", err)
	}
	if got := d.all(); strings.Count(got, "reply from") != 2 {
		t.Error(got)
	}
}

func TestSTARTTLS(t *testing.T) {
	d := newDesk(t)
	certificate := emailtest.NewCertificate(t, "mx.crier.test")
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP, TLS: servercert.Files{CertFile: certificate.File, KeyFile: certificate.KeyFile}}, d)
	d.listen(t, l)
	c, err := smtp.DialStartTLS(address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // its name is looked at below
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	eventually(t, func() string {
		return wantCode("250", bring(t, c, person, sample(t, "reply-plain"), "newborn@crier.test"))
	})
	state, _ := c.TLSConnectionState()
	if err := state.PeerCertificates[0].VerifyHostname("mx.crier.test"); err != nil {
		t.Error(err)
	}
}

func TestLimits(t *testing.T) {
	o := mailbox.Options{
		Kind: mailbox.KindSMTP, MaxMessageBytes: 64 << 10, MaxRecipients: 5, MaxConnections: 4, MaxConnectionsPerSource: 2, MailsPerMinute: 6,
		ReadTimeout: 300 * time.Millisecond, SessionTimeout: 2 * time.Second,
	}
	d := newDesk(t)
	l, address := server(t, o, d)
	d.listen(t, l)
	c := client(t, address)
	eventually(t, func() string {
		return wantCode("250", bring(t, c, person, sample(t, "reply-plain"), "newborn@crier.test"))
	})

	if got := bring(t, c, person, make([]byte, 65<<10), "newborn@crier.test"); got != "552 5.3.4" {
		t.Errorf("a mail that is too big: %s", got)
	}
	many := strings.Split(strings.Repeat("newborn@crier.test ", 10_000), " ")[:10_000]
	if got := bring(t, c, person, sample(t, "reply-plain"), many...); got != "452 4.5.3" {
		t.Errorf("10,000 recipients: %s", got)
	}
	other := client(t, address)
	_ = other.Hello("other.test")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if line, _ := bufio.NewReader(conn).ReadString('\n'); !strings.HasPrefix(line, "421 4.7.0 ") {
		t.Errorf("a third connection of one source: %q", line)
	}
	conn.Close()
	last := ""
	for range 20 {
		if last = bring(t, c, person, sample(t, "reply-plain"), "newborn@crier.test"); last != "250" {
			break
		}
	}
	if last != "450 4.7.1" {
		t.Errorf("a flood: %s", last)
	}
}

// Who says a letter now and then holds nobody up for long.
func TestSlowSendersAreCut(t *testing.T) {
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP, ReadTimeout: 200 * time.Millisecond, SessionTimeout: time.Second}, d)
	d.listen(t, l)
	for name, slowly := range map[string]string{"commands": "NOOP\r\n", "content": "x"} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if name == "content" {
			fmt.Fprint(conn, "HELO slow.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<a@crier.test>\r\nDATA\r\n")
		}
		ended := make(chan struct{})
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			close(ended)
		}()
		tick, enough := time.NewTicker(20*time.Millisecond), time.After(5*time.Second)
	writing:
		for {
			select {
			case <-tick.C:
				_, _ = conn.Write([]byte(slowly))
			case <-ended:
				break writing
			case <-enough:
				t.Errorf("%s: still connected", name)
				break writing
			}
		}
		tick.Stop()
		conn.Close()
	}
	if d.all() != "" {
		t.Errorf("half a mail was taken: %s", d.all())
	}
}

func TestMailIsCounted(t *testing.T) {
	d := newDesk(t)
	l, address := server(t, mailbox.Options{Kind: mailbox.KindSMTP}, d)
	d.listen(t, l)
	c := client(t, address)
	for _, name := range []string{"bounce-postfix", "delayed-postfix", "reply-gmail"} {
		eventually(t, func() string {
			return wantCode("250", bring(t, c, person, sample(t, name), "bounces+"+token+"@crier.test"))
		})
	}
	var out strings.Builder
	d.metrics.WritePrometheus(&out)
	for _, want := range []string{
		`crier_mailbox_mails_total{kind="bounced",outcome="matched"} 1`, `crier_mailbox_mails_total{kind="delayed",outcome="ignored"} 1`,
		`crier_mailbox_attachments_dropped_total 2`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is missing:\n%s", want, &out)
		}
	}
}
