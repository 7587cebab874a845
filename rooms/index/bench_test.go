package index

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// BenchmarkFoldAccepted folds the headers of new messages and then their accepted events.
func BenchmarkFoldAccepted(b *testing.B) {
	x := open(b, testOptions(b))
	headers := make([]rooms.Header, 0, b.N)
	events := make([]rooms.Event, 0, b.N)
	for n := range b.N {
		headers = append(headers, header(n))
		e := accepted(headers[n])
		e.Sequence = uint64(n + 1)
		events = append(events, e)
	}
	ctx := context.Background()
	b.ResetTimer()
	for n := 0; n < b.N; n += 1000 {
		end := min(n+1000, b.N)
		if err := x.foldHeaders(ctx, 0, headers[n:end]); err != nil {
			b.Fatal(err)
		}
		if err := x.foldEvents(ctx, 0, events[n:end]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkFoldDeliveries folds the events of messages to 100,000 recipients, 1000 at a time.
func BenchmarkFoldDeliveries(b *testing.B) {
	const recipients = 100_000
	x := open(b, testOptions(b))
	ctx := context.Background()
	var sequence uint64
	for n := 0; n < b.N; n += recipients {
		b.StopTimer()
		message := n / recipients
		foldPages(b, x, message, recipients, &sequence)
		b.StartTimer()
		for from := n; from < min(n+recipients, b.N); from += 1000 {
			events := make([]rooms.Event, 0, 1000)
			for i := range 1000 {
				sequence++
				e := delivery(message, from-n+i, 1, rooms.EventSent, 60_000)
				e.Sequence = sequence
				events = append(events, e)
			}
			if err := x.foldEvents(ctx, 0, events); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func foldPages(tb testing.TB, x *Index, message, recipients int, sequence *uint64) {
	planned := event(message, rooms.EventPlanned, 1)
	planned.Recipients = recipients
	events := []rooms.Event{accepted(header(message)), planned}
	for page := 0; page*rooms.PageSize < recipients; page++ {
		events = append(events, queued(message, page, 10, strings.Repeat("e", min(rooms.PageSize, recipients-page*rooms.PageSize))))
	}
	for i := range events {
		*sequence++
		events[i].Sequence = *sequence
	}
	if err := x.foldEvents(context.Background(), 0, events); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkMessage reads summaries of 100,000 messages while others are folded.
func BenchmarkMessage(b *testing.B) {
	const messages = 100_000
	x := open(b, testOptions(b))
	l := newFakeLog()
	run(b, x, l)
	l.add(headersBetween(0, messages), nil)
	await(b, x, l)
	l.add(headersBetween(messages, messages*3), nil)
	var worst latencies
	b.ResetTimer()
	for i := range b.N {
		start := time.Now()
		if _, err := x.Message(umid(i * 7919 % messages)); err != nil {
			b.Fatal(err)
		}
		worst.add(time.Since(start))
	}
	b.ReportMetric(float64(worst.percentile(99).Microseconds()), "p99-µs")
	m, _ := x.Position()
	b.Logf("%d messages folded meanwhile", m-messages)
}

func headersBetween(from, to int) []rooms.Header {
	headers := make([]rooms.Header, 0, to-from)
	for n := from; n < to; n++ {
		headers = append(headers, header(n))
	}
	return headers
}
