package quota

import (
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// span is a time that slides: what is received in a bucket counts until as many buckets as are behind have followed.
type span struct {
	name   string
	bucket time.Duration
	behind int64
}

// minute is the second under way and the 60 before it.
func minute() span { return span{"minute", time.Second, 60} }

// day is the five minutes under way and the 24 hours before them.
func day() span { return span{"day", 5 * time.Minute, 24 * 12} }

// length is for how long a message counts at least.
func (s span) length() time.Duration { return time.Duration(s.behind) * s.bucket }

// at is the bucket of a moment.
func (s span) at(t time.Time) int64 { return t.UnixNano() / int64(s.bucket) }

// leaves is how long a bucket counts from now on.
func (s span) leaves(bucket int64, now time.Time) time.Duration {
	return time.Duration((bucket+s.behind+1)*int64(s.bucket) - now.UnixNano())
}

// bucket is how many were received in a part of a span.
type bucket struct {
	at int64
	n  int
}

// window counts over a span. It keeps the buckets in which there is something, in their order.
type window struct {
	kept []bucket
	sum  int
}

// expire forgets what does not count any more.
func (w *window) expire(s span, now time.Time) {
	first, i := s.at(now)-s.behind, 0
	for i < len(w.kept) && w.kept[i].at < first {
		w.sum -= w.kept[i].n
		i++
	}
	if w.kept = w.kept[i:]; len(w.kept) == 0 {
		w.kept = nil
	}
}

// add counts n more, or less, at a moment. What is over by now is left out.
func (w *window) add(s span, t, now time.Time, n int) {
	at := s.at(t)
	if at < s.at(now)-s.behind {
		return
	}
	i := len(w.kept)
	for i > 0 && w.kept[i-1].at > at {
		i--
	}
	switch {
	case i > 0 && w.kept[i-1].at == at:
		w.kept[i-1].n += n
		w.sum += n
	case n > 0:
		w.kept = slices.Insert(w.kept, i, bucket{at, n})
		w.sum += n
	}
}

// allowance is what is left of a limit.
func (w *window) allowance(s span, limit int, now time.Time) rooms.Allowance {
	a := rooms.Allowance{Limit: limit, Remaining: max(limit-w.sum, 0)}
	sum := w.sum
	for _, b := range w.kept {
		sum -= b.n
		if b.n > 0 && sum < limit {
			a.Reset = s.leaves(b.at, now)
			break
		}
	}
	return a
}
