package email_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

func deferred(reason rooms.Reason, code string, after time.Duration) channels.Outcome {
	return channels.Outcome{Result: channels.Deferred, Reason: reason, Code: code, After: after}
}

func throttled(code string, after time.Duration) channels.Outcome {
	return channels.Outcome{Result: channels.Throttled, Reason: rooms.Throttled, Code: code, After: after}
}

func rejected(code string) channels.Outcome {
	return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: code}
}

func noMailbox(code string) channels.Outcome {
	return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoMailbox, Code: code}
}

// What the relay answers at each moment, and what that means for the delivery.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		at   emailtest.Verb
		do   emailtest.Do
		want channels.Outcome
	}{
		{emailtest.Connect, emailtest.Drop(), deferred(rooms.Unreachable, "", 0)},
		{emailtest.Connect, emailtest.Reply("554 5.7.1 your address is on a list"), deferred(rooms.Unreachable, "554 5.7.1", 0)},
		{emailtest.Connect, emailtest.Reply("421 4.7.0 try again in 2 minutes"), throttled("421 4.7.0", 2*time.Minute)},
		{emailtest.Hello, emailtest.Drop(), deferred(rooms.Unreachable, "", 0)},
		{emailtest.Hello, emailtest.Reply("550 5.7.1 who are you"), deferred(rooms.Unreachable, "550 5.7.1", 0)},
		{emailtest.Mail, emailtest.Drop(), deferred(rooms.Unreachable, "", 0)},
		{emailtest.Mail, emailtest.Reply("450 4.1.8 sender not found"), deferred(rooms.Deferred, "450 4.1.8", 0)},
		{emailtest.Mail, emailtest.Reply("530 5.7.0 authentication required"), deferred(rooms.Unreachable, "530 5.7.0", 0)},
		{emailtest.Mail, emailtest.Reply("553 5.7.1 not your address"), deferred(rooms.Unreachable, "553 5.7.1", 0)},
		{emailtest.Mail, emailtest.Reply("552 5.3.4 too big"), rejected("552 5.3.4")},
		{emailtest.Rcpt, emailtest.Drop(), deferred(rooms.Unreachable, "", 0)},
		{emailtest.Rcpt, emailtest.Reply("451 4.7.1 greylisted, try again in 300 seconds"), deferred(rooms.Deferred, "451 4.7.1", 5*time.Minute)},
		{emailtest.Rcpt, emailtest.Reply("450 4.2.1 the user receives mail at too high a rate"), deferred(rooms.Deferred, "450 4.2.1", 0)},
		{emailtest.Rcpt, emailtest.Reply("452 4.2.2 mailbox full"), deferred(rooms.Deferred, "452 4.2.2", 0)},
		{emailtest.Rcpt, emailtest.Reply("450 4.7.1 rate limit exceeded, retry in 1 minute"), throttled("450 4.7.1", time.Minute)},
		{emailtest.Rcpt, emailtest.Reply("450 4.7.28 mail flood"), throttled("450 4.7.28", 0)},
		{emailtest.Rcpt, emailtest.Reply("421 4.3.2 shutting down"), deferred(rooms.Deferred, "421 4.3.2", 0)},
		{emailtest.Rcpt, emailtest.Reply("550 5.1.1 no such user"), noMailbox("550 5.1.1")},
		{emailtest.Rcpt, emailtest.Reply("550 5.1.10 null MX"), noMailbox("550 5.1.10")},
		{emailtest.Rcpt, emailtest.Reply("550 5.2.1 mailbox disabled"), noMailbox("550 5.2.1")},
		{emailtest.Mail, emailtest.Reply("552 5.1.1 too big"), rejected("552 5.1.1")},
		{emailtest.Rcpt, emailtest.Reply("550 5.1.2 no such domain"), rejected("550 5.1.2")},
		{emailtest.Rcpt, emailtest.Reply("554 5.7.1 policy"), rejected("554 5.7.1")},
		{emailtest.Rcpt, emailtest.Reply("550 no such user"), rejected("550")},
		{emailtest.Data, emailtest.Reply("451 4.3.0 try later"), deferred(rooms.Deferred, "451 4.3.0", 0)},
		{emailtest.Data, emailtest.Drop(), deferred(rooms.Unknown, "", 0)},
		{emailtest.End, emailtest.Drop(), deferred(rooms.Unknown, "", 0)},
		{emailtest.Taken, emailtest.Drop(), deferred(rooms.Unknown, "", 0)},
		{emailtest.End, emailtest.Reply("451 4.3.1 disk full"), deferred(rooms.Deferred, "451 4.3.1", 0)},
		{emailtest.End, emailtest.Reply("554 5.7.1 spam"), rejected("554 5.7.1")},
		{emailtest.End, emailtest.Reply("250 2.0.0 Ok: queued as 4bXyZk1Qz8z1"), channels.Outcome{Result: channels.Sent, ProviderID: "4bXyZk1Qz8z1"}},
		{emailtest.End, emailtest.Reply("250 2.0.0 thank you, citizen@people.test"), channels.Outcome{Result: channels.Sent}},
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		sink.On(emailtest.Everybody, tc.at, tc.do)
		got := send(t, provider(t, to(sink)), delivery(t, 0, "citizen@people.test"))
		if got != tc.want {
			t.Errorf("%s, %+v: outcome\n%+v, want\n%+v", tc.at, tc.do, got, tc.want)
		}
	}
}

