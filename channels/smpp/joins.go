package smpp

import (
	"bytes"
	"container/list"
	"slices"
	"sync"
	"time"
)

const (
	joinPatience = 10 * time.Minute // for the last part of a text, and how long a whole one is known again
	joinAgain    = time.Minute      // until what could not be passed on is tried again
	maxJoins     = 1000             // texts of which parts are there
	maxJoinsOf   = 20               // of them those of one sender
)

// joins keep parts of texts until the others are there. After joinPatience, or where there are too many, a text is passed on as
// it is.
type joins struct {
	pass func(written) error

	mu   sync.Mutex
	all  map[joinKey]*join
	open *list.List     // of *join: those that are not whole, the oldest first
	of   map[string]int // how many of them a sender has
	shut bool
}

type joinKey struct {
	from, to  string
	reference uint32
	of        int
}

// join is a text of several parts.
type join struct {
	key  joinKey
	open *list.Element

	mu    sync.Mutex // while it is passed on
	parts [][]byte   // nil: not there yet
	first written
	done  bool
	gone  bool // forgotten: a part that comes now is of another
}

func newJoins(pass func(written) error) *joins {
	return &joins{pass: pass, all: map[joinKey]*join{}, open: list.New(), of: map[string]int{}}
}

// add takes a part. The last is taken once the text is passed on; it comes again if that fails.
func (j *joins) add(p part, w written) error {
	key := joinKey{w.from.Text, w.to.Text, p.reference, p.of}
	for {
		t, err := j.enter(key, w)
		if err != nil {
			return err
		}
		if taken, err := j.put(t, p.n, w.octets); taken {
			return err
		}
	}
}

func (j *joins) put(t *join, n int, octets []byte) (taken bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone {
		return false, nil
	}
	if t.parts[n-1] == nil {
		t.parts[n-1] = append([]byte{}, octets...)
	}
	if t.done || slices.ContainsFunc(t.parts, func(part []byte) bool { return part == nil }) {
		return true, nil
	}
	return true, j.finish(t)
}

// enter finds the text to which a part belongs, or begins it. Where there are too many, the oldest go.
func (j *joins) enter(key joinKey, w written) (*join, error) {
	for {
		t, oldest := j.find(key, w)
		if t != nil {
			return t, nil
		}
		if err := j.release(oldest); err != nil {
			return nil, err
		}
	}
}

// find gives a text, or else the one that is to go before there is room for it.
func (j *joins) find(key joinKey, w written) (t, oldest *join) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if t, ok := j.all[key]; ok {
		return t, nil
	}
	if many := j.of[key.from] >= maxJoinsOf; many || j.open.Len() >= maxJoins {
		return nil, j.oldest(key.from, many)
	}
	t = &join{key: key, parts: make([][]byte, key.of), first: w}
	t.open = j.open.PushBack(t)
	j.of[key.from]++
	j.all[key] = t
	time.AfterFunc(joinPatience, func() { j.expire(t) })
	return t, nil
}

// oldest is the one of all, or of a sender.
func (j *joins) oldest(from string, his bool) *join {
	for e := j.open.Front(); e != nil; e = e.Next() {
		if t, _ := e.Value.(*join); !his || t.key.from == from {
			return t
		}
	}
	return nil
}

// release passes a text on as it is, and forgets it.
func (j *joins) release(t *join) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.done {
		return nil
	}
	if err := j.finish(t); err != nil {
		return err
	}
	j.forget(t)
	return nil
}

// finish passes a text on, as much as there is of it.
func (j *joins) finish(t *join) error {
	whole := t.first
	whole.octets = bytes.Join(t.parts, nil)
	if err := j.pass(whole); err != nil {
		return err
	}
	t.done = true
	for i := range t.parts {
		t.parts[i] = []byte{}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open.Remove(t.open)
	if j.of[t.key.from]--; j.of[t.key.from] == 0 {
		delete(j.of, t.key.from)
	}
	return nil
}

// expire forgets a text, after it was passed on.
func (j *joins) expire(t *join) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.gone || j.closed() {
		return
	}
	if !t.done && j.finish(t) != nil {
		time.AfterFunc(joinAgain, func() { j.expire(t) })
		return
	}
	j.forget(t)
}

func (j *joins) forget(t *join) {
	t.gone = true
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.all, t.key)
}

// close has nothing passed on any more.
func (j *joins) close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.shut = true
}

func (j *joins) closed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.shut
}
