package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

const (
	lanesAudience = 100_000
	lanesWorkers  = 16          // of the bulk lane
	lanesHold     = time.Second // how long the provider takes for each delivery of the bulk lane
)

// TestEmergencyOvertakesAHundredThousand publishes an emergency while a message to 100,000 people is being planned, and
// one when all of it stands in the queue. Before either arrives, only what was in hand may be handed over.
func TestEmergencyOvertakesAHundredThousand(t *testing.T) {
	slow := newArrivals(t, func(d arrival) int {
		if d.Lane == rooms.Bulk {
			<-time.After(lanesHold) // a provider at work
		}
		return 200
	})
	g := startGateway(t, buildProgram(t, ""), filepath.Join(t.TempDir(), "store"), "CRIER_TEST=", "--set", "sandbox.url="+slow.url,
		"--set", fmt.Sprintf("bridge.workers.bulk=%d", lanesWorkers), "--set", "bridge.drainTimeout=1s")
	admin, publisher := asClient(g.API, g.AdminToken), asClient(g.API, g.Token)
	subscribe(t, admin, g.Room, lanesAudience)

	bulk := lanesPublish(t, publisher, g.Room, "to-all", v1.Bulk)
	await(t, busyFor, func() string {
		if slow.count() < lanesWorkers {
			return "the bulk lane is not at work"
		}
		return ""
	})
	overtakes(t, "while it is planned", slow, publisher, g.Room)
	await(t, busyFor, func() string {
		m, err := publisher.Message(t.Context(), bulk.UMID)
		if err != nil || m.Recipients < lanesAudience || m.Status.Pending > 0 || m.Status.Queued < lanesAudience*9/10 {
			return fmt.Sprintf("not all is queued: %d recipients, %+v, %v", m.Recipients, m.Status, err)
		}
		return ""
	})
	overtakes(t, "behind all of it", slow, publisher, g.Room)
}

// overtakes publishes an emergency and counts what came before it.
func overtakes(t *testing.T, when string, slow *arrivals, publisher *client.Client, room string) {
	t.Helper()
	r := lanesPublish(t, publisher, room, when, v1.Emergency, v1.Contact{Phone: "+9997000001"})
	accepted, before := time.Now(), slow.count()
	var all []arrival
	at := -1
	await(t, busyFor, func() string {
		all = slow.list()
		at = slices.IndexFunc(all, func(d arrival) bool { return d.UMID == r.UMID })
		if at < 0 {
			return fmt.Sprintf("the emergency did not come; %d others did", len(all)-before)
		}
		return ""
	})
	passed := max(0, at-before)
	t.Logf("emergency %s: at the provider within %v of its acceptance, after %d bulk deliveries (%d workers)",
		when, time.Since(accepted).Round(time.Millisecond), passed, lanesWorkers)
	if limit := 2 * lanesWorkers; passed > limit {
		t.Errorf("%s: %d bulk deliveries came before the emergency, at most %d were in hand", when, passed, limit)
	}
}

func asClient(server, token string) *client.Client {
	return client.New(client.Options{Servers: []string{server}, Token: client.Static(rooms.NewSecret(token))})
}

// subscribe uploads people who are reached by SMS.
func subscribe(t *testing.T, admin *client.Client, room string, people int) {
	t.Helper()
	var rows strings.Builder
	for n := range people {
		fmt.Fprintf(&rows, "{\"phone\":\"+9996%08d\"}\n", n)
	}
	sums, err := admin.AddSubscribers(t.Context(), room, strings.NewReader(rows.String()), client.Upload{})
	if err != nil || sums.Added != int64(people) {
		t.Fatalf("%+v, %v", sums, err)
	}
}

func lanesPublish(t *testing.T, c *client.Client, room, tx string, lane v1.Lane, to ...v1.Contact) v1.Receipt {
	t.Helper()
	r, err := c.Publish(t.Context(), room, v1.Publish{
		TransactionID: strings.ReplaceAll(tx, " ", "-"), Type: "reminder", Lane: lane, Content: v1.Text{SMS: "hello"}, Recipients: to,
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestFullBulkQueueKeepsNobodyElse has a bulk queue that holds less than one message's jobs, and a provider that takes
// none of them: the rest of bulk waits and an emergency does not. When the provider works, all are reached, once each.
func TestFullBulkQueueKeepsNobodyElse(t *testing.T) {
	const people = 3500
	release := make(chan struct{})
	provider := newArrivals(t, func(d arrival) int {
		if d.Lane == rooms.Bulk {
			<-release
		}
		return 200
	})
	s := newStand(t, []string{"sandbox.url=" + provider.url, "sandbox.receipts=none"}, func(c *config.Config) {
		c.Log.QueueBytes[rooms.Bulk] = 1 << 20
	})
	s.room("flood", demoPublisher)
	subscribe(t, asClient(s.app.URL(), s.token(demoAdmin)), "flood", people)
	bulk := lanesPublish(t, s.as(s.token(demoPublisher)), "flood", "to-all", v1.Bulk)
	await(t, busyFor, func() string {
		if !strings.Contains(s.log.String(), `"planning waits"`) {
			return "the queue is not full"
		}
		return ""
	})
	emergency := lanesPublish(t, s.as(s.token(demoPublisher)), "flood", "to-one", v1.Emergency, v1.Contact{Phone: "+9997000001"})
	await(t, busyFor, func() string {
		if len(provider.of(emergency.UMID)) == 0 {
			return "the emergency did not come"
		}
		return ""
	})
	if m, _ := s.message(bulk.UMID); m.Status.Sent > 0 || m.Status.Queued == 0 {
		t.Errorf("bulk was to wait: %+v", m.Status)
	}
	close(release)
	await(t, busyFor, func() string {
		m, err := s.as(s.token(demoPublisher)).Message(t.Context(), bulk.UMID)
		if err != nil || m.Status.Sent != people {
			return fmt.Sprintf("%+v, %v", m.Status, err)
		}
		return ""
	})
	once(t, provider.of(bulk.UMID), people)
}

// once wants each of so many people reached one time.
func once(t *testing.T, got []arrival, people int) {
	t.Helper()
	reached := map[string]int{}
	for _, d := range got {
		reached[d.To]++
	}
	if len(reached) != people || len(got) != people {
		t.Errorf("%d deliveries to %d people, want one to each of %d", len(got), len(reached), people)
	}
}

// TestFirstInFirstOut has one worker: what waits leaves in the order in which it was accepted.
func TestFirstInFirstOut(t *testing.T) {
	const messages = 100
	release := make(chan struct{})
	provider := newArrivals(t, func(arrival) int {
		<-release
		return 200
	})
	s := newStand(t, []string{"sandbox.url=" + provider.url, "bridge.workers.normal=1"}, nil)
	s.room("queue", demoPublisher)
	var want []string
	for n := range messages {
		r := s.publish("queue", v1.Publish{
			TransactionID: fmt.Sprintf("tx-%d", n), Content: v1.Text{SMS: "hello"}, Recipients: []v1.Contact{{Phone: fmt.Sprintf("+9996%08d", n)}},
		})
		want = append(want, r.UMID)
	}
	close(release)
	await(t, busyFor, func() string {
		if n := provider.count(); n < messages {
			return fmt.Sprintf("%d of %d came", n, messages)
		}
		return ""
	})
	var got []string
	for _, d := range provider.list() {
		got = append(got, d.UMID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("accepted %v\nleft     %v", want, got)
	}
}
