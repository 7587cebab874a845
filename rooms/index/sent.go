package index

import (
	"cmp"
	"encoding/binary"

	"github.com/govcrier/crier/rooms"
)

// sent is an attempt that a provider has confirmed, under the id that it gave.
type sent struct{ rooms.Confirmation }

func sentKey(provider, id string) string { return "s:" + provider + ":" + id }

func (s *sent) size() int { return 256 }

func (s *sent) pack() []byte {
	b := packString(packString(packString(nil, string(s.UMID)), string(s.Room)), string(s.Channel))
	for _, n := range []int{s.N, s.Round, s.Attempt, s.Part, s.Parts} {
		b = binary.AppendVarint(b, int64(n))
	}
	return packTime(b, s.At)
}

func (s *sent) unpack(raw []byte) error {
	r := reader{raw: raw}
	s.UMID, s.Room, s.Channel = rooms.UMID(r.text()), rooms.Room(r.text()), rooms.Channel(r.text())
	for _, n := range []*int{&s.N, &s.Round, &s.Attempt, &s.Part, &s.Parts} {
		*n = int(r.varint())
	}
	s.At = r.time()
	return r.end()
}

// confirm folds what a provider has confirmed. Should it give an id anew, the later message counts.
func (b *batch) confirm(e rooms.Event) error {
	for _, c := range rooms.Confirmations(e) {
		key := sentKey(c.Provider, c.ID)
		s, err := load[sent](b, key)
		if err != nil {
			return err
		}
		if s.UMID == "" || compareAttempts(s.AttemptID, c.AttemptID) < 0 {
			s.Confirmation = c
		}
		b.put(key, s)
	}
	return nil
}

func compareAttempts(a, b rooms.AttemptID) int {
	return cmp.Or(cmp.Compare(a.UMID, b.UMID), cmp.Compare(a.N, b.N), cmp.Compare(a.Round, b.Round), cmp.Compare(a.Attempt, b.Attempt))
}

// Sent gives the attempt that a provider has confirmed under an id; false if none is known. It is known for Options.KeepSent.
func (x *Index) Sent(provider, id string) (rooms.Confirmation, bool, error) {
	var found sent
	known := false
	id = rooms.SameProviderID(id)
	err := x.view(func(s source) error {
		v, ok, err := read[sent](s, sentKey(provider, id))
		if err == nil && ok {
			found, known = *v, true
		}
		return err
	})
	found.Provider, found.ID = provider, id
	return found.Confirmation, known, err
}
