package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/api/cap/feed"
	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
)

// maxReferences is to how many alerts one may refer.
const maxReferences = 100

// publishAlert takes an alert of CAP 1.2 and answers when it is durable. It is published as a message is; what the message
// is follows from the alert.
func (s *Server) publishAlert(c *call) (answer, error) {
	a, raw, err := s.readAlert(c)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	same := publish.Request{Client: c.client, Room: c.room.Name, Raw: raw, TransactionID: a.TransactionID(c.room.Name)}
	m, err := s.messageOf(ctx, c, a, same)
	if err != nil {
		if m, err = s.repeated(ctx, same, err); err != nil {
			return answer{}, err
		}
	}
	receipt, err := s.deps.Publisher.Publish(ctx, m)
	if err != nil {
		return answer{}, overQuota(c, err)
	}
	allow(c, receipt.Allowance)
	c.umid, c.inLog = receipt.UMID, true
	return alertAnswer(receipt, m)
}

// repeated asks for the receipt of an alert that would be refused by now, if it was taken before; only then the index is
// waited for. Should that be forgotten before it is asked for, the alert is refused all the same.
func (s *Server) repeated(ctx context.Context, same publish.Request, why error) (publish.Request, error) {
	_, known, err := s.deps.Transactions.Find(ctx, same.TransactionID, same.Client)
	if err != nil {
		return same, err
	}
	if !known {
		return same, why
	}
	same.Earlier = func(context.Context) error { return why }
	return same, nil
}

// readAlert reads an alert that is as CAP demands.
func (s *Server) readAlert(c *call) (cap.Alert, []byte, error) {
	kind, err := mediaType(c.r.Header)
	if err != nil {
		return cap.Alert{}, nil, err
	}
	if !slices.Contains([]string{feed.CAPType, "application/xml", "text/xml"}, kind) {
		return cap.Alert{}, nil, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	raw, err := s.readUpTo(c, min(s.alerts.MaxBytes, s.options.MaxBody))
	if err != nil {
		return cap.Alert{}, nil, err
	}
	a, faults := cap.Parse(raw, s.alerts.MaxElements)
	if len(faults) > 0 {
		return cap.Alert{}, nil, problem.Faults(v1.ProblemCodeInvalidAlert, faults...)
	}
	return a, raw, nil
}

// messageOf says what an alert is as a message.
func (s *Server) messageOf(ctx context.Context, c *call, a cap.Alert, m publish.Request) (publish.Request, error) {
	if faults := append(a.Refuse(s.now()), s.beyondReach(a)...); len(faults) > 0 {
		return m, problem.Faults(v1.ProblemCodeAlertRefused, faults...)
	}
	var err error
	if m.From, err = s.senderOf(ctx, c, a); err != nil {
		return m, err
	}
	if m.Content, err = a.Content(s.alerts, c.room.Alerts.Areas); err != nil {
		return m, err
	}
	if faults := cap.Check(m.Content); len(faults) > 0 {
		return m, problem.Faults(v1.ProblemCodeAlertRefused, faults...)
	}
	m.Type, m.Lane, m.Exercise = rooms.CAP, s.alerts.Lane(a), a.Exercise()
	m.Audience, m.SendAt = a.Audience(c.room.Alerts.Areas), a.Effective()
	m.ExpiresAt = s.expiryOf(a)
	if a.MsgType == "Alert" {
		return m, nil
	}
	return s.following(ctx, c, a, m)
}

// beyondReach refuses what would wait for longer than anything may.
func (s *Server) beyondReach(a cap.Alert) []rooms.Fault {
	if s.waits.Horizon <= 0 || !a.Effective().After(s.now().Add(s.waits.Horizon)) {
		return nil
	}
	return []rooms.Fault{{Pointer: "/alert/info/0/effective", Code: string(v1.FaultCodeInvalidTime), Detail: fmt.Sprintf("at most %s from now", s.waits.Horizon)}}
}

// expiryOf is when the message expires: with the alert, but no later than a message may. Zero: as the policy says.
func (s *Server) expiryOf(a cap.Alert) time.Time {
	from := s.now()
	if a.Effective().After(from) {
		from = a.Effective()
	}
	expires, latest := a.Expires(), from.Add(s.options.MaxExpiry)
	if expires.After(latest) {
		return latest
	}
	return expires
}

// senderOf is whom the message is from. A registered client sends alerts from its own addresses; a sender that is no address
// cannot be told from another's.
func (s *Server) senderOf(ctx context.Context, c *call, a cap.Alert) (rooms.Sender, error) {
	named := rooms.Sender{}
	if address, err := rooms.ParseEmail(a.Sender); err == nil {
		known, err := s.registered(ctx, c.client)
		if err != nil {
			return named, err
		}
		if known {
			named.Email = address
		}
	}
	return s.deps.Senders.Resolve(ctx, c.client, named, s.options.Senders == SendersRequired)
}

func (s *Server) registered(ctx context.Context, client rooms.Client) (bool, error) {
	_, err := s.deps.Senders.Get(ctx, client)
	if translate(err).Code == v1.ProblemCodeUnknownClient {
		return false, nil
	}
	return err == nil, err
}

// following makes the message take the place of the one that the alert refers to. What the alert does not say itself it has
// from there: a Cancel needs no more than a reference.
func (s *Server) following(ctx context.Context, c *call, a cap.Alert, m publish.Request) (publish.Request, error) {
	before, err := s.referred(ctx, c, a)
	if err != nil {
		return m, err
	}
	m.Alert, m.References = rooms.AlertUpdate, before.UMID
	if a.MsgType == "Cancel" {
		m.Alert = rooms.AlertCancel
	}
	if len(a.Info) == 0 {
		m.Lane, m.Audience = before.Lane, s.audienceOf(ctx, c, before)
	}
	ask := request.Message{}
	ask.References, ask.Exercise = m.References, m.Exercise
	m.Earlier = s.earlierAlert(s.earlier(c, ask))
	return m, nil
}

// earlierAlert has a fault point to the alert.
func (s *Server) earlierAlert(ask func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		err := ask(ctx)
		var p *problem.Error
		if errors.As(err, &p) && len(p.Faults) > 0 {
			return problem.Faults(v1.ProblemCodeAlertRefused, rooms.Fault{
				Pointer: "/alert/status", Code: string(v1.FaultCodeInvalidValue), Detail: "a drill speaks of drills, and of nothing else"})
		}
		return err
	}
}

