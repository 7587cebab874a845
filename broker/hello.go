package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
)

// helloSubject, in the account SYS, asks every node who it is.
const helloSubject = "crier.hello"

// answerWait is how long nodes may take to answer.
const answerWait = 300 * time.Millisecond

// node is a running node as it tells about itself.
type node struct {
	Name     string  `json:"name"`
	Role     string  `json:"role"`
	Topology string  `json:"topology"`
	Scale    float64 `json:"scale"`  // of the times of elections
	Joined   bool    `json:"joined"` // has been one of a majority, now or earlier

	Clock time.Time `json:"clock,omitzero"` // when it said so

	ahead time.Duration // its clock, of that of who asked
}

// answerHello has this node say who it is.
func (s *Server) answerHello() error {
	return s.answer(helloSubject, func([]byte) ([]byte, error) { return json.Marshal(s.self()) })
}

func (s *Server) self() node {
	o := s.options
	return node{Name: o.Node, Role: o.Role, Topology: o.Topology, Scale: o.Raft.Scale, Joined: s.manifest.hasJoined(), Clock: time.Now()}
}

// nodes asks all nodes who they are, in the order of their names.
func nodes(ctx context.Context, nc *nats.Conn) ([]node, error) {
	asked := time.Now()
	limited, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	all := map[string]node{}
	err := askAll(limited, nc, helloSubject, nil, func(answer []byte) bool {
		var n node
		if err := json.Unmarshal(answer, &n); err != nil || n.Name == "" {
			return false
		}
		if now := time.Now(); !n.Clock.IsZero() && now.Sub(asked) < 2*answerWait { // else this process was stopped meanwhile
			n.ahead = n.Clock.Sub(now)
		}
		all[n.Name] = n
		return false
	})
	if limited.Err() != nil || errors.Is(err, nats.ErrNoResponders) {
		err = ctx.Err() // no more answers
	}
	return sorted(all), err
}

func sorted(all map[string]node) []node {
	var list []node
	for _, n := range all {
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b node) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// present lists the names of the nodes that answer.
func (s *Server) present(ctx context.Context) []string {
	var names []string
	all, _ := nodes(ctx, s.sys) // fails only with the connection
	for _, n := range all {
		names = append(names, n.Name)
	}
	return names
}

// agree checks that all nodes that answer are configured alike where they must be.
func (s *Server) agree(ctx context.Context) error {
	all, err := nodes(ctx, s.sys)
	if err != nil {
		return err
	}
	own := s.self()
	for _, n := range all {
		if n.Topology != own.Topology || n.Scale != own.Scale {
			return fmt.Errorf("%w: topology %s and raft.scale %v here, %s and %v on %s; stop all nodes to change that",
				ErrDisagree, own.Topology, own.Scale, n.Topology, n.Scale, n.Name)
		}
	}
	return nil
}
