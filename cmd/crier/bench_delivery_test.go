package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/fanout"
	"github.com/govcrier/crier/rooms/index"
)

// BenchmarkDelivery measures one-recipient messages from the first request until the last event
// is folded into the index.
func BenchmarkDelivery(b *testing.B) { benchDelivery(b) }

// BenchmarkDeliveryClaimed measures the same where each attempt is claimed before it is made.
func BenchmarkDeliveryClaimed(b *testing.B) { benchDelivery(b, "policy.duplicates=avoid") }

func benchDelivery(b *testing.B, set ...string) {
	b.Helper()
	const count = 20_000
	m := startBenchWith(b, true, append(set, "sandbox.receipts=none")...)
	began := time.Now()
	got := m.publish(b, 256, count, 5*time.Minute)
	m.sent(b, count)
	rate := count / time.Since(began).Seconds()
	fmt.Printf("\ndelivery, %d to one recipient each: accepted %.0f/s, accepted → sent and folded %.0f/s\n", count, got.perSecond, rate)
	b.ReportMetric(rate, "deliveries/s")
	b.ReportMetric(0, "ns/op")
}

// eventsEach is what a message to one recipient leaves behind: accepted, queued, sent.
const eventsEach = 3

// sent waits until count messages are sent and the index has folded that.
func (m *bench) sent(b *testing.B, count int) {
	b.Helper()
	eventually(b, 5*time.Minute, func() string {
		_, events, err := m.store.log.Ends(b.Context())
		if err != nil || events < uint64(eventsEach*count) {
			return fmt.Sprintf("%d events of %d, %v", events, eventsEach*count, err)
		}
		return ""
	})
	m.folded(b)
	list, _, err := m.know.index.Messages(benchRoom, "", index.MaxList)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range list {
		if s.Counts.Sent != 1 {
			b.Fatalf("%s: %+v", s.UMID, s.Counts)
		}
	}
}

// BenchmarkFanout measures how fast one message to 100,000 subscribers becomes jobs, against
// plain atomic batches of 1,000 entries of the same size into the same stream.
func BenchmarkFanout(b *testing.B) {
	m := startBench(b, false)
	m.fanOut(b, 100_000)
}

// fanOut publishes one message to so many subscribers, in the bulk lane, and leaves its jobs there.
func (m *bench) fanOut(b *testing.B, audience int) {
	b.Helper()
	m.subscribe(b, audience)
	debug.FreeOSMemory() // what was needed to make up the people is not the gateway's
	before := resident(b)
	defer m.plan(b)()
	began := time.Now()
	w := dialWire(b, m.address, "/v1/rooms/"+benchRoom+"/messages", m.tokens[0])
	if err := w.post(`{"transactionId":"all","type":"reminder","lane":"bulk","content":{"text":"` + benchText + `"}}`); err != nil {
		b.Fatal(err)
	}
	most := before
	eventually(b, 10*time.Minute, func() string {
		most = max(most, resident(b))
		n, err := m.store.log.QueueLength(b.Context(), rooms.Bulk, rooms.SMS)
		if err != nil || n < uint64(audience) {
			return fmt.Sprintf("%d jobs, %v", n, err)
		}
		return ""
	})
	got := float64(audience) / time.Since(began).Seconds()
	size, raw := m.rawBatches(b, audience)
	fmt.Printf("\nfan-out to %d: %.0f jobs/s, raw batches of 1,000 (%d bytes) %.0f/s, %.2f × raw, resident at most %.0f MB, %.0f MB before\n",
		audience, got, size, raw, got/raw, float64(most)/1e6, float64(before)/1e6)
	b.ReportMetric(got/raw, "of-raw")
	b.ReportMetric(float64(most)/1e6, "MB")
	b.ReportMetric(0, "ns/op")
}

// plan starts the planner alone.
func (m *bench) plan(b *testing.B) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	crew := newCrew(m.app.log)
	leases, err := m.app.openLeases(ctx, crew, m.store)
	if err != nil {
		b.Fatal(err)
	}
	planner := fanout.New(m.store.log, m.store.vault, m.store.audit, leases, m.app.log)
	crew.run("planner", planner.Run)
	return func() {
		cancel()
		_ = crew.stop()
	}
}

func (m *bench) subscribe(b *testing.B, count int) {
	b.Helper()
	began := time.Now()
	contacts := make([]rooms.Contact, 10_000)
	for from := 0; from < count; from += len(contacts) {
		for n := range contacts {
			a, err := rooms.ParsePhone(fmt.Sprintf("+9998%08d", from+n))
			if err != nil {
				b.Fatal(err)
			}
			contacts[n] = rooms.Contact{Channel: rooms.SMS, Address: a}
		}
		if _, _, err := m.know.subscribers.AddMany(b.Context(), benchRoom, contacts); err != nil {
			b.Fatal(err)
		}
	}
	fmt.Printf("\nsubscribers: %.0f/s sealed and stored\n", float64(count)/time.Since(began).Seconds())
}

// rawBatches stores as many entries of a job's size into another lane's queue.
func (m *bench) rawBatches(b *testing.B, audience int) (size int, perSecond float64) {
	b.Helper()
	nc, err := m.store.broker.Connect("raw")
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	job, err := nc.Request("$JS.API.DIRECT.GET.JOBS-BULK.job.bulk.sms", nil, 5*time.Second)
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, len(job.Data))
	began := time.Now()
	for batch := range audience / 1000 {
		for i := range 1000 {
			e := &nats.Msg{Subject: "job.normal.sms", Data: data, Header: nats.Header{
				"Nats-Batch-Id": {"raw" + strconv.Itoa(batch)}, "Nats-Batch-Sequence": {strconv.Itoa(i + 1)}}}
			if i < 999 {
				if err := nc.PublishMsg(e); err != nil {
					b.Fatal(err)
				}
				continue
			}
			e.Header.Set("Nats-Batch-Commit", "1")
			if reply, err := nc.RequestMsg(e, 30*time.Second); err != nil || strings.Contains(string(reply.Data), "error") {
				b.Fatalf("%v %s", err, reply.Data)
			}
		}
	}
	return len(data), float64(audience) / time.Since(began).Seconds()
}

// resident is the memory that the process holds, in bytes.
func resident(b *testing.B) uint64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.ParseUint(strings.Fields(string(raw))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}
