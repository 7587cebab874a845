package sandbox

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
)

// again is how long a receipt rests that nobody could record.
const again = 250 * time.Millisecond

// receipts are those to come, the next due first.
type receipts struct {
	now  func() time.Time
	most int

	mu    sync.Mutex
	due   byTime
	woken chan struct{} // closed and replaced when the first may have changed
}

func newReceipts(most int, now func() time.Time) *receipts {
	return &receipts{now: now, most: most, woken: make(chan struct{})}
}

// promise puts a receipt in, to be offered at its time. Where too many wait, since nobody
// reads them, the next due one is given up.
func (r *receipts) promise(rc channels.Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) >= r.most {
		heap.Pop(&r.due)
	}
	heap.Push(&r.due, rc)
	close(r.woken)
	r.woken = make(chan struct{})
}

// next takes out a receipt that is due; if none is, it says how long to wait and for what.
func (r *receipts) next() (rc channels.Receipt, ok bool, wait time.Duration, woken <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) == 0 {
		return rc, false, time.Hour, r.woken
	}
	if wait = r.due[0].At.Sub(r.now()); wait > 0 {
		return rc, false, wait, r.woken
	}
	return heap.Pop(&r.due).(channels.Receipt), true, 0, nil
}

// read offers receipts until ctx ends. Many may read at once; each receipt is taken by one.
func (r *receipts) read(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	for {
		rc, ok, wait, woken := r.next()
		if !ok && !rest(ctx, wait, woken) || ctx.Err() != nil {
			if ok {
				r.promise(rc)
			}
			return ctx.Err()
		}
		if ok && fn(ctx, rc) != nil {
			rc.At = r.now().Add(again)
			r.promise(rc)
		}
	}
}

// rest waits and says whether ctx has not ended.
func rest(ctx context.Context, wait time.Duration, woken <-chan struct{}) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-woken:
		return true
	case <-ctx.Done():
		return false
	}
}

// byTime is a heap.Interface of receipts.
type byTime []channels.Receipt

func (b byTime) Len() int           { return len(b) }
func (b byTime) Less(i, j int) bool { return b[i].At.Before(b[j].At) }
func (b byTime) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }
func (b *byTime) Push(x any)        { *b = append(*b, x.(channels.Receipt)) }

func (b *byTime) Pop() any {
	last := len(*b) - 1
	rc := (*b)[last]
	*b = (*b)[:last]
	return rc
}