// audienceOf is for whom an earlier alert was; everybody if that cannot be read any more.
func (s *Server) audienceOf(ctx context.Context, c *call, before index.Summary) rooms.Audience {
	raw, err := s.original(ctx, before)
	if err != nil {
		return nil
	}
	a, _ := cap.Parse(raw, len(raw))
	return a.Audience(c.room.Alerts.Areas)
}

// referred finds the one message that still stands of those that an alert refers to; else the latest.
func (s *Server) referred(ctx context.Context, c *call, a cap.Alert) (index.Summary, error) {
	refuse := func(code v1.FaultCode, why string) error {
		return problem.Faults(v1.ProblemCodeAlertRefused, rooms.Fault{Pointer: "/alert/references", Code: string(code), Detail: why})
	}
	if len(a.References) > maxReferences {
		return index.Summary{}, refuse(v1.FaultCodeTooMany, fmt.Sprintf("at most %d", maxReferences))
	}
	standing, all := map[rooms.UMID]index.Summary{}, map[rooms.UMID]index.Summary{}
	for _, r := range a.References {
		m, ok, err := s.published(ctx, c, r)
		if err != nil {
			return m, err
		}
		if !ok {
			continue
		}
		if all[m.UMID] = m; m.SupersededBy == "" && m.Control.State != rooms.ControlCancelled {
			standing[m.UMID] = m
		}
	}
	if len(standing) > 1 {
		return index.Summary{}, refuse(v1.FaultCodeTooMany, "several of these alerts still stand: speak of each in an alert of its own")
	}
	for _, found := range []map[rooms.UMID]index.Summary{standing, all} {
		if len(found) > 0 {
			return found[slices.Max(slices.Collect(maps.Keys(found)))], nil
		}
	}
	return index.Summary{}, problem.Of(v1.ProblemCodeUnknownReference)
}

// published finds the message that an alert became: the caller's own, or to an admin that of any publisher of the room.
func (s *Server) published(ctx context.Context, c *call, r cap.Reference) (index.Summary, bool, error) {
	clients := []rooms.Client{c.client}
	if c.has.any(roomAdmin) {
		clients = append(clients, c.room.Admins...)
		for _, p := range c.room.Publishers {
			clients = append(clients, p.Client)
		}
	}
	known, ok, err := s.deps.Transactions.Find(ctx, r.TransactionID(c.room.Name), clients...)
	if err != nil || !ok || known.Room != c.room.Name {
		return index.Summary{}, false, err
	}
	m, err := s.find(ctx, known.UMID)
	if errors.Is(err, index.ErrUnknown) {
		return m, false, nil
	}
	return s.latest(m), err == nil && !predates(m, c.room), err
}

func alertAnswer(r publish.Receipt, m publish.Request) (answer, error) {
	out := v1.AlertReceipt{
		Response: "Message received", UMID: string(r.UMID), Room: string(r.Room), ReceivedAt: moment(r.ReceivedAt), Duplicate: r.Duplicate,
	}
	if r.Duplicate {
		return jsonAnswer(http.StatusOK, out)
	}
	out.SendAt, out.AwaitsRelease, out.Lane, out.Exercise = moment(r.SendAt), r.Awaits, v1.Lane(m.Lane), m.Exercise
	out.References, out.Audience = string(m.References), v1.Audience(m.Audience)
	return jsonAnswer(http.StatusAccepted, out)
}
