package quota

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
)

// BenchmarkTake is what a quota costs a publish, the index's telling included, with a day of messages behind each client.
func BenchmarkTake(b *testing.B) {
	for _, clients := range []int{1, 100, 10_000} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			q := New(Options{Limit: Limit{PerMinute: 1 << 40, PerDay: 1 << 40}}, Deps{Wait: (&follower{}).wait})
			rules := rooms.PolicyRules{Quota: rooms.Quota{PerDay: 1 << 40}, Lanes: map[rooms.Lane]rooms.Quota{rooms.Normal: {PerMinute: 1 << 40}}}
			names := make([]rooms.Client, clients)
			for i := range names {
				names[i] = rooms.Client(fmt.Sprintf("client-%d", i))
				for age := range 288 {
					h := header(0)
					h.Publisher, h.ReceivedAt = names[i], h.ReceivedAt.Add(time.Duration(age-287)*5*time.Minute)
					q.Accepted([]rooms.Header{h})
				}
			}
			var n atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					h := rooms.Header{UMID: rooms.UMID(strconv.FormatInt(i, 10)), Room: "newborn", Lane: rooms.Normal, Publisher: names[int(i)%clients], ReceivedAt: time.Now()}
					if _, err := q.Take(b.Context(), h, rules); err != nil {
						b.Fatal(err)
					}
					q.Accepted([]rooms.Header{h})
				}
			})
		})
	}
}
