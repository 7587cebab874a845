package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
)

// publish takes a message and answers when it is durable.
func (s *Server) publish(c *call) (answer, error) {
	skip, err := flagOf(c, "faulty", "skip")
	if err != nil {
		return answer{}, err
	}
	m, err := s.intake(c)
	if err != nil {
		return answer{}, err
	}
	if m.direct && !c.has.any(direct) {
		return answer{}, problem.Of(v1.ProblemCodeDirectForbidden)
	}
	if m.rows.Count > 0 && (!skip || len(m.Recipients) == 0) {
		return answer{}, &problem.Error{Code: v1.ProblemCodeInvalidRequest, Rows: m.rows}
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.mayCallBack(ctx, c, m.Callback); err != nil {
		return answer{}, err
	}
	from, err := s.deps.Senders.Resolve(ctx, c.client, m.From, s.options.Senders == SendersRequired)
	if err != nil {
		return answer{}, err
	}
	receipt, err := s.deps.Publisher.Publish(ctx, publish.Request{
		Client: c.client, Room: c.room.Name, From: from, Raw: m.raw,
		TransactionID: m.TransactionID, Reference: m.Reference, Type: m.Type, Lane: m.Lane,
		Content: m.Content, Direct: m.direct, Recipients: m.Recipients, Audience: m.Audience, ExpiresAt: m.ExpiresAt, Callback: m.Callback,
		SendAt: m.SendAt, Repeat: m.Repeat, Alert: m.Alert, References: m.References, Exercise: m.Exercise, Earlier: s.earlier(c, m.Message),
	})
	if err != nil {
		return answer{}, overQuota(c, err)
	}
	allow(c, receipt.Allowance)
	c.umid, c.inLog = receipt.UMID, true
	return receiptAnswer(receipt, m.rows)
}

// mayCallBack refuses a callback to where none may go, or that nothing would sign.
func (s *Server) mayCallBack(ctx context.Context, c *call, at rooms.Address) error {
	if at.IsZero() {
		return nil
	}
	if err := s.deps.Callbacks.Check(at); err != nil {
		return refusedURL("/callback", err)
	}
	_, err := s.deps.Callbacks.Get(ctx, c.client)
	if errors.Is(err, registry.ErrUnknownCallback) {
		return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{
			Pointer: "/callback", Code: string(v1.FaultCodeInvalidValue), Detail: "callbacks are signed: get a secret first, with PUT /v1/callback",
		})
	}
	return err
}

func receiptAnswer(r publish.Receipt, skipped problem.Rows) (answer, error) {
	status := http.StatusAccepted
	if r.Duplicate {
		status = http.StatusOK
	}
	return jsonAnswer(status, v1.Receipt{
		Response:   "Message received",
		UMID:       string(r.UMID),
		Room:       string(r.Room),
		ReceivedAt: moment(r.ReceivedAt),
		Duplicate:  r.Duplicate,
		Faulty:     skipped.Count,
		Rows:       skipped.First(),
		SendAt:     moment(r.SendAt), AwaitsRelease: r.Awaits,
	})
}

// moment is how the API writes a time: UTC, to the millisecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
