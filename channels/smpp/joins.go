package smpp

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	joinPatience = 10 * time.Minute // for the last part of a text, and how long a whole one is known again
	joinAgain    = time.Minute      // until what could not be passed on is tried again
	maxJoins     = 1000             // texts of which parts are there
)

var errFull = errors.New("smpp: too many texts of which parts are missing")

// joins keep parts of texts until the others are there. After joinPatience a text is passed on as it is.
type joins struct {
	pass func(written) error

	mu   sync.Mutex
	all  map[joinKey]*join
	open int // those that are not whole
	shut bool
}

type joinKey struct {
	from, to  string
	reference uint32
	of        int
}

// join is a text of several parts.
type join struct {
	mu    sync.Mutex // while it is passed on
	parts [][]byte   // nil: not there yet
	first written
	done  bool
}

func newJoins(pass func(written) error) *joins { return &joins{pass: pass, all: map[joinKey]*join{}} }

// add takes a part. The last is taken once the text is passed on; it comes again if that fails.
func (j *joins) add(p part, w written) error {
	key := joinKey{w.from.Text, w.to.Text, p.reference, p.of}
	t, err := j.enter(key, w)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.parts[p.n-1] == nil {
		t.parts[p.n-1] = append([]byte{}, w.octets...)
	}
	if t.done || slices.ContainsFunc(t.parts, func(part []byte) bool { return part == nil }) {
		return nil
	}
	return j.finish(t)
}

// enter finds the text to which a part belongs, or begins it.
func (j *joins) enter(key joinKey, w written) (*join, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if t, ok := j.all[key]; ok {
		return t, nil
	}
	if j.open >= maxJoins {
		return nil, errFull
	}
	j.open++
	t := &join{parts: make([][]byte, key.of), first: w}
	j.all[key] = t
	time.AfterFunc(joinPatience, func() { j.expire(key, t) })
	return t, nil
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
	j.open--
	return nil
}

// expire forgets a text, after it was passed on.
func (j *joins) expire(key joinKey, t *join) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if j.closed() {
		return
	}
	if !t.done && j.finish(t) != nil {
		time.AfterFunc(joinAgain, func() { j.expire(key, t) })
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.all, key)
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
