package lanes

import "context"

// toldKey is under which a context keeps who is told.
type toldKey struct{}

// Told gives a context that tells of the calls under it: waits is true when one is about to take a place, and false when it has
// one or goes without. It is told that it has one before ctx is looked at again: who ends ctx until then has kept it from its place.
func Told(ctx context.Context, tell func(waits bool)) context.Context {
	return context.WithValue(ctx, toldKey{}, tell)
}

// Tell tells whoever is told of calls under ctx, if anybody.
func Tell(ctx context.Context, waits bool) {
	if tell, ok := ctx.Value(toldKey{}).(func(bool)); ok {
		tell(waits)
	}
}
