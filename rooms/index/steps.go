package index

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/govcrier/crier/rooms"
)

const (
	// maxSteps is how many steps a page remembers: the latest.
	maxSteps = 16 * rooms.PageSize
	// MaxSteps is how many of one delivery are told: the latest.
	MaxSteps = 100
)

// step is where in EVENTS something stands that happened to the i-th delivery of a page.
type step struct {
	sequence uint64
	i        int
}

func (s step) compare(t step) int {
	return cmp.Or(cmp.Compare(s.sequence, t.sequence), cmp.Compare(s.i, t.i))
}

// steps are those of a page in their order, each as the distance from the one before and the number of the delivery. What they
// are does not depend on the order of folding.
type steps struct {
	count      int
	base, last uint64 // where the first counts from, and the sequence of the last
	raw        []byte
}

// note takes one in. Nearly always it comes after all others.
func (s *steps) note(one step) {
	switch {
	case one.sequence == 0: // nobody knows where it stands
		return
	case s.count == 0:
		*s = steps{base: one.sequence, last: one.sequence}
		s.append(one)
	case one.sequence > s.last:
		s.append(one)
	default:
		s.insert(one)
	}
	if s.count > maxSteps {
		s.dropFirst()
	}
}

func (s *steps) append(one step) {
	s.raw = binary.AppendUvarint(s.raw, one.sequence-s.last)
	s.raw = binary.AppendUvarint(s.raw, uint64(one.i)) //nolint:gosec // not negative: see pageOf
	s.last = one.sequence
	s.count++
}

func (s *steps) insert(one step) {
	all, err := s.all()
	at, found := slices.BinarySearchFunc(all, one, step.compare)
	if err != nil || found {
		return
	}
	all = slices.Insert(all, at, one)
	*s = steps{base: all[0].sequence, last: all[0].sequence}
	for _, one := range all {
		s.append(one)
	}
}

func (s *steps) dropFirst() {
	r := reader{raw: s.raw}
	s.base += r.uvarint()
	r.uvarint()
	s.raw, s.count = r.raw, s.count-1
}

// all gives them in their order.
func (s *steps) all() ([]step, error) {
	list := make([]step, 0, s.count)
	r, at := reader{raw: s.raw}, s.base
	for len(r.raw) > 0 {
		at += r.uvarint()
		list = append(list, step{at, int(r.uvarint() & 0xffff)}) //nolint:gosec // 16 bits
	}
	if len(list) != s.count || at != s.last {
		return nil, errDamaged
	}
	return list, r.end()
}

// pack writes them behind what stands there; nothing if there are none.
func (s *steps) pack(before []byte) []byte {
	if s.count == 0 {
		return before
	}
	b := make([]byte, len(before), len(before)+3*binary.MaxVarintLen64+len(s.raw))
	copy(b, before)
	for _, n := range []uint64{uint64(s.count), s.base, s.last - s.base} { //nolint:gosec // a count
		b = binary.AppendUvarint(b, n)
	}
	return append(b, s.raw...)
}

func (s *steps) unpack(raw []byte) error {
	*s = steps{}
	if len(raw) == 0 {
		return nil
	}
	r := reader{raw: raw}
	s.count, s.base = int(r.uvarint()&(1<<31-1)), r.uvarint() //nolint:gosec // 31 bits
	s.last = s.base + r.uvarint()
	if r.bad || s.base == 0 || s.count == 0 || s.count > maxSteps {
		return errDamaged
	}
	s.raw = r.raw[:len(r.raw):len(r.raw)]
	return nil
}

// Steps gives where in EVENTS it stands what happened to deliveries of a message, by their numbers: of each the latest
// MaxSteps, the earliest first. Of a page with very many the earliest are forgotten.
func (x *Index) Steps(u rooms.UMID, numbers ...int) (map[int][]uint64, error) {
	found := make(map[int][]uint64, len(numbers))
	pages := map[int]bool{}
	for _, n := range numbers {
		if n >= 0 {
			found[n], pages[n/rooms.PageSize] = nil, true
		}
	}
	err := x.view(func(s source) error {
		for n := range pages {
			if err := stepsOf(s, u, n, found); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// stepsOf adds those of a page to the deliveries that are asked for.
func stepsOf(s source, u rooms.UMID, n int, found map[int][]uint64) error {
	p, _, err := read[page](s, pageKey(u, n))
	if err != nil {
		return err
	}
	all, err := p.steps.all()
	if err != nil {
		return err
	}
	for _, one := range all {
		number := n*rooms.PageSize + one.i
		of, asked := found[number]
		if !asked {
			continue
		}
		if of = append(of, one.sequence); len(of) > MaxSteps {
			of = of[1:]
		}
		found[number] = of
	}
	return nil
}
