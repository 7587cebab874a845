package api

import (
	"net/http"
	"strconv"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// listClients shows in whose name clients send.
func (s *Server) listClients(c *call) (answer, error) {
	all, err := s.deps.Senders.List(c.context())
	if err != nil {
		return answer{}, err
	}
	list := v1.ClientList{Clients: []v1.RegisteredClient{}}
	for _, one := range all {
		list.Clients = append(list.Clients, registrationOf(one))
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) getClient(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	one, err := s.deps.Senders.Get(c.context(), client)
	if err != nil {
		return answer{}, err
	}
	return registrationAnswer(c, http.StatusOK, one)
}

// putClient registers a client as a sender, or changes its registration if it is still what the caller has read.
func (s *Server) putClient(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	status, entry := http.StatusCreated, uint64(0)
	if len(c.r.Header.Values("If-Match")) > 0 {
		if entry, err = ifMatch(c.r.Header); err != nil {
			return answer{}, err
		}
		status = http.StatusOK
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseRegistration(body)
	if err != nil {
		return answer{}, err
	}
	wanted.Client, wanted.Entry = client, entry
	ctx, cancel := s.beyond(c)
	defer cancel()
	if wanted, err = s.deps.Senders.Put(ctx, wanted); err != nil {
		return answer{}, err
	}
	return registrationAnswer(c, status, wanted)
}

// removeClient ends a client's registration as a sender.
func (s *Server) removeClient(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Senders.Remove(ctx, client); err != nil {
		return answer{}, err
	}
	if err := s.deps.APIKeys.RevokeAll(ctx, client); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

func registrationAnswer(c *call, status int, one rooms.Registration) (answer, error) {
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(one.Entry, 10)+`"`)
	return jsonAnswer(status, registrationOf(one))
}

func registrationOf(one rooms.Registration) v1.RegisteredClient {
	out := v1.RegisteredClient{
		Client: string(one.Client), Organisation: one.Organisation,
		Email: append([]string{}, one.Email...), SMS: append([]string{}, one.SMS...),
		Names: one.Names, RegistrationNumber: one.Number, Replies: v1.RepliesToldIDs,
	}
	if one.FullReplies {
		out.Replies = v1.RepliesToldFull
	}
	return out
}
