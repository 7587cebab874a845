package edge_test

import (
	"context"
	"errors"
	"testing"

	"github.com/govcrier/crier/api/edge"
	"github.com/govcrier/crier/rooms"
)

// everybody is known by his token, has all rights in a room, and is not blocked.
type everybody struct{}

func (everybody) Bearer(_ context.Context, token string) (edge.Bearer, error) {
	return edge.Bearer{Client: token}, nil
}

func (everybody) List(context.Context) ([]rooms.RoomConfig, error) {
	return []rooms.RoomConfig{{Name: "newborn", Admins: []rooms.Client{"hosp-7", rooms.Gateway}}}, nil
}

func (everybody) Owned(context.Context, rooms.Client) (map[rooms.Room][]string, error) {
	return nil, nil
}

func (everybody) Has(rooms.Client) bool { return false }

// No token makes anybody the gateway itself.
func TestNobodyIsTheGateway(t *testing.T) {
	g := &edge.Gatekeeper{Verifier: everybody{}, Rooms: everybody{}, Consumers: everybody{}, Blocked: everybody{}}
	if _, err := g.Admit(t.Context(), "hosp-7"); err != nil {
		t.Error(err)
	}
	if _, err := g.Admit(t.Context(), string(rooms.Gateway)); !errors.Is(err, edge.ErrBlocked) {
		t.Errorf("got %v", err)
	}
}
