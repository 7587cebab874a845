package index

import (
	"time"

	"github.com/govcrier/crier/rooms"
)

// atOnce is how many messages Since reads at once.
const atOnce = 1000

// Since calls fn with the headers of the messages that are known and were accepted at t or later, in parts, in the order of
// their UMIDs. What is folded during the call may be among them or not. It ends early where the file is damaged, which is then
// begun anew, so that the observer is told all again.
func (x *Index) Since(t time.Time, fn func([]rooms.Header)) error {
	var after, end packed
	if err := after.SetTime(uint64(max(t.UnixMilli()-1, 0))); err != nil {
		return err
	}
	for i := range end {
		end[i] = 0xff
	}
	for {
		var found []packed
		var headers []rooms.Header
		err := x.view(func(s source) (err error) {
			if found, err = ascend(s, keptOrder, after, end, atOnce); err != nil {
				return err
			}
			headers, err = headersOf(s, found)
			return err
		})
		switch {
		case damaged(err):
			return nil
		case err != nil:
			return err
		}
		fn(headers)
		if len(found) < atOnce {
			return nil
		}
		after = found[len(found)-1]
	}
}

// headersOf reads the headers of messages, of those that have one.
func headersOf(s source, all []packed) ([]rooms.Header, error) {
	keys := make([]string, len(all))
	for i, u := range all {
		keys[i] = messageKey(rooms.UMID(u.String()))
	}
	values, err := s.get(keys...)
	if err != nil {
		return nil, err
	}
	headers := make([]rooms.Header, 0, len(all))
	for i, key := range keys {
		raw, ok := values[key]
		if !ok {
			continue
		}
		var m message
		if err := m.unpack(raw); err != nil {
			return nil, err
		}
		m.name(rooms.UMID(all[i].String()))
		if m.known {
			headers = append(headers, m.header)
		}
	}
	return headers, nil
}
