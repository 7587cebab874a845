package main

import (
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// BenchmarkEmail measures how fast queued e-mails of 1 kB reach a relay that does nothing with them, every event on disk:
// against a Postfix that relays as many out of its queue, and against a program that only sends. As in BenchmarkSMS they
// take turns, and what counts is the median.
func BenchmarkEmail(b *testing.B) {
	const count = 10_000
	sink := startSMTPSink(b)
	var sent, kept, relayed, ours rounds
	for range emailRounds {
		sent.add(smtpSource(b, sink, count))
		ours.add(emailed(b, sink, count))
		kept.add(smtpSource(b, sink, count, "-d"))
		relayed.add(relayedByPostfix(b, sink, count))
	}
	ofSource, ofPostfix := ours.over(sent), ours.over(relayed)
	fmt.Printf("\ne-mail, %d of 1 kB to smtp-sink over %d connections: crier %s/s; Postfix out of its queue %s/s, %.2f × Postfix (%s); "+
		"smtp-source %s/s, %.2f × smtp-source (%s); smtp-source -d, which keeps connections, %s/s, %.2f × that\n",
		count, benchSessions, ours, relayed, ofPostfix.median(), ofPostfix, sent, ofSource.median(), ofSource, kept, ours.over(kept).median())
	b.ReportMetric(ours.median(), "emails/s")
	b.ReportMetric(ofPostfix.median(), "of-postfix")
	b.ReportMetric(ofSource.median(), "of-smtp-source")
	b.ReportMetric(ours.over(kept).median(), "of-smtp-source-d")
	b.ReportMetric(0, "ns/op")
}

const (
	emailRounds   = 3
	benchSessions = 20   // connections at once, of everybody: as many as Postfix makes to one destination
	benchWorkers  = 1024 // deliveries in hand: what is recorded together shares its fsync
)

// startSMTPSink starts Postfix's own sink, and gives its host and port.
func startSMTPSink(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	var said bytes.Buffer
	c := exec.Command("/usr/sbin/smtp-sink", "-u", "postfix", address, "1000") // root, whom Postfix needs, may not run it as himself
	c.Stderr = &said
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	eventually(b, 10*time.Second, func() string {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err.Error()
		}
		_ = conn.Close()
		return ""
	})
	return address
}

// smtpSource sends so many messages, and says how many a second.
func smtpSource(b *testing.B, to string, count int, options ...string) float64 {
	b.Helper()
	args := append(options, "-s", strconv.Itoa(benchSessions), "-l", "1024", "-m", strconv.Itoa(count), "-f", "office@gov.test", "-t", "citizen@people.test", to)
	began := time.Now()
	if out, err := exec.Command("/usr/sbin/smtp-source", args...).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return float64(count) / time.Since(began).Seconds()
}

// relayedByPostfix fills the queue of a Postfix and lets go of it.
func relayedByPostfix(b *testing.B, sink string, count int) float64 {
	b.Helper()
	p := emailtest.StartPostfix(b, emailtest.PostfixOptions{Relay: sink, Hold: true})
	smtpSource(b, net.JoinHostPort(p.Host, strconv.Itoa(p.Port)), count, "-d")
	held := func() string {
		if n := strings.Count(p.Log(), "status=deferred"); n < count {
			return fmt.Sprintf("%d held of %d", n, count)
		}
		return ""
	}
	eventually(b, 5*time.Minute, held)
	began := time.Now()
	p.Release(b)
	eventually(b, 5*time.Minute, func() string {
		if n := strings.Count(p.Log(), "status=sent"); n < count {
			return fmt.Sprintf("%d sent of %d", n, count)
		}
		return ""
	})
	return float64(count) / time.Since(began).Seconds()
}

// emailed queues one message to so many subscribers, then lets the bridge go and waits until all are recorded as sent.
func emailed(b *testing.B, sink string, count int) float64 {
	b.Helper()
	host, port, err := net.SplitHostPort(sink)
	if err != nil {
		b.Fatal(err)
	}
	m := startBench(b, false, func(c *config.Config) {
		p := &c.Providers.Email
		p.Kind, p.Host, p.From, p.MaxConnections = config.KindSMTP, host, "office@gov.test", benchSessions
		p.Port, err = strconv.Atoi(port)
		c.Bridge.Workers.Normal = benchWorkers
	})
	var people []rooms.Contact
	for n := range count {
		a, err := rooms.ParseEmail(fmt.Sprintf("citizen%d@people.test", n))
		if err != nil {
			b.Fatal(err)
		}
		people = append(people, rooms.Contact{Channel: rooms.Email, Address: a})
	}
	if _, _, err := m.know.subscribers.AddMany(b.Context(), benchRoom, people); err != nil {
		b.Fatal(err)
	}
	m.queue(b, count)
	_, before, err := m.store.log.Ends(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	if err := m.app.startDelivery(b.Context(), m.crew, m.store, m.know); err != nil {
		b.Fatal(err)
	}
	eventually(b, 5*time.Minute, func() string {
		_, events, err := m.store.log.Ends(b.Context())
		if err != nil || events < before+uint64(count) {
			return fmt.Sprintf("%d events of %d, %v", events-before, count, err)
		}
		return ""
	})
	took := time.Since(began)
	defer func() { _ = m.crew.stop() }() // what is left of one round would weigh on the next
	m.folded(b)
	list, _, err := m.know.index.Messages(benchRoom, "", 1)
	if err != nil || len(list) != 1 || list[0].Counts.Sent != count {
		b.Fatalf("%+v, %v", list, err)
	}
	return float64(count) / took.Seconds()
}

// queue plans one message of 1 kB to all subscribers, and leaves its jobs.
func (m *bench) queue(b *testing.B, count int) {
	b.Helper()
	defer m.plan(b)()
	w := dialWire(b, m.address, "/v1/rooms/"+benchRoom+"/messages", m.tokens[0])
	if err := w.post(`{"transactionId":"mail","type":"reminder","content":{"subject":"Vaccination","text":"` + strings.Repeat(benchText[:256], 4) + `"}}`); err != nil {
		b.Fatal(err)
	}
	eventually(b, 5*time.Minute, func() string {
		n, err := m.store.log.QueueLength(b.Context(), rooms.Normal, rooms.Email)
		if err != nil || n < uint64(count) {
			return fmt.Sprintf("%d jobs, %v", n, err)
		}
		return ""
	})
}
