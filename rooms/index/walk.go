package index

import "strconv"

// source gives stored values: a transaction of the file.
type source interface {
	get(keys ...string) (map[string][]byte, error)
}

func chunkKey(name string, id uint32) string {
	return name + ":" + strconv.FormatUint(uint64(id), 10)
}

// read decodes one value; the zero one if there is none.
func read[T any, P stored[T]](s source, key string) (P, bool, error) {
	v := P(new(T))
	values, err := s.get(key)
	if err != nil {
		return v, false, err
	}
	raw, ok := values[key]
	if !ok {
		return v, false, nil
	}
	return v, true, v.unpack(raw)
}

// descend gives up to limit UMIDs of an order that come before u, the greatest first; all if u
// is zero.
func descend(s source, name string, u packed, limit int) ([]packed, error) {
	d, _, err := read[directory](s, name)
	if err != nil || len(d.entries) == 0 {
		return nil, err
	}
	i := len(d.entries) - 1
	if !u.IsZero() {
		i = d.at(u)
	}
	var found []packed
	for ; i >= 0 && len(found) < limit; i-- {
		c, _, err := read[chunk](s, chunkKey(name, d.entries[i].id))
		if err != nil {
			return nil, err
		}
		found = c.below(found, u, limit)
	}
	return found, nil
}

// below appends what comes before u, the greatest first, until there are limit.
func (c *chunk) below(found []packed, u packed, limit int) []packed {
	n := c.len()
	if !u.IsZero() {
		n, _ = c.find(u)
	}
	for n--; n >= 0 && len(found) < limit; n-- {
		found = append(found, c.at(n))
	}
	return found
}

// ascend gives up to limit UMIDs of an order that come after u and before end, the least first.
func ascend(s source, name string, u, end packed, limit int) ([]packed, error) {
	d, _, err := read[directory](s, name)
	if err != nil || len(d.entries) == 0 {
		return nil, err
	}
	var found []packed
	for i := d.at(u); i < len(d.entries) && len(found) < limit; i++ {
		if d.entries[i].first.Compare(end) >= 0 {
			break
		}
		c, _, err := read[chunk](s, chunkKey(name, d.entries[i].id))
		if err != nil {
			return nil, err
		}
		found = c.between(found, u, end, limit)
	}
	return found, nil
}

// between appends what comes after u and before end until there are limit.
func (c *chunk) between(found []packed, u, end packed, limit int) []packed {
	n, exact := c.find(u)
	if exact {
		n++
	}
	for ; n < c.len() && len(found) < limit; n++ {
		if c.at(n).Compare(end) >= 0 {
			break
		}
		found = append(found, c.at(n))
	}
	return found
}
