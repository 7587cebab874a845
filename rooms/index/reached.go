package index

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// maxReached is how many messages are remembered of a person: the latest. A room lets through more only if its limit is
// higher.
const maxReached = 256

// reached are the messages that have reached a person, with when, by UMID. Which the latest are does not depend on the
// order of folding.
type reached struct{ raw []byte }

const reachedSize = umidSize + 8

func reachedKey(id rooms.SubscriberID) string { return "r:" + string(id) }

// counts says that an event tells of a message that has reached a person who is counted.
func counts(e rooms.Event) bool {
	return e.Counted && e.Owner != "" && (e.Kind == rooms.EventSent || e.Kind == rooms.EventDelivered)
}

func (r *reached) pack() []byte { return r.raw }
func (r *reached) size() int    { return cap(r.raw) }

func (r *reached) unpack(raw []byte) error {
	if len(raw)%reachedSize != 0 {
		return errDamaged
	}
	r.raw = raw
	return nil
}

func (r *reached) len() int           { return len(r.raw) / reachedSize }
func (r *reached) entry(i int) []byte { return r.raw[i*reachedSize : (i+1)*reachedSize] }
func (r *reached) umid(i int) packed  { return packed(r.entry(i)[:umidSize]) }
func (r *reached) at(i int) int64     { return int64(binary.BigEndian.Uint64(r.entry(i)[umidSize:])) }

// note takes in that a message reached him at a time, in Unix milliseconds; of several times the latest counts.
func (r *reached) note(u packed, at int64) {
	i := 0
	for i < r.len() && r.umid(i).Compare(u) < 0 {
		i++
	}
	if i == r.len() || r.umid(i) != u {
		r.raw = slices.Insert(r.raw, i*reachedSize, binary.BigEndian.AppendUint64(u.Bytes(), 0)...)
	}
	binary.BigEndian.PutUint64(r.entry(i)[umidSize:], uint64(max(at, r.at(i))))
	if r.len() > maxReached {
		r.dropOldest()
	}
}

func (r *reached) dropOldest() {
	oldest := 0
	for i := range r.len() {
		if r.at(i) < r.at(oldest) {
			oldest = i
		}
	}
	r.raw = slices.Delete(r.raw, oldest*reachedSize, (oldest+1)*reachedSize)
}

// reach folds that a person was reached.
func (b *batch) reach(e rooms.Event) error {
	u, err := packUMID(e.UMID)
	if err != nil {
		return nil // nobody can ask for it
	}
	key := reachedKey(e.Owner)
	r, err := load[reached](b, key)
	if err != nil {
		return err
	}
	r.note(u, e.At.UnixMilli())
	b.put(key, r)
	return nil
}

// Reached gives the messages that have reached a person since a moment, with when: the latest 256. It is known for
// Options.Keep.
func (x *Index) Reached(id rooms.SubscriberID, since time.Time) (map[rooms.UMID]time.Time, error) {
	found := map[rooms.UMID]time.Time{}
	err := x.view(func(s source) error {
		r, _, err := read[reached](s, reachedKey(id))
		if err != nil {
			return err
		}
		for i := range r.len() {
			if at := time.UnixMilli(r.at(i)); !at.Before(since) {
				found[rooms.UMID(r.umid(i).String())] = at
			}
		}
		return nil
	})
	return found, err
}
