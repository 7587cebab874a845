package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ErrUnknownNode says that no running node has the name.
var ErrUnknownNode = errors.New("broker: no running node has that name")

const stepDownWait = 2 * time.Second

// StepDown moves leadership: of all groups that from leads, or of all where from is "", to
// the node to, or wherever the engine chooses if that is "". It gives how many were moved.
func (s *Server) StepDown(ctx context.Context, from, to string) (moved int, err error) {
	running, err := nodes(ctx, s.sys)
	if err != nil {
		return 0, err
	}
	for _, name := range []string{from, to} {
		if name != "" && !slices.ContainsFunc(running, func(n node) bool { return n.Name == name }) {
			return 0, fmt.Errorf("%w: %s", ErrUnknownNode, name)
		}
	}
	groups, err := s.groups(ctx)
	if err != nil {
		return 0, err
	}
	if list, err := members(ctx, s.sys); err == nil {
		groups = append(groups, metaGroup(list, len(list)))
	}
	core, err := s.Connect("leaders")
	if err != nil {
		return 0, err
	}
	defer core.Close()
	for _, g := range groups {
		if g.Leader == to || from != "" && g.Leader != from {
			continue
		}
		if err := s.stepDown(ctx, core, g, to); err != nil {
			return moved, fmt.Errorf("broker: move the leader of %s: %w", g, err)
		}
		moved++
	}
	return moved, nil
}

func (s *Server) stepDown(ctx context.Context, core *nats.Conn, g Group, to string) error {
	subject, nc := "$JS.API.META.LEADER.STEPDOWN", s.sys
	switch {
	case g.Consumer != "":
		subject, nc = "$JS.API.CONSUMER.LEADER.STEPDOWN."+g.Stream+"."+g.Consumer, core
	case g.Stream != "":
		subject, nc = "$JS.API.STREAM.LEADER.STEPDOWN."+g.Stream, core
	}
	type placement struct {
		Preferred string `json:"preferred"`
	}
	request := struct {
		Placement *placement `json:"placement,omitzero"`
	}{}
	if to != "" {
		request.Placement = &placement{to}
	}
	return ask(ctx, nc, subject, request)
}

// ask makes a call of the JetStream API that is answered with yes or an error.
func ask(ctx context.Context, nc *nats.Conn, subject string, request any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, stepDownWait)
	defer cancel()
	m, err := nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		return fmt.Errorf("broker: an answer that cannot be read: %w", err)
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

// yieldEvery is the time between two looks of a witness at what it leads.
const yieldEvery = 5 * time.Second

// Yield moves what this node leads to the others, again and again until ctx ends: a witness
// leads only while nobody else can.
func (s *Server) Yield(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.yield(ctx); err != nil && ctx.Err() == nil {
			s.options.Log.Debug("the witness leads for now", "error", err)
		}
		_ = pause(ctx, yieldEvery)
	}
	return ctx.Err()
}

func (s *Server) yield(ctx context.Context) error {
	running, err := nodes(ctx, s.sys)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(running, func(n node) bool { return n.Role == Full })
	if i < 0 {
		return nil
	}
	moved, err := s.StepDown(ctx, s.options.Node, running[i].Name)
	if moved > 0 {
		s.options.Log.Info("a witness leads nothing", "moved", moved, "to", running[i].Name)
	}
	return err
}
