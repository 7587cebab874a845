package index

import "container/list"

// value is what the index keeps under one key.
type value interface {
	pack() []byte
	size() int // bytes that it takes in memory, roughly
}

// stored is a pointer to a value of type T that can be read back.
type stored[T any] interface {
	*T
	value
	unpack(raw []byte) error
}

// cache keeps the values that the writer used last, so that one transaction need not read what
// the last one wrote. It belongs to the writer and is not safe for concurrent use.
type cache struct {
	limit, used int
	items       map[string]*list.Element
	recent      *list.List // of *item, the last used in front
}

type item struct {
	key   string
	value value
	size  int
}

func newCache(limit int) *cache {
	return &cache{limit: limit, items: map[string]*list.Element{}, recent: list.New()}
}

func (c *cache) get(key string) (value, bool) {
	e, ok := c.items[key]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*item).value, true
}

// put keeps a value, or takes note that a kept one has changed its size.
func (c *cache) put(key string, v value) {
	e, ok := c.items[key]
	if !ok {
		e = c.recent.PushFront(&item{key: key})
		c.items[key] = e
	}
	i := e.Value.(*item)
	size := len(key) + v.size()
	c.used += size - i.size
	i.value, i.size = v, size
}

func (c *cache) drop(key string) {
	e, ok := c.items[key]
	if !ok {
		return
	}
	c.recent.Remove(e)
	c.used -= e.Value.(*item).size
	delete(c.items, key)
}

// shrink drops what was used least until the rest is within the limit. It is called between
// transactions: within one, what was used stays.
func (c *cache) shrink() {
	for c.used > c.limit && c.recent.Len() > 0 {
		c.drop(c.recent.Back().Value.(*item).key)
	}
}

// clear forgets everything, as after a transaction that was rolled back.
func (c *cache) clear() {
	c.items, c.used = map[string]*list.Element{}, 0
	c.recent.Init()
}
