package email

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/rooms"
)

// Of what waits for a connection an emergency has the next that is free, though all others came before.
func TestEmergencyHasTheNextConnection(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	held := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(held) })
	sink.On(emailtest.Everybody, emailtest.Rcpt, emailtest.Until(held))
	p, err := New(Options{Host: sink.Host, Port: sink.Port, TLS: TLSNone, From: "office@gov.test", MaxConnections: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var all sync.WaitGroup
	defer all.Wait()
	defer letGo()
	names := []string{"first", "bulk", "normal", "bulk", "normal", "emergency"}
	for n, name := range names {
		all.Go(func() {
			if o := p.Send(context.Background(), laneDelivery(t, n, name)); o.Result != channels.Sent {
				t.Errorf("%s: outcome %+v, want it sent", name, o)
			}
		})
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
			if made, _ := sink.Connections(); made == 1 && p.places.Waiting() == n {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("%d wait, want %d", p.places.Waiting(), n)
			}
		}
	}
	letGo()
	all.Wait()
	var got []string
	for _, m := range sink.Messages() {
		got = append(got, strings.TrimSuffix(m.To, "@people.test"))
	}
	if want := "first emergency normal normal bulk bulk"; strings.Join(got, " ") != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// laneDelivery is to somebody called as his lane.
func laneDelivery(t *testing.T, n int, lane string) rooms.Delivery {
	to, err := rooms.ParseEmail(lane + "@people.test")
	if err != nil {
		t.Error(err)
	}
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: "01K9ZZZZZZABCDEFGHJKMNPQRS", N: n}, Lane: rooms.Lane(lane),
		To: rooms.Contact{Channel: rooms.Email, Address: to}, Content: rooms.Content{Text: rooms.NewBody("text")},
	}
}
