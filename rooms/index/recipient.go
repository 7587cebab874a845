package index

import (
	"strconv"
	"time"

	"github.com/govcrier/crier/rooms"
)

// recipient is whom a delivery has reached last: the latest attempt counts, in whatever order it is folded.
type recipient struct {
	at             time.Time
	contact, owner rooms.SubscriberID
}

func recipientKey(id rooms.DeliveryID) string {
	return "n:" + string(id.UMID) + ":" + strconv.Itoa(id.N)
}

func (r *recipient) size() int { return 192 }

func (r *recipient) pack() []byte {
	return packTime(packString(packString(nil, string(r.contact)), string(r.owner)), r.at)
}

func (r *recipient) unpack(raw []byte) error {
	in := reader{raw: raw}
	r.contact, r.owner = rooms.SubscriberID(in.text()), rooms.SubscriberID(in.text())
	r.at = in.time()
	return in.end()
}

func (r *recipient) note(e rooms.Event) {
	if at := plain(e.At); at.After(r.at) || at.Equal(r.at) && e.Contact > r.contact {
		r.at, r.contact = at, e.Contact
	}
	r.owner = max(r.owner, e.Owner)
}

// Recipient names whom a delivery has reached who may answer: as the subscriber whose contact it was, if he subscribes by
// another, and as the contact itself would be known in the room; none if that is not known. It is known for Options.Keep.
func (x *Index) Recipient(id rooms.DeliveryID) (ids []rooms.SubscriberID, err error) {
	err = x.view(func(s source) error {
		r, ok, err := read[recipient](s, recipientKey(id))
		if err != nil || !ok {
			return err
		}
		if r.owner != "" {
			ids = append(ids, r.owner)
		}
		ids = append(ids, r.contact)
		return nil
	})
	return ids, err
}
