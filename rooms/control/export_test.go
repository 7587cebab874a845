package control

import (
	"context"
	"time"

	"github.com/govcrier/crier/rooms"
)

// LookOnce does what a new keeper does first.
func (k *Keeper) LookOnce(ctx context.Context) error {
	k.done = map[rooms.UMID]time.Time{}
	return k.look(ctx)
}
