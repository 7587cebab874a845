package email_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// A domain whose server hangs holds up no other: it has no more connections than its own.
func TestSlowDestinationHoldsUpNoOther(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	sink.On("slow@hanging.test", emailtest.Rcpt, emailtest.Hang())
	o := to(sink)
	o.MaxConnections, o.MaxPerDestination = 3, 2
	p := provider(t, o)
	ctx, release := context.WithCancel(t.Context())
	var hanging sync.WaitGroup
	for n := range 6 {
		hanging.Go(func() {
			got := p.Send(ctx, delivery(t, n, "slow@hanging.test"))
			if got.Result != channels.Deferred && got.Result != channels.NoRoom {
				t.Errorf("outcome %+v", got)
			}
		})
	}
	eventually(t, func() string {
		if _, open := sink.Connections(); open != 2 {
			return fmt.Sprintf("%d connections, want the domain's two", open)
		}
		return ""
	})
	for n := range 20 {
		mustSend(t, p, delivery(t, 10+n, "citizen@people.test"))
	}
	if made, _ := sink.Connections(); made != 3 {
		t.Errorf("%d connections were made, want 3", made)
	}
	release()
	hanging.Wait()
}

// A wait that the relay asks for is granted, up to what the operator allows.
func TestLongestWait(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{0: 2 * time.Hour, 10 * time.Minute: 10 * time.Minute} {
		sink := emailtest.StartSink(t, emailtest.SinkOptions{})
		sink.On(emailtest.Everybody, emailtest.Rcpt, emailtest.Reply("451 4.7.1 greylisted, try again in 2 hours"))
		o := to(sink)
		o.MaxRetryAfter = limit
		if got := send(t, provider(t, o), delivery(t, 0, "citizen@people.test")); got != deferred(rooms.Deferred, "451 4.7.1", want) {
			t.Errorf("limit %s: outcome %+v, want a wait of %s", limit, got, want)
		}
	}
}
