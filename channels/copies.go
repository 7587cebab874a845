package channels

import (
	"slices"

	"github.com/govcrier/crier/rooms"
)

// copies are those of an e-mail that may go out: who takes nothing, or wants nothing more of the room, gets no copy either.
// Emergencies go to all.
func (w *worker) copies(j work, all []rooms.Copy) []rooms.Copy {
	if w.suppressions == nil || j.Lane == rooms.Emergency || len(all) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(c rooms.Copy) bool {
		at := rooms.Endpoint{Channel: rooms.Email, Address: c.Address}
		return w.suppressions.Holds(at) || w.suppressions.Stopped(j.Room, at)
	})
}
