package api

import (
	"context"

	"github.com/govcrier/crier/api/cap/feed"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// Transactions finds messages again by the transaction ids of those who published them.
type Transactions interface {
	Find(ctx context.Context, transactionID string, clients ...rooms.Client) (publish.Known, bool, error)
}

// AlertLog is where alerts are read. Its errors are those of package stream.
type AlertLog interface {
	feed.Log
	Message(ctx context.Context, sequence uint64) (rooms.Message, error)
}
