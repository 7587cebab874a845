package broker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Status is how a cluster stands, as this node sees it.
type Status struct {
	Node     string       `json:"node"` // who says so
	Topology string       `json:"topology"`
	Majority bool         `json:"majority"`        // enough nodes are there: writes are taken
	Survives bool         `json:"survives"`        // the loss of any one more node would be survived
	Healed   bool         `json:"healed"`          // every group has all its replicas, all of them current
	Words    string       `json:"words"`           // the same for people
	Leader   string       `json:"leader,omitzero"` // of the cluster's own group
	Nodes    []NodeStatus `json:"nodes"`
	Groups   int          `json:"groups"`          // RAFT groups: the cluster's own, streams, consumers
	Behind   []Group      `json:"behind,omitzero"` // those that are not whole
}

// NodeStatus is one node.
type NodeStatus struct {
	Name    string `json:"name"`
	Role    string `json:"role,omitzero"` // unknown of one that does not answer
	Present bool   `json:"present"`       // it answers
	Member  bool   `json:"member"`        // it belongs to the cluster
	Leads   int    `json:"leads"`         // groups that it leads
	// Ahead is how many seconds its clock is ahead of that of the node who says so.
	Ahead float64 `json:"ahead,omitzero"`
}

// Group is a RAFT group: a stream, a consumer, or the cluster's own.
type Group struct {
	Stream   string `json:"stream,omitzero"` // none for the cluster's own
	Consumer string `json:"consumer,omitzero"`
	Leader   string `json:"leader,omitzero"` // none: nothing can be written
	Replicas int    `json:"replicas"`        // how many there should be
	Current  int    `json:"current"`         // how many are there and up to date
}

func (g Group) whole() bool { return g.Leader != "" && g.Current >= g.Replicas }

// spare says whether the group could lose a node and go on.
func (g Group) spare() bool { return g.Leader != "" && g.Current-1 >= g.Replicas/2+1 }

func (g Group) String() string {
	switch {
	case g.Consumer != "":
		return g.Stream + "/" + g.Consumer
	case g.Stream != "":
		return g.Stream
	}
	return "the cluster's own"
}

// statusWait bounds a look at everything: a question may be lost with a connection.
const statusWait = 20 * time.Second

// Status looks at every node and group of a cluster or pair. Without a majority it tells what this node sees alone.
func (s *Server) Status(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	o := s.options
	st := Status{Node: o.Node, Topology: o.Topology}
	running, err := nodes(ctx, s.sys)
	if err != nil {
		return st, err
	}
	list, err := members(ctx, s.sys)
	st.Majority = err == nil
	st.Nodes = nodeList(running, list)
	if st.Majority {
		groups, err := s.groups(ctx)
		if err != nil {
			return st, err
		}
		st.judge(append([]Group{metaGroup(list, max(len(list), o.Replicas()))}, groups...))
		st.Leader = list[len(list)-1].Name
	}
	st.Words = st.words() + clockWords(running, o.Node)
	return st, nil
}

func nodeList(running []node, list []member) []NodeStatus {
	all := map[string]NodeStatus{}
	for _, m := range list {
		all[m.Name] = NodeStatus{Name: m.Name, Member: true}
	}
	for _, n := range running {
		all[n.Name] = NodeStatus{Name: n.Name, Role: n.Role, Present: true, Member: all[n.Name].Member, Ahead: n.ahead.Round(100 * time.Millisecond).Seconds()}
	}
	var out []NodeStatus
	for _, n := range all {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b NodeStatus) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func metaGroup(list []member, want int) Group {
	g := Group{Leader: list[len(list)-1].Name, Replicas: want}
	for _, m := range list {
		if m.Current && !m.Offline {
			g.Current++
		}
	}
	return g
}

// groups lists streams and consumers.
func (s *Server) groups(ctx context.Context) ([]Group, error) {
	js, err := s.jetStream()
	if err != nil {
		return nil, err
	}
	defer js.Conn().Close()
	var all []Group
	streams := js.ListStreams(ctx)
	for info := range streams.Info() {
		all = append(all, groupOf(info.Config.Name, "", info.Cluster, info.Config.Replicas))
		if err := consumerGroups(ctx, js, info, &all); err != nil {
			return nil, err
		}
	}
	if err := streams.Err(); err != nil {
		return nil, fmt.Errorf("broker: list the streams: %w", err)
	}
	return all, nil
}

func consumerGroups(ctx context.Context, js jetstream.JetStream, info *jetstream.StreamInfo, all *[]Group) error {
	stream, err := js.Stream(ctx, info.Config.Name)
	if err != nil {
		return fmt.Errorf("broker: look at stream %s: %w", info.Config.Name, err)
	}
	consumers := stream.ListConsumers(ctx)
	for c := range consumers.Info() {
		if c.Config.Durable == "" {
			continue // somebody reads along; not part of what must survive
		}
		want := c.Config.Replicas
		if want == 0 {
			want = info.Config.Replicas
		}
		*all = append(*all, groupOf(info.Config.Name, c.Name, c.Cluster, want))
	}
	if err := consumers.Err(); err != nil {
		return fmt.Errorf("broker: list the consumers of %s: %w", info.Config.Name, err)
	}
	return nil
}

func groupOf(stream, consumer string, c *jetstream.ClusterInfo, want int) Group {
	g := Group{Stream: stream, Consumer: consumer, Replicas: want}
	if c == nil {
		return g
	}
	if g.Leader = c.Leader; g.Leader != "" {
		g.Current++
	}
	for _, r := range c.Replicas {
		if r.Current && !r.Offline {
			g.Current++
		}
	}
	return g
}

// judge draws the conclusions.
func (s *Status) judge(groups []Group) {
	s.Groups, s.Survives, s.Healed = len(groups), true, true
	for _, g := range groups {
		s.Survives = s.Survives && g.spare()
		if !g.whole() {
			s.Healed = false
			s.Behind = append(s.Behind, g)
		}
		for i := range s.Nodes {
			if s.Nodes[i].Name == g.Leader {
				s.Nodes[i].Leads++
			}
		}
	}
}

func (s *Server) jetStream() (jetstream.JetStream, error) {
	nc, err := s.Connect("status")
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("broker: %w", err)
	}
	return js, nil
}
