package index

import (
	"slices"

	"github.com/govcrier/crier/rooms"
)

// insert adds u to the order of that name; adding it twice leaves one.
func (b *batch) insert(name string, u rooms.UMID) error {
	p, err := packUMID(u)
	if err != nil {
		return err
	}
	d, err := load[directory](b, name)
	if err != nil {
		return err
	}
	if len(d.entries) == 0 {
		d.add(0, p)
		b.put(name, d)
	}
	i := d.at(p)
	c, err := load[chunk](b, chunkKey(name, d.entries[i].id))
	if err != nil {
		return err
	}
	if c.len() >= chunkMax {
		i, c = b.split(name, d, i, c, p)
	}
	return b.insertInto(name, d, i, c, p)
}

func (b *batch) insertInto(name string, d *directory, i int, c *chunk, p packed) error {
	at, found := c.find(p)
	if found {
		return nil
	}
	c.insert(at, p)
	b.put(chunkKey(name, d.entries[i].id), c)
	if p.Compare(d.entries[i].first) < 0 {
		d.entries[i].first = p
		b.put(name, d)
	}
	return nil
}

// split makes two chunks of the full one at i, and gives the one into which p belongs.
func (b *batch) split(name string, d *directory, i int, c *chunk, p packed) (int, *chunk) {
	if _, found := c.find(p); found {
		return i, c
	}
	upper, first := c.split(p), p
	if upper.len() > 0 {
		first = upper.at(0)
	}
	e := d.add(i+1, first)
	b.put(name, d)
	b.put(chunkKey(name, d.entries[i].id), c)
	b.put(chunkKey(name, e.id), upper)
	if p.Compare(first) < 0 {
		return i, c
	}
	return i + 1, upper
}

// remove takes u out of the order of that name.
func (b *batch) remove(name string, u rooms.UMID) error {
	p, err := packUMID(u)
	if err != nil {
		return err
	}
	d, err := load[directory](b, name)
	if err != nil || len(d.entries) == 0 {
		return err
	}
	i := d.at(p)
	key := chunkKey(name, d.entries[i].id)
	c, err := load[chunk](b, key)
	if err != nil {
		return err
	}
	at, found := c.find(p)
	if !found {
		return nil
	}
	c.remove(at)
	b.put(key, c)
	if c.len() == 0 {
		d.entries = slices.Delete(d.entries, i, i+1)
		b.drop(key)
		b.put(name, d)
	}
	return nil
}
