package index

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

const (
	trimEvery = time.Minute
	trimMax   = 100  // messages that one transaction forgets
	trimPages = 1000 // pages of deliveries after which it stops
)

// trim forgets messages older than Options.Keep. It rides on the fold: once a minute, and after
// every batch while there is more to forget, so that no transaction is long.
func (x *Index) trim(ctx context.Context, generation int) error {
	now := x.options.Now()
	if !x.trimDue(now) {
		return nil
	}
	var end packed
	if err := end.SetTime(uint64(max(now.Add(-x.options.Keep).UnixMilli(), 0))); err != nil {
		return err
	}
	more := false
	err := x.write(ctx, generation, foldedTo{}, func(b *batch) (err error) {
		more, err = b.trim(end)
		return err
	})
	if more {
		x.trimAgain(now)
	}
	return err
}

func (x *Index) trimDue(now time.Time) bool {
	x.writing.Lock()
	defer x.writing.Unlock()
	if now.Before(x.trimAt) {
		return false
	}
	x.trimAt = now.Add(trimEvery)
	return true
}

func (x *Index) trimAgain(now time.Time) {
	x.writing.Lock()
	defer x.writing.Unlock()
	x.trimAt = now
}

// trim forgets the oldest messages before end, and says whether there may be more.
func (b *batch) trim(end packed) (bool, error) {
	old, err := ascend(b.tx, keptOrder, packed{}, end, trimMax)
	if err != nil {
		return false, err
	}
	pages := 0
	for _, entry := range old {
		n, err := b.forgetOrPutOff(entry, end)
		if err != nil {
			return false, err
		}
		if pages += n; pages > trimPages {
			return true, nil
		}
	}
	return len(old) == trimMax, nil
}

// forget deletes all that is known of a message, and gives the number of its pages.
func (b *batch) forget(u rooms.UMID) (int, error) {
	m, err := load[message](b, messageKey(u))
	if err != nil {
		return 0, err
	}
	m.name(u)
	for n := range m.pages {
		b.drop(pageKey(u, n))
	}
	b.drop(messageKey(u))
	if err := b.forgetID(m.header.TxID, u); err != nil {
		return 0, err
	}
	room := string(m.header.Room)
	orders := []string{roomOrder + room, heldOrder + room, deadOrder + room, waitingOf(m.header.Publisher), finishOrder, keptOrder}
	for _, order := range orders {
		if err := b.remove(order, u); err != nil {
			return 0, err
		}
	}
	return m.pages, nil
}

// forgetID forgets a transaction id, if it is that of the message.
func (b *batch) forgetID(txid string, u rooms.UMID) error {
	if txid == "" {
		return nil
	}
	k, err := load[Known](b, txKey(txid))
	if err == nil && k.UMID == u {
		b.drop(txKey(txid))
	}
	return err
}
