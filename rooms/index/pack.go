package index

import (
	"encoding/binary"
	"time"

	"github.com/govcrier/crier/rooms"
)

// pack writes a message as it is stored: flags, the header, then numbers, all of variable
// length. What [message.unpack] reads must be written here in the same order.
func (m *message) pack() []byte {
	h := &m.header
	b := make([]byte, 0, 320)
	b = append(b, packFlags(m.known, m.planned, h.Direct, h.Callback))
	for _, s := range []string{string(h.Room), string(h.Type), string(h.Lane), string(h.Publisher),
		h.MHASH, h.TxID, h.Policy.Name, h.CallbackAt} {
		b = packString(b, s)
	}
	b = packTime(packTime(b, h.ReceivedAt), h.ExpiresAt)
	for _, n := range []int{h.Policy.Revision, h.Recipients, m.recipients, m.settled, m.pages, m.wrong, m.helpable, m.undecided, m.dead} {
		b = binary.AppendVarint(b, int64(n))
	}
	for _, n := range m.counts {
		b = binary.AppendVarint(b, int64(n))
	}
	for _, n := range []uint64{h.Sequence, m.firstSent, m.lastDone, m.erased} {
		b = binary.AppendUvarint(b, n)
	}
	return m.packWaited(packControl(b, m.control))
}

// unpack reads what pack wrote; the UMID, which stands in the key, is the caller's to set.
func (m *message) unpack(raw []byte) error {
	r, h := reader{raw: raw}, &m.header
	m.known, m.planned, h.Direct, h.Callback = r.flags()
	h.Room, h.Type, h.Lane = rooms.Room(r.text()), rooms.Type(r.text()), rooms.Lane(r.text())
	h.Publisher = rooms.Client(r.text())
	h.MHASH, h.TxID, h.Policy.Name, h.CallbackAt = r.text(), r.text(), r.text(), r.text()
	h.ReceivedAt, h.ExpiresAt = r.time(), r.time()
	for _, n := range []*int{&h.Policy.Revision, &h.Recipients, &m.recipients, &m.settled, &m.pages, &m.wrong, &m.helpable, &m.undecided, &m.dead} {
		*n = int(r.varint())
	}
	for i := range m.counts {
		m.counts[i] = int(r.varint())
	}
	for _, n := range []*uint64{&h.Sequence, &m.firstSent, &m.lastDone, &m.erased} {
		*n = r.uvarint()
	}
	m.control = r.control()
	m.unpackWaited(&r)
	return r.end()
}

func (m *message) size() int { return 512 }

// name sets the UMID of a message that was read or begun. The header carries it only once it
// is known.
func (m *message) name(u rooms.UMID) {
	m.base = u.Time().UnixMilli()
	if m.known {
		m.header.UMID = u
	}
}

// Known is what is remembered of a transaction id.
type Known struct {
	UMID       rooms.UMID
	MHASH      string
	Room       rooms.Room
	ReceivedAt time.Time
}

func (k *Known) pack() []byte {
	b := packString(packString(nil, string(k.UMID)), k.MHASH)
	return packTime(packString(b, string(k.Room)), k.ReceivedAt)
}

func (k *Known) unpack(raw []byte) error {
	r := reader{raw: raw}
	k.UMID, k.MHASH, k.Room = rooms.UMID(r.text()), r.text(), rooms.Room(r.text())
	k.ReceivedAt = r.time()
	return r.end()
}

func (k *Known) size() int { return 256 }

// number is a position in the log.
type number uint64

func (n *number) pack() []byte { return binary.BigEndian.AppendUint64(nil, uint64(*n)) }
func (n *number) size() int    { return 8 }

func (n *number) unpack(raw []byte) error {
	if len(raw) != 8 {
		return errDamaged
	}
	*n = number(binary.BigEndian.Uint64(raw))
	return nil
}

func packFlags(flags ...bool) byte {
	var b byte
	for i, set := range flags {
		if set {
			b |= 1 << i
		}
	}
	return b
}

func packString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// packTime writes nanoseconds of the Unix time; the zero time as 0.
func packTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixNano())
}

// reader takes values off raw; after the first that is not there, all are zero and bad is set.
type reader struct {
	raw []byte
	bad bool
}

func (r *reader) flags() (a, b, c, d bool) {
	if len(r.raw) == 0 {
		r.bad = true
		return false, false, false, false
	}
	f := r.raw[0]
	r.raw = r.raw[1:]
	return f&1 != 0, f&2 != 0, f&4 != 0, f&8 != 0
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.raw)
	r.skip(size)
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.raw)
	r.skip(size)
	return n
}

func (r *reader) skip(size int) {
	if size <= 0 {
		r.raw, r.bad = nil, true
		return
	}
	r.raw = r.raw[size:]
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.raw)) {
		r.raw, r.bad = nil, true
		return ""
	}
	s := string(r.raw[:n])
	r.raw = r.raw[n:]
	return s
}

func (r *reader) time() time.Time {
	ns := r.varint()
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// end says whether all was there, and nothing more.
func (r *reader) end() error {
	if r.bad || len(r.raw) > 0 {
		return errDamaged
	}
	return nil
}
