package broker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
)

// reviewEvery is the time between two looks at those who are in.
const reviewEvery = time.Second

// Connection is a guest who is connected.
type Connection struct {
	Node          string    `json:"node"`
	ID            uint64    `json:"id"` // of the node's own
	Client        string    `json:"client"`
	Kind          string    `json:"kind"` // nats or websocket
	Address       string    `json:"address"`
	Software      string    `json:"software,omitzero"` // the library that it says it uses
	Since         time.Time `json:"since"`
	Until         time.Time `json:"until"` // the end of its token
	Subscriptions int       `json:"subscriptions"`
	Sent          int64     `json:"sent"`     // messages to it
	Received      int64     `json:"received"` // messages from it
	Pending       int       `json:"pending"`  // bytes that wait for it
}

// watchGuests disconnects who may no longer do what he was let in for, and who does not read.
func (s *Server) watchGuests() {
	for pause(s.running, reviewEvery) == nil {
		for id, in := range s.guests() {
			if !s.door.keeper.Keep(s.running, in.guest) {
				s.disconnect(id, in, "it has lost a right")
			}
		}
		s.dropGreedy()
	}
}

// guests are those who are in; who has left is forgotten.
func (s *Server) guests() map[uint64]session {
	d := s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.sessions, func(id uint64, in session) bool {
		return s.nats.GetClient(id) == nil && time.Since(in.since) > loginWait
	})
	return maps.Clone(d.sessions)
}

func (s *Server) disconnect(id uint64, in session, why string) {
	if s.nats.DisconnectClientByID(id) == nil { // else it has left
		s.options.Log.Info("a client was disconnected", "client", in.guest.Client, "why", why)
	}
}

// dropGreedy disconnects those for whom too much waits, and those who subscribe to too much.
func (s *Server) dropGreedy() {
	in := s.guests()
	o := s.options.NATS
	for _, rule := range []struct {
		sort server.SortOpt
		over func(*server.ConnInfo) bool
		why  string
	}{
		{server.ByPending, func(c *server.ConnInfo) bool { return c.Pending > o.MaxPending }, "it does not read"},
		{server.BySubs, func(c *server.ConnInfo) bool { return int(c.NumSubs) > o.MaxSubscriptions }, "it has too many subscriptions"},
	} {
		worst, err := s.nats.Connz(&server.ConnzOptions{Sort: rule.sort, Limit: 64})
		if err != nil {
			return // the server stops
		}
		for _, c := range worst.Conns {
			if g, ok := in[c.Cid]; ok && rule.over(c) {
				s.disconnect(c.Cid, g, rule.why)
			}
		}
	}
}

// connectionsSubject, in the account SYS, asks every node who is connected there.
const connectionsSubject = "crier.connections"

// maxConnections is how many connections a node lists.
const maxConnections = 10_000

// Connections lists the guests who are connected, to whatever node that answers, in the order of
// their clients.
func (s *Server) Connections(ctx context.Context) ([]Connection, error) {
	if s.sys == nil {
		return s.connections(), nil
	}
	all, err := nodes(ctx, s.sys)
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, listWait)
	defer cancel()
	var list []Connection
	answers := 0
	err = askAll(limited, s.sys, connectionsSubject, nil, func(answer []byte) bool {
		var part []Connection
		if json.Unmarshal(answer, &part) == nil {
			list = append(list, part...)
		}
		answers++
		return answers >= len(all)
	})
	if limited.Err() != nil && ctx.Err() == nil {
		s.options.Log.Warn("not every node said who is connected", "asked", len(all), "answered", answers)
		err = nil
	}
	sortConnections(list)
	return list, err
}

// listWait is how long nodes may take to list who is connected.
const listWait = 3 * time.Second

func sortConnections(list []Connection) {
	slices.SortFunc(list, func(a, b Connection) int {
		return strings.Compare(a.Client+" "+a.Node, b.Client+" "+b.Node)
	})
}

// answerConnections has this node say who is connected.
func (s *Server) answerConnections() error {
	return s.answer(connectionsSubject, func([]byte) ([]byte, error) { return json.Marshal(s.connections()) })
}

// connections lists those of this node.
func (s *Server) connections() []Connection {
	list := []Connection{}
	if s.door == nil {
		return list
	}
	in := s.guests()
	open, err := s.nats.Connz(&server.ConnzOptions{Limit: maxConnections})
	if err != nil {
		return list
	}
	for _, c := range open.Conns {
		g, ok := in[c.Cid]
		if !ok {
			continue
		}
		list = append(list, Connection{
			Node: s.options.Node, ID: c.Cid, Client: g.guest.Client, Kind: g.kind, Address: fmt.Sprintf("%s:%d", c.IP, c.Port),
			Software: strings.TrimSpace(c.Lang + " " + c.Version), Since: c.Start, Until: g.guest.Until,
			Subscriptions: int(c.NumSubs), Sent: c.OutMsgs, Received: c.InMsgs, Pending: c.Pending,
		})
	}
	sortConnections(list)
	return list
}
