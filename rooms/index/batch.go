package index

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/govcrier/crier/rooms"
)

// batch is one transaction of the writer: values are loaded once, changed in memory and
// written once at the end.
type batch struct {
	tx       transaction
	cache    *cache
	ids      *filter
	keep     time.Duration     // how long it is known whom messages have reached
	keepSent time.Duration     // and by which ids providers have confirmed them
	asked    map[string][]byte // read ahead; nil where there is nothing
	dirty    map[string]value  // to be written; nil to be deleted
	touched  map[rooms.UMID]touch
	fresh    []rooms.Header // of messages that were not known before
}

// touch is a message in this transaction, and how it was before.
type touch struct {
	now    *message
	before message
	stored bool
}

// Orders of messages: of a room, of those finished and not erased, of all, of those of a room and of a client that wait, of
// those of a room of which deliveries went wrong.
const (
	roomOrder   = "l:"
	finishOrder = "f"
	keptOrder   = "k"
	heldOrder   = "h:"
	waitOrder   = "w:"
	deadOrder   = "x:"
)

// waitingOf is the order of what a client has waiting. His name may hold anything, also what separates keys.
func waitingOf(c rooms.Client) string {
	return waitOrder + base64.RawURLEncoding.EncodeToString([]byte(c))
}

func messageKey(u rooms.UMID) string { return "m:" + string(u) }
func txKey(id string) string         { return "t:" + id }

func pageKey(u rooms.UMID, n int) string {
	return "d:" + string(u) + ":" + strconv.Itoa(n)
}

func newBatch(tx transaction, c *cache, ids *filter, o Options) *batch {
	return &batch{tx: tx, cache: c, ids: ids, keep: o.Keep, keepSent: o.KeepSent, asked: map[string][]byte{}, dirty: map[string]value{},
		touched: map[rooms.UMID]touch{}}
}

// ahead reads what is not at hand of the keys, all at once.
func (b *batch) ahead(keys []string) error {
	keys = slices.DeleteFunc(keys, func(k string) bool {
		_, ok := b.cache.items[k]
		return ok
	})
	slices.Sort(keys)
	keys = slices.Compact(keys)
	values, err := b.tx.get(keys...)
	if err != nil {
		return err
	}
	for _, k := range keys {
		b.asked[k] = values[k]
	}
	return nil
}

// load gives the value of a key to be changed; the zero value if there is none. What was
// changed must be put.
func load[T any, P stored[T]](b *batch, key string) (P, error) {
	if v, ok := b.cache.get(key); ok {
		return v.(P), nil
	}
	raw, err := b.fetch(key)
	if err != nil {
		return nil, err
	}
	v := P(new(T))
	if raw != nil {
		if err := v.unpack(raw); err != nil {
			return nil, err
		}
	}
	b.cache.put(key, v)
	return v, nil
}

func (b *batch) fetch(key string) ([]byte, error) {
	if v, ok := b.dirty[key]; ok && v == nil {
		return nil, nil
	}
	if raw, ok := b.asked[key]; ok {
		return raw, nil
	}
	values, err := b.tx.get(key)
	return values[key], err
}

func (b *batch) put(key string, v value) {
	b.dirty[key] = v
	b.cache.put(key, v)
}

func (b *batch) drop(key string) {
	b.dirty[key] = nil
	b.cache.drop(key)
}

// message gives a message to be changed; what becomes of it is seen in settle.
func (b *batch) message(u rooms.UMID) (*message, error) {
	if t, ok := b.touched[u]; ok {
		return t.now, nil
	}
	key := messageKey(u)
	_, stored := b.cache.get(key)
	m, err := load[message](b, key)
	if err != nil {
		return nil, err
	}
	m.name(u)
	b.touched[u] = touch{m, *m, stored || b.asked[key] != nil}
	return m, nil
}

// finish settles the messages that were touched and writes all that has changed, in the order
// of the keys, which SQLite likes best.
func (b *batch) finish() error {
	if err := b.settle(); err != nil {
		return err
	}
	var gone []string
	for _, key := range slices.Sorted(maps.Keys(b.dirty)) {
		v := b.dirty[key]
		if v == nil {
			gone = append(gone, key)
			continue
		}
		b.cache.put(key, v)
		if err := b.store(key, v); err != nil {
			return err
		}
	}
	return b.tx.remove(gone)
}

// store writes a value. Whom nothing reaches any more is forgotten in time.
func (b *batch) store(key string, v value) error {
	switch v.(type) {
	case *reached, *contacted, *recipient:
		return b.tx.setFor(key, v.pack(), b.keep)
	case *sent:
		return b.tx.setFor(key, v.pack(), b.keepSent)
	}
	return b.tx.set(key, v.pack())
}

// settle brings the look-ups and orders up to date with the messages.
func (b *batch) settle() error {
	var txids []string
	for u, t := range b.touched {
		if *t.now == t.before {
			b.forgetUnsaid(u, t)
			continue
		}
		b.put(messageKey(u), t.now)
		if t.now.header != t.before.header && t.now.header.TxID != "" {
			txids = append(txids, txKey(t.now.header.TxID))
		}
	}
	if err := b.ahead(txids); err != nil {
		return err
	}
	for _, u := range slices.Sorted(maps.Keys(b.touched)) {
		if err := b.settleOne(u, b.touched[u]); err != nil {
			return err
		}
	}
	return nil
}

// forgetUnsaid drops a message of which nothing is stored and nothing was said.
func (b *batch) forgetUnsaid(u rooms.UMID, t touch) {
	if !t.stored {
		b.cache.drop(messageKey(u))
		delete(b.touched, u)
	}
}

func (b *batch) settleOne(u rooms.UMID, t touch) error {
	if !t.stored {
		if err := b.insert(keptOrder, u); err != nil {
			return err
		}
	}
	if t.now.header != t.before.header {
		if err := b.remember(t.now.header); err != nil {
			return err
		}
	}
	if t.now.known && !t.before.known {
		b.fresh = append(b.fresh, t.now.header)
		if err := b.insert(roomOrder+string(t.now.header.Room), u); err != nil {
			return err
		}
	}
	if err := b.settleHeld(u, t); err != nil {
		return err
	}
	if err := b.settleDead(u, t); err != nil {
		return err
	}
	switch was, is := t.before.erasable(), t.now.erasable(); {
	case is && !was:
		return b.insert(finishOrder, u)
	case was && !is:
		return b.remove(finishOrder, u)
	}
	return nil
}

// remember keeps the transaction id of a message. Of two messages with one id, which the
// publisher's check prevents, the earlier counts.
func (b *batch) remember(h rooms.Header) error {
	if h.TxID == "" {
		return nil
	}
	key := txKey(h.TxID)
	k, err := load[Known](b, key)
	if err != nil || k.UMID != "" && k.UMID < h.UMID {
		return err
	}
	*k = Known{UMID: h.UMID, MHASH: h.MHASH, Room: h.Room, ReceivedAt: h.ReceivedAt}
	b.ids.add(h.TxID)
	b.put(key, k)
	return nil
}
