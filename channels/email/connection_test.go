package email_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
)

func wantConnections(t *testing.T, sink *emailtest.Sink, made, open int) {
	t.Helper()
	eventually(t, func() string {
		if m, o := sink.Connections(); m != made || o != open {
			return fmt.Sprintf("%d connections made and %d open, want %d and %d", m, o, made, open)
		}
		return ""
	})
}

func TestOneConnectionManyMessages(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	sink.On("gone@people.test", emailtest.Rcpt, emailtest.Reply("550 5.1.1 no such user"))
	p := provider(t, to(sink))
	for n := range 10 {
		mustSend(t, p, delivery(t, 2*n, "citizen@people.test"))
		send(t, p, delivery(t, 2*n+1, "gone@people.test"))
	}
	wantConnections(t, sink, 1, 1)
}

func TestConnectionHasItsShare(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	o := to(sink)
	o.MaxMessagesPerConnection = 3
	p := provider(t, o)
	for n := range 7 {
		mustSend(t, p, delivery(t, n, "citizen@people.test"))
	}
	wantConnections(t, sink, 3, 1)
	if n := strings.Count(string(sink.Wire()), "QUIT"); n != 2 {
		t.Errorf("%d connections ended by QUIT, want 2", n)
	}
}

func TestNoMoreConnectionsThanAllowed(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	o := to(sink)
	o.MaxConnections = 4
	p := provider(t, o)
	var crowd sync.WaitGroup
	for n := range 100 {
		crowd.Go(func() {
			if o := send(t, p, delivery(t, n, "citizen@people.test")); o.Result != channels.Sent {
				t.Errorf("outcome %+v, want it sent", o)
			}
		})
	}
	crowd.Wait()
	if made, _ := sink.Connections(); made > 4 {
		t.Errorf("%d connections made, want at most 4", made)
	}
}

func TestIdleConnectionEnds(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	o := to(sink)
	o.IdleTimeout = 20 * time.Millisecond
	p := provider(t, o)
	mustSend(t, p, delivery(t, 0, "citizen@people.test"))
	wantConnections(t, sink, 1, 0)
	mustSend(t, p, delivery(t, 1, "citizen@people.test"))
}

// A relay that was restarted costs no attempt, and no message twice.
func TestDeadConnectionIsReplaced(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p := provider(t, to(sink))
	mustSend(t, p, delivery(t, 0, "citizen@people.test"))
	sink.Cut()
	mustSend(t, p, delivery(t, 1, "citizen@people.test"))
	if n := len(sink.Messages()); n != 2 {
		t.Errorf("%d messages taken, want 2", n)
	}
	wantConnections(t, sink, 2, 1)
}

func TestConnectionThatTheRelayEndsIsReplaced(t *testing.T) {
	for _, at := range []emailtest.Verb{emailtest.Mail, emailtest.Rcpt} {
		for _, do := range []emailtest.Do{emailtest.Drop(), emailtest.Reply("421 4.7.0 too many messages here")} {
			sink := emailtest.StartSink(t, emailtest.SinkOptions{})
			p := provider(t, to(sink))
			mustSend(t, p, delivery(t, 0, "citizen@people.test"))
			sink.Once(emailtest.Everybody, at, do)
			mustSend(t, p, delivery(t, 1, "citizen@people.test"))
			if n := len(sink.Messages()); n != 2 {
				t.Errorf("%s: %d messages taken, want 2", at, n)
			}
		}
	}
}

// A connection that dies when the whole message was handed over may have delivered it: the
// message must not go again by itself.
func TestDoubtIsNotResolvedBySendingTwice(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p := provider(t, to(sink))
	mustSend(t, p, delivery(t, 0, "citizen@people.test"))
	sink.Once(emailtest.Everybody, emailtest.Taken, emailtest.Drop())
	if o := send(t, p, delivery(t, 1, "citizen@people.test")); o != deferred("unknown", "", 0) {
		t.Errorf("outcome %+v, want it deferred, unknown", o)
	}
	if n := len(sink.Messages()); n != 2 {
		t.Errorf("%d messages taken, want 2", n)
	}
}

func TestCloseEndsConnections(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p := provider(t, to(sink))
	mustSend(t, p, delivery(t, 0, "citizen@people.test"))
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	wantConnections(t, sink, 1, 0)
	if o := send(t, p, delivery(t, 1, "citizen@people.test")); o != deferred("unreachable", "", 0) {
		t.Errorf("outcome %+v after Close, want it deferred, unreachable", o)
	}
}
