package index

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/govcrier/crier/rooms"
)

// maxContacted is how many messages to a contact are remembered: the latest.
const maxContacted = 8

// Contacted is a message that was sent to a contact.
type Contacted struct {
	rooms.DeliveryID
	At    time.Time
	Owner rooms.SubscriberID // whose contact it is, if he subscribes by another
}

// contacted are the latest messages to a contact, the latest last. Which they are does not depend on the order of folding.
type contacted struct{ all []Contacted }

func contactedKey(id rooms.SubscriberID) string { return "c:" + string(id) }

// answerable says that an event tells of a message that may be answered.
func answerable(e rooms.Event) bool {
	return e.Contact != "" && (e.Kind == rooms.EventSent || e.Kind == rooms.EventDelivered)
}

func (c *contacted) size() int { return 64 + 128*len(c.all) }

func (c *contacted) pack() (b []byte) {
	for _, one := range c.all {
		b = packString(packTime(packString(b, string(one.UMID)), one.At), string(one.Owner))
		b = binary.AppendUvarint(b, uint64(one.N)) //nolint:gosec // not negative: see note
	}
	return b
}

func (c *contacted) unpack(raw []byte) error {
	r := reader{raw: raw}
	c.all = nil
	for len(r.raw) > 0 {
		one := Contacted{DeliveryID: rooms.DeliveryID{UMID: rooms.UMID(r.text())}, At: r.time(), Owner: rooms.SubscriberID(r.text())}
		one.N = int(r.uvarint() & (1<<31 - 1)) //nolint:gosec // 31 bits
		c.all = append(c.all, one)
	}
	return r.end()
}

func (c *contacted) note(one Contacted) {
	i := slices.IndexFunc(c.all, func(o Contacted) bool { return o.DeliveryID == one.DeliveryID })
	if i >= 0 {
		if one.At.Before(c.all[i].At) {
			one.At = c.all[i].At
		}
		one.Owner = max(one.Owner, c.all[i].Owner)
		c.all = slices.Delete(c.all, i, i+1)
	}
	c.all = append(c.all, one)
	slices.SortFunc(c.all, func(a, b Contacted) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.UMID, b.UMID), cmp.Compare(a.N, b.N))
	})
	if len(c.all) > maxContacted {
		c.all = slices.Delete(c.all, 0, len(c.all)-maxContacted)
	}
}

// contact folds that a message was sent to a contact.
func (b *batch) contact(e rooms.Event) error {
	if e.N < 0 {
		return nil
	}
	key := contactedKey(e.Contact)
	c, err := load[contacted](b, key)
	if err != nil {
		return err
	}
	c.note(Contacted{rooms.DeliveryID{UMID: e.UMID, N: e.N}, plain(e.At), e.Owner})
	b.put(key, c)
	to := recipientKey(rooms.DeliveryID{UMID: e.UMID, N: e.N})
	r, err := load[recipient](b, to)
	if err != nil {
		return err
	}
	r.note(e)
	b.put(to, r)
	return nil
}

// Contacted gives the latest messages to whoever has one of the ids, the latest first. It is known for Options.Keep.
func (x *Index) Contacted(ids ...rooms.SubscriberID) (found []Contacted, err error) {
	err = x.view(func(s source) error {
		for part := range slices.Chunk(ids, maxKeys) {
			keys := make([]string, len(part))
			for i, id := range part {
				keys[i] = contactedKey(id)
			}
			values, err := s.get(keys...)
			if err != nil {
				return err
			}
			for _, raw := range values {
				c := contacted{}
				if err := c.unpack(raw); err != nil {
					return err
				}
				found = append(found, c.all...)
			}
		}
		return nil
	})
	slices.SortFunc(found, func(a, b Contacted) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.UMID, a.UMID)) })
	return found, err
}
