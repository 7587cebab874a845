package index

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
)

// An order is a set of UMIDs in their order, kept as chunks of packed UMIDs and one directory
// of the chunks, so that adding a thousand of the newest writes three values or four. UMIDs
// carry the time of acceptance, so the order does not depend on which stream was folded first.

const (
	chunkMax  = 256 // UMIDs in a chunk
	umidSize  = 16  // bytes of a packed UMID
	entrySize = umidSize + 4
)

// packed is a UMID as its 128 bits; they compare as the UMIDs do.
type packed = ulid.ULID

func packUMID(u rooms.UMID) (packed, error) {
	p, err := ulid.ParseStrict(string(u))
	if err != nil {
		return packed{}, rooms.ErrName
	}
	return p, nil
}

// directory lists the chunks of an order; next numbers the chunk to come.
type directory struct {
	next    uint32
	entries []entry
}

// entry is a chunk: the least UMID that belongs into it, and its number.
type entry struct {
	first packed
	id    uint32
}

// at is the entry into which a UMID belongs; 0 if it comes before all.
func (d *directory) at(u packed) int {
	n := sort.Search(len(d.entries), func(i int) bool { return d.entries[i].first.Compare(u) > 0 })
	return max(n-1, 0)
}

// add makes a new chunk at position i.
func (d *directory) add(i int, first packed) entry {
	e := entry{first, d.next}
	d.next++
	d.entries = slices.Insert(d.entries, i, e)
	return e
}

func (d *directory) size() int { return 64 + cap(d.entries)*entrySize }

func (d *directory) pack() []byte {
	b := make([]byte, 0, 4+len(d.entries)*entrySize)
	b = binary.BigEndian.AppendUint32(b, d.next)
	for _, e := range d.entries {
		b = binary.BigEndian.AppendUint32(append(b, e.first[:]...), e.id)
	}
	return b
}

func (d *directory) unpack(raw []byte) error {
	if len(raw) < 4 || (len(raw)-4)%entrySize != 0 {
		return errDamaged
	}
	d.next = binary.BigEndian.Uint32(raw)
	d.entries = make([]entry, 0, len(raw)/entrySize+1)
	for raw = raw[4:]; len(raw) > 0; raw = raw[entrySize:] {
		d.entries = append(d.entries, entry{packed(raw[:umidSize]), binary.BigEndian.Uint32(raw[umidSize:])})
	}
	return nil
}

// chunk is a run of packed UMIDs in ascending order, as it is stored.
type chunk struct{ raw []byte }

func (c *chunk) size() int    { return cap(c.raw) }
func (c *chunk) pack() []byte { return c.raw }

func (c *chunk) unpack(raw []byte) error {
	if len(raw)%umidSize != 0 {
		return errDamaged
	}
	c.raw = raw
	return nil
}

func (c *chunk) len() int        { return len(c.raw) / umidSize }
func (c *chunk) at(i int) packed { return packed(c.raw[i*umidSize : (i+1)*umidSize]) }

// find is where u stands, or would.
func (c *chunk) find(u packed) (int, bool) {
	i := sort.Search(c.len(), func(i int) bool { return bytes.Compare(c.raw[i*umidSize:(i+1)*umidSize], u[:]) >= 0 })
	return i, i < c.len() && c.at(i) == u
}

func (c *chunk) insert(i int, u packed) { c.raw = slices.Insert(c.raw, i*umidSize, u[:]...) }
func (c *chunk) remove(i int)           { c.raw = slices.Delete(c.raw, i*umidSize, (i+1)*umidSize) }

// split cuts the upper part off a full chunk: half of it, or nothing if u comes after all, so
// that an order that only grows at its end has full chunks.
func (c *chunk) split(u packed) *chunk {
	cut := c.len() / 2
	if c.at(c.len()-1).Compare(u) < 0 {
		cut = c.len()
	}
	upper := &chunk{raw: slices.Clone(c.raw[cut*umidSize:])}
	c.raw = c.raw[:cut*umidSize]
	return upper
}
