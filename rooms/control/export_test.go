package control

import "context"

// Look looks once at all there is.
func (k *Keeper) Look(ctx context.Context) error { return k.look(ctx) }
