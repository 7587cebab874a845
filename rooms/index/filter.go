package index

import (
	"strings"
	"sync"

	"github.com/bits-and-blooms/bloom/v3"
)

// mistaken is the share of unknown transaction ids that are looked up although the filter could
// have told, up to the number that it is made for.
const mistaken = 0.01

// filter knows most of the transaction ids that are not in the file without asking it; nearly
// every request brings such an id.
type filter struct {
	mu   sync.RWMutex
	bits *bloom.BloomFilter
}

func newFilter(ids int) *filter {
	return &filter{bits: bloom.NewWithEstimates(uint(ids), mistaken)}
}

// add is called before the id is in the file; to add one that never comes does no harm.
func (f *filter) add(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bits.AddString(id)
}

// may says that an id may be in the file.
func (f *filter) may(id string) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.bits.TestString(id)
}

// fill adds every id that the file has.
func (f *filter) fill(s *store) error {
	rows, err := s.ro.Query(`select key from rkey where key >= ? and key < ?`, txKey(""), txKey("\uffff"))
	if err != nil {
		return err
	}
	defer rows.Close()
	var key string
	for rows.Next() {
		if err := rows.Scan(&key); err != nil {
			return err
		}
		f.bits.AddString(strings.TrimPrefix(key, txKey("")))
	}
	return rows.Err()
}
