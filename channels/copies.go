package channels

import (
	"slices"

	"github.com/govcrier/crier/rooms"
)

// copies are those of an e-mail that may go out: who takes nothing, or wants nothing more of the room, gets no copy either;
// emergencies go to them all the same. Who was erased since the message was accepted gets none at all.
func (w *worker) copies(j work, o order) []rooms.Copy {
	all := o.To.Copies
	if w.suppressions == nil || len(all) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(c rooms.Copy) bool {
		at := rooms.Endpoint{Channel: rooms.Email, Address: c.Address}
		return w.suppressions.Erased(at, o.accepted) ||
			j.Lane != rooms.Emergency && (w.suppressions.Holds(at) || w.suppressions.Stopped(j.Room, at))
	})
}
