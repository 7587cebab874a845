package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// Keys knows whose the keys of the e-mail API are. Its errors are those of package registry.
type Keys interface {
	Client(ctx context.Context, key rooms.Secret) (rooms.Client, error)
	Make(ctx context.Context, c, by rooms.Client) (rooms.APIKey, rooms.Secret, error)
	List(ctx context.Context, c rooms.Client) ([]rooms.APIKey, error)
	Revoke(ctx context.Context, c rooms.Client, id string) error
	RevokeAll(ctx context.Context, c rooms.Client) error
}

// makeAPIKey gives a client that is registered as a sender a key, and the room for what it sends with it. What signs its
// callbacks is shown beside, since with a key alone it cannot ask.
func (s *Server) makeAPIKey(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	one, err := s.deps.Senders.Get(ctx, client)
	if err != nil {
		return answer{}, err
	}
	if c.room.Name, err = emailRoom(ctx, s.deps.Rooms, one); err != nil {
		return answer{}, err
	}
	secret, err := s.deps.Callbacks.Secret(ctx, client)
	if err != nil {
		return answer{}, err
	}
	made, key, err := s.deps.APIKeys.Make(ctx, client, c.client)
	if err != nil {
		return answer{}, err
	}
	c.key = made.ID
	return jsonAnswer(http.StatusCreated, v1.NewAPIKey{
		ID: made.ID, Client: string(client), Room: string(c.room.Name), Key: key.Reveal(), CallbackSecret: secret.Reveal(),
		CreatedAt: moment(made.Since), CreatedBy: string(made.By),
	})
}

// emailRoom makes sure that the room for a client's e-mail API calls is there, and the client may name recipients in it. A
// room of that name that was made for something else stays as it is.
func emailRoom(ctx context.Context, all Rooms, one rooms.Registration) (rooms.Room, error) {
	name := rooms.EmailRoom(one.Client)
	_, err := all.Create(ctx, rooms.RoomConfig{
		Name: name, Title: one.Organisation, Publishers: []rooms.Publisher{{Client: one.Client, Direct: true}},
	})
	if !errors.Is(err, registry.ErrExists) {
		return name, err
	}
	there, got := all.Get(ctx, name)
	if _, direct := there.MayPublish(one.Client); got == nil && direct {
		return name, nil
	}
	return name, errors.Join(err, got)
}

func (s *Server) listAPIKeys(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	all, err := s.deps.APIKeys.List(c.context(), client)
	if err != nil {
		return answer{}, err
	}
	list := v1.APIKeyList{Keys: []v1.APIKey{}}
	for _, one := range all {
		list.Keys = append(list.Keys, v1.APIKey{
			ID: one.ID, Client: string(one.Client), Room: string(rooms.EmailRoom(client)), CreatedAt: moment(one.Since), CreatedBy: string(one.By),
		})
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) revokeAPIKey(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	if c.key, err = parameter("key", mux.Vars(c.r)["key"], rooms.ParseAPIKeyID); err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.APIKeys.Revoke(ctx, client, c.key); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
