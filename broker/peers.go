package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// helperSuffix ends the names of servers that are no nodes: they hold nothing and vote for nobody.
const helperSuffix = "-helper"

// meetCluster looks at the others before this node takes part. Its clock must be theirs.
func (s *Server) meetCluster(ctx context.Context) error {
	helper, err := s.startHelper()
	if err != nil {
		return err
	}
	defer helper.Shutdown()
	nc, err := s.connect(helper, sysUser, "look")
	if err != nil {
		return err
	}
	defer nc.Close()
	if err := s.clockBeforeStart(ctx, nc); err != nil || !s.manifest.empty {
		return err
	}
	return s.meetAsNew(ctx, nc)
}

// meetAsNew keeps a node that has lost its store from voting again on what it has voted for. It
// waits until somebody leads the others, unless none of them has ever been part of a cluster.
func (s *Server) meetAsNew(ctx context.Context, nc *nats.Conn) error {
	said, until := time.Now(), time.Now().Add(meeting)
	for {
		members, err := members(ctx, nc)
		if err == nil {
			return s.known(members)
		}
		old, err := settled(ctx, nc)
		if err != nil || len(old) == 0 && time.Now().After(until) {
			return err // a new cluster
		}
		if time.Since(said) > saidEvery {
			said = time.Now()
			s.options.Log.Warn("this node's store is empty; it waits until the others have a leader, to learn whether they know it", "present", old)
		}
		if err := pause(ctx, readyPause); err != nil {
			return err
		}
	}
}

// meeting is how long a node with an empty store looks for others.
const meeting = 2 * time.Second

func (s *Server) known(members []member) error {
	if slices.ContainsFunc(members, func(m member) bool { return m.Name == s.options.Node }) {
		return ErrForgotten
	}
	return nil
}

// settled lists the nodes that answer and have been part of a cluster.
func settled(ctx context.Context, nc *nats.Conn) ([]string, error) {
	all, err := nodes(ctx, nc)
	var names []string
	for _, n := range all {
		if n.Joined {
			names = append(names, n.Name)
		}
	}
	return names, err
}

// startHelper starts a server that holds nothing, with routes to the nodes.
func (s *Server) startHelper() (*server.Server, error) {
	opts, err := s.plainOptions(s.options.Node + helperSuffix)
	if err != nil {
		return nil, err
	}
	opts.Cluster.Host, opts.Cluster.Port = "127.0.0.1", server.RANDOM_PORT
	return run(opts, s.options)
}

// member is a node as RAFT knows it.
type member struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
	Offline bool   `json:"offline,omitzero"`
	Peer    string `json:"peer"`
}

// members asks the leader of the cluster who belongs to it, itself included.
func members(ctx context.Context, nc *nats.Conn) ([]member, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, "$SYS.REQ.SERVER.PING.JSZ", []byte(`{"leader_only":true}`))
	if err != nil {
		return nil, fmt.Errorf("broker: nobody leads the cluster: %w", err)
	}
	var answer struct {
		Data struct {
			Meta *struct {
				Leader   string   `json:"leader"`
				Peer     string   `json:"peer"`
				Replicas []member `json:"replicas"`
			} `json:"meta_cluster"`
		} `json:"data"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return nil, fmt.Errorf("broker: read who belongs to the cluster: %w", err)
	}
	meta := answer.Data.Meta
	if meta == nil || meta.Leader == "" {
		return nil, errors.New("broker: nobody leads the cluster")
	}
	return append(meta.Replicas, member{Name: meta.Leader, Current: true, Peer: meta.Peer}), nil
}
