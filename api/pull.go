package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/consumers"
	"github.com/govcrier/crier/rooms/stream"
)

// pull hands out messages. If the answer does not reach the caller they are given back at once.
func (s *Server) pull(c *call) (answer, error) {
	c.reads = true
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	asked, err := request.ParsePull(body)
	if err != nil {
		return answer{}, err
	}
	if asked.Wait > 0 {
		if err := s.pulls.enter(c.client); err != nil {
			return answer{}, err
		}
		defer s.pulls.leave(c.client)
	}
	got, err := s.handOut(c, asked)
	if err != nil {
		return answer{}, err
	}
	a, err := pulledAnswer(got)
	if len(got) > 0 {
		a.lost = func() { s.giveBack(c, got) }
	}
	return a, err
}

// handOut waits for messages until the caller goes or the server stops.
func (s *Server) handOut(c *call, asked request.Pull) ([]consumers.Message, error) {
	ctx, cancel := context.WithCancel(c.context())
	defer cancel()
	go func() {
		select {
		case <-s.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	got, err := s.deps.Consumers.Pull(ctx, c.opened, asked.Max, asked.Wait)
	if err != nil && ctx.Err() != nil && c.context().Err() == nil {
		return nil, nil // the server stops: nothing has come until then
	}
	return got, err
}

// giveBack has messages handed out again which the caller did not get.
func (s *Server) giveBack(c *call, got []consumers.Message) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	var all []consumers.Settlement
	for _, m := range got {
		all = append(all, consumers.Settlement{Token: m.Token, Verdict: stream.Refused})
	}
	there, err := s.deps.Consumers.Get(ctx, c.consumer)
	if err == nil {
		err = s.deps.Consumers.Settle(ctx, there, all)
	}
	if err != nil {
		s.log.WarnContext(ctx, "messages that the caller did not get come again later", "ids", c.ids(), "error", err)
	}
}

// pulledAnswer writes messages with their content as it was published, to the byte: what encodes JSON would write it
// in its own way.
func pulledAnswer(got []consumers.Message) (answer, error) {
	var b strings.Builder
	b.WriteString(`{"messages":[`)
	for i, m := range got {
		around, err := json.Marshal(pulledOf(m))
		if err != nil {
			return answer{}, problem.Because(v1.ProblemCodeInternal, err)
		}
		before, after, _ := strings.Cut(string(around), emptyContent)
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(before)
		b.WriteString(`"content":`)
		b.Write(m.Content)
		b.WriteString(after)
	}
	b.WriteString(`]}`)
	return answer{status: http.StatusOK, kind: jsonType, body: []byte(b.String())}, nil
}

// emptyContent is what stands where the content is to be.
const emptyContent = `"content":null`

func pulledOf(m consumers.Message) v1.PulledMessage {
	return v1.PulledMessage{
		Sequence: m.Handle.Sequence, UMID: string(m.UMID), Type: string(m.Type), Lane: v1.Lane(m.Lane),
		ReceivedAt: moment(m.ReceivedAt), Publisher: string(m.Publisher), ExpiresAt: moment(m.ExpiresAt),
		Deliveries: m.Deliveries, Ack: m.Token,
	}
}

// ack takes verdicts on messages, and answers when they are durable.
func (s *Server) ack(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	asked, err := request.ParseAcks(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	all := make([]consumers.Settlement, len(asked))
	for i, a := range asked {
		all[i] = consumers.Settlement{Token: a.Token, Verdict: a.Verdict, Delay: a.Delay}
	}
	err = s.deps.Consumers.Settle(ctx, c.opened, all)
	var bad consumers.BadTokens
	if errors.As(err, &bad) {
		return answer{}, badTokens(asked, bad)
	}
	return answer{status: http.StatusNoContent}, err
}

// maxBadTokens is how many are named.
const maxBadTokens = 20

func badTokens(asked []request.Ack, bad consumers.BadTokens) error {
	var faults []rooms.Fault
	for _, at := range bad[:min(len(bad), maxBadTokens)] {
		faults = append(faults, rooms.Fault{
			Pointer: asked[at].Pointer, Code: string(v1.FaultCodeInvalidValue),
			Detail: "not a token of this consumer, or no longer: what was not acknowledged comes again",
		})
	}
	return problem.Faults(v1.ProblemCodeInvalidRequest, faults...)
}
