package stream

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/govcrier/crier/broker/brokertest"
)

// An answer of which a part was lost on its way is not taken for the whole.
func TestLossyAnswerIsNoAnswer(t *testing.T) {
	b := brokertest.Start(t)
	l, err := Open(t.Context(), b, b.Manifest(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	const whole = "4 after 0, 7 after 4, 9 after 7, end after 9"
	for name, parts := range map[string][]string{
		whole:         {entryAfter(4, 0), entryAfter(7, 4), entryAfter(9, 7), endAfter(9)},
		"the first":   {entryAfter(7, 4), entryAfter(9, 7), endAfter(9)},
		"one between": {entryAfter(4, 0), entryAfter(9, 7), endAfter(9)},
		"the last":    {entryAfter(4, 0), entryAfter(7, 4), endAfter(9)},
		"all":         {endAfter(9)},
		"unreadable":  {entryAfter(4, 0), "NATS/1.0 404 Message Not Found\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []nats.Header
			for _, part := range parts {
				header, err := nats.DecodeHeadersMsg([]byte(part))
				if err != nil {
					t.Fatal(err)
				}
				headers = append(headers, header)
			}
			lossy := brokertest.Connect(t, b, "lossy")
			sub, err := lossy.Subscribe(directSubject("LOSSY"), func(m *nats.Msg) {
				for _, header := range headers { // whoever misses one may be gone before the last
					_ = lossy.PublishMsg(&nats.Msg{Subject: m.Reply, Header: header})
				}
			})
			if err == nil {
				err = lossy.Flush()
			}
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = sub.Unsubscribe() }()
			count := 0
			_, err = l.batch(t.Context(), l.read.Conn(), "LOSSY", get{Sequence: 1, Batch: 10}, func(stored) error { count++; return nil })
			if name == whole && (err != nil || count != 3) || name != whole && !errors.Is(err, ErrUnavailable) {
				t.Errorf("%d entries, %v", count, err)
			}
		})
	}
}

func entryAfter(sequence, previous int) string {
	return fmt.Sprintf("NATS/1.0\r\nNats-Subject: s\r\nNats-Sequence: %d\r\nNats-Last-Sequence: %d\r\n\r\n", sequence, previous)
}

func endAfter(previous int) string {
	return fmt.Sprintf("NATS/1.0 204 EOB\r\nNats-Num-Pending: 0\r\nNats-Last-Sequence: %d\r\n\r\n", previous)
}