// A server that stays silent costs no more than the time given, and nobody is in doubt unless
// the whole message had been handed over.
func TestSilenceAtEachVerb(t *testing.T) {
	t.Parallel()
	for at, want := range map[emailtest.Verb]rooms.Reason{
		emailtest.Connect: rooms.TimedOut,
		emailtest.Hello:   rooms.TimedOut,
		emailtest.Mail:    rooms.TimedOut,
		emailtest.Rcpt:    rooms.TimedOut,
		emailtest.End:     rooms.Unknown,
		emailtest.Taken:   rooms.Unknown,
	} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		sink.On(emailtest.Everybody, at, emailtest.Hang())
		o := to(sink)
		o.SendTimeout = 100 * time.Millisecond
		p, log := logged(t, o)
		if got := send(t, p, delivery(t, 0, "citizen@people.test")); got != deferred(want, "", 0) {
			t.Errorf("%s: outcome %+v, want it deferred, reason %s", at, got, want)
		}
		connected := at != emailtest.Connect && at != emailtest.Hello
		if strings.Contains(log.String(), "does not answer") == connected {
			t.Errorf("%s: only that nobody answers a new connection is news: %s", at, log)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	got := send(t, provider(t, options("127.0.0.1", port)), delivery(t, 0, "citizen@people.test"))
	if got != deferred(rooms.Unreachable, "", 0) {
		t.Errorf("outcome %+v, want it deferred, unreachable", got)
	}
}

// All connections busy is a reason to wait, not to wait for ever; and no fault of the relay's.
func TestWaitsForAConnection(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	sink.On("slow@people.test", emailtest.Rcpt, emailtest.Hang())
	o := to(sink)
	o.MaxConnections = 1
	p := provider(t, o)

	busy, release := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Send(busy, delivery(t, 0, "slow@people.test")); close(done) }()
	eventually(t, func() string {
		if _, open := sink.Connections(); open == 0 {
			return "the first delivery has not begun"
		}
		return ""
	})

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := p.Send(ctx, delivery(t, 1, "citizen@people.test")); got != (channels.Outcome{Result: channels.NoRoom, After: time.Second}) {
		t.Errorf("outcome %+v, want that there is no room", got)
	}
	release()
	<-done
	mustSend(t, p, delivery(t, 2, "citizen@people.test"))
}

func TestNonASCIIAddress(t *testing.T) {
	for _, offered := range []bool{true, false} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{NoUTF8: !offered})
		got := send(t, provider(t, to(sink)), delivery(t, 0, "айзада@people.test"))
		switch messages := sink.Messages(); {
		case offered && (got.Result != channels.Sent || len(messages) != 1 || !messages[0].UTF8):
			t.Errorf("SMTPUTF8 is offered: outcome %+v, %d messages taken, want one with SMTPUTF8", got, len(messages))
		case !offered && got != rejected("553 5.6.7"):
			t.Errorf("SMTPUTF8 is not offered: outcome %+v, want it rejected with 553 5.6.7", got)
		}
	}
}
