package api

import (
	"net/http"
	"slices"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/rooms"
)

// listConnections shows the NATS clients that are connected, to whatever node.
func (s *Server) listConnections(c *call) (answer, error) {
	all, err := s.deps.Connections.Connections(c.context())
	if err != nil {
		return answer{}, problem.Because(v1.ProblemCodeUnavailable, err)
	}
	list := v1.ConnectionList{Connections: []v1.Connection{}}
	for _, n := range all {
		list.Connections = append(list.Connections, connectionOf(n))
	}
	return jsonAnswer(http.StatusOK, list)
}

func connectionOf(n broker.Connection) v1.Connection {
	return v1.Connection{
		Node: n.Node, ID: int64(n.ID), Client: n.Client, Kind: v1.ConnectionKind(n.Kind), Address: n.Address, Software: n.Software,
		Since: moment(n.Since), Until: moment(n.Until), Subscriptions: int64(n.Subscriptions),
		Sent: n.Sent, Received: n.Received, Pending: int64(n.Pending),
	}
}

// listBlocked shows who is kept out.
func (s *Server) listBlocked(*call) (answer, error) {
	list := v1.BlockedList{Blocked: []v1.Blocked{}}
	for _, b := range s.deps.Blocked.List() {
		list.Blocked = append(list.Blocked, blockedOf(b))
	}
	return jsonAnswer(http.StatusOK, list)
}

func blockedOf(b rooms.Blocked) v1.Blocked {
	return v1.Blocked{Client: string(b.Client), By: string(b.By), Since: moment(b.Since)}
}

// blockClient keeps a client out; a block that is there stays as it is.
func (s *Server) blockClient(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	if client == c.client {
		return answer{}, problem.Parameter("client", v1.FaultCodeInvalidValue, "nobody can block himself")
	}
	b, status := rooms.Blocked{Client: client, By: c.client, Since: moment(s.now())}, http.StatusCreated
	known := s.deps.Blocked.List()
	if at := slices.IndexFunc(known, func(b rooms.Blocked) bool { return b.Client == client }); at >= 0 {
		b, status = known[at], http.StatusOK // stored again: it may have been unblocked on another node a moment ago
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Blocked.Block(ctx, b); err != nil {
		return answer{}, err
	}
	return jsonAnswer(status, blockedOf(b))
}

// unblockClient lets a client in again.
func (s *Server) unblockClient(c *call) (answer, error) {
	client, err := clientOf(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Blocked.Unblock(ctx, client); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// clientOf reads the client of a path, which is then on record.
func clientOf(c *call) (rooms.Client, error) {
	client, err := parameter("client", mux.Vars(c.r)["client"], rooms.ParseClient)
	c.about = client
	return client, err
}
