package lanes

import (
	"slices"

	"github.com/govcrier/crier/rooms"
)

// Line is who waits: the most urgent lane first, and within a lane in the order of coming. Whoever uses it from several
// goroutines guards it. Its zero value is empty.
type Line[T comparable] struct{ all []place[T] }

type place[T comparable] struct {
	rank int
	who  T
}

// rank is 0 for the most urgent lane. Who names none is normal.
func rank(l rooms.Lane) int {
	if at := slices.Index(rooms.Lanes(), l); at >= 0 {
		return at
	}
	return slices.Index(rooms.Lanes(), rooms.Normal)
}

// urgent says that nobody is served before.
func urgent(l rooms.Lane) bool { return rank(l) == 0 }

// Join puts somebody at the end of his lane.
func (l *Line[T]) Join(lane rooms.Lane, who T) {
	mine := rank(lane)
	at := slices.IndexFunc(l.all, func(p place[T]) bool { return p.rank > mine })
	if at < 0 {
		at = len(l.all)
	}
	l.all = slices.Insert(l.all, at, place[T]{mine, who})
}

// Next takes out the first of those who may go; ok is false if there is none.
func (l *Line[T]) Next(may func(T) bool) (who T, ok bool) {
	at := slices.IndexFunc(l.all, func(p place[T]) bool { return may(p.who) })
	if at < 0 {
		return who, false
	}
	who = l.all[at].who
	l.all = slices.Delete(l.all, at, at+1)
	return who, true
}

// Leave takes somebody out before his turn; false if he is not there, since his turn has come.
func (l *Line[T]) Leave(who T) bool {
	_, ok := l.Next(func(other T) bool { return other == who })
	return ok
}

// Len is how many wait.
func (l *Line[T]) Len() int { return len(l.all) }

// Anybody may go.
func Anybody[T any](T) bool { return true }
