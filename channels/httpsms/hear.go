package httpsms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// receiptPlan says where what stands of a receipt.
type receiptPlan struct {
	each                   []string
	id, status, code, time place
	words                  map[string]word
}

// word is what a provider's status means; without status it is not the last one.
type word struct {
	status rooms.Status
	reason rooms.Reason
}

// inboundPlan likewise of what somebody has written.
type inboundPlan struct {
	each                     []string
	id, from, to, text, time place
}

// ignored is a status after which others follow, or which means nothing.
const ignored = "ignored"

// failures are the reasons that a receipt may have.
func failures() []rooms.Reason {
	return []rooms.Reason{rooms.Bounced, rooms.Rejected, rooms.Expired, rooms.NoMailbox, rooms.Suppressed}
}

func (p *plan) readCalls(f *faults) {
	r := p.Receipt
	p.receipt = receiptPlan{
		each: eachAt(f, "receipt.each", r.Each), id: placeAt(f, "receipt.id", r.ID), status: placeAt(f, "receipt.status", r.Status),
		code: placeAt(f, "receipt.code", r.Code), time: placeAt(f, "receipt.time", r.Time), words: map[string]word{},
	}
	f.when(r.Status != "" && len(r.Statuses) == 0, "receipt.statuses: what the provider's words mean: delivered, failed or ignored")
	for name, text := range r.Statuses {
		w, err := newWord(text)
		f.at("receipt.statuses."+name, err)
		p.receipt.words[name] = w
	}
	in := p.Inbound
	p.inbound = inboundPlan{
		each: eachAt(f, "inbound.each", in.Each), id: placeAt(f, "inbound.id", in.ID), from: placeAt(f, "inbound.from", in.From),
		to: placeAt(f, "inbound.to", in.To), text: placeAt(f, "inbound.text", in.Text), time: placeAt(f, "inbound.time", in.Time),
	}
	f.when(in.Text != "" && (in.ID == "" || in.From == ""), "inbound: id and from are needed beside text")
	for at, reply := range map[string]Reply{"receipt.reply": r.Reply, "inbound.reply": in.Reply} {
		f.when(reply.Status < 200 || reply.Status > 299, "%s.status: from 200 to 299", at)
		f.when(!isHeaderValue(reply.ContentType), "%s.contentType: one line", at)
		f.when(reply.Status == 204 && reply.Body != "", "%s.status: 204 has no body", at)
	}
}

func eachAt(f *faults, at, text string) []string {
	tokens, err := pointer(text)
	f.at(at, err)
	return tokens
}

// newWord reads "delivered", "ignored", "failed" or "failed" with a reason.
func newWord(text string) (word, error) {
	kind, reason, _ := strings.Cut(text, " ")
	switch {
	case text == string(rooms.Delivered):
		return word{status: rooms.Delivered}, nil
	case text == ignored:
		return word{}, nil
	case text == string(rooms.Failed):
		return word{rooms.Failed, rooms.Bounced}, nil
	case kind == string(rooms.Failed) && slices.Contains(failures(), rooms.Reason(reason)):
		return word{rooms.Failed, rooms.Reason(reason)}, nil
	}
	return word{}, fmt.Errorf("delivered, ignored, failed, or failed and one of %q", failures())
}

// takeReceipt hands on what became of a delivery, if that was the last word.
func (p *Provider) takeReceipt(ctx context.Context, m material) error {
	status, there := p.plan.receipt.status.in(m)
	if !there {
		return errFaulty
	}
	said := p.plan.receipt.words[status] // of others we know nothing, so others may follow
	if said.status == "" {
		return nil
	}
	r := channels.Receipt{Channel: rooms.SMS, Status: said.status, Reason: said.reason, At: p.when(m, p.plan.receipt.time, p.plan.Receipt.TimeFormat)}
	if id, ok := p.plan.receipt.id.in(m); ok && isMessageID(id) {
		r.ProviderID = id
	}
	if code, ok := p.plan.receipt.code.in(m); ok && isCode(code) {
		r.Code = code
	}
	attempt, named, err := p.attempt(m)
	switch {
	case err != nil:
		return err
	case !named && r.ProviderID == "":
		return errFaulty
	case named:
		if r.Room, err = p.deps.Room(ctx, attempt.UMID); err != nil {
			return fmt.Errorf("httpsms: the room of a receipt: %w", err)
		}
		r.ID, r.Attempt, r.Round = attempt.DeliveryID, attempt.Attempt, attempt.Round
	}
	return p.receipts.Tell(ctx, r)
}

// attempt is the one that the URL names; a token that is not good is somebody else's.
func (p *Provider) attempt(m material) (a rooms.AttemptID, named bool, err error) {
	tokens := m.query[tokenField]
	if len(tokens) == 0 {
		return a, false, nil
	}
	if len(tokens) > 1 || p.deps.Open == nil {
		return a, false, errForeign
	}
	if a, err = p.deps.Open(tokens[0]); err != nil {
		return a, false, errForeign
	}
	return a, true, nil
}

var errWriter = errors.New("httpsms: not from a number")

// takeInbound hands on what somebody has written. Who has no number cannot be answered, and is not heard.
func (p *Provider) takeInbound(ctx context.Context, m material) error {
	text, _ := p.plan.inbound.text.in(m)
	id, known := p.plan.inbound.id.in(m)
	sender, named := p.plan.inbound.from.in(m)
	if !known || !named || !isID(id) {
		return errFaulty
	}
	from, err := number(sender)
	if err != nil {
		p.deps.Log.Info("what was written is not from a number, and dropped", "provider", p.deps.Name, "error", errWriter)
		return nil
	}
	in := rooms.Inbound{
		ID: p.deps.Name + ":" + id, Kind: rooms.InboundReply, Channel: rooms.SMS, Provider: p.deps.Name,
		From: from, Text: rooms.NewBody(text), At: p.when(m, p.plan.inbound.time, p.plan.Inbound.TimeFormat),
	}
	if to, ok := p.plan.inbound.to.in(m); ok {
		if in.To, err = number(to); err != nil {
			in.To, _ = rooms.ParseShortCode(to) // or it was written to something else, which nobody knows
		}
	}
	if in.Answers, _, err = p.attempt(m); err != nil {
		return err
	}
	return p.texts.Tell(ctx, in)
}

// number is one in E.164 form, whose + some providers leave out, or send as the space that it is in a URL.
func number(s string) (rooms.Address, error) {
	return rooms.ParsePhone("+" + strings.TrimPrefix(strings.TrimSpace(s), "+"))
}

// when is the time that a call has, or now: if it has none, or one that cannot be.
func (p *Provider) when(m material, at place, format string) time.Time {
	now := p.deps.Now().UTC()
	text, ok := at.in(m)
	if !ok {
		return now
	}
	t, err := readTime(text, format)
	if err != nil || t.After(now.Add(time.Hour)) || now.Sub(t) > 30*24*time.Hour {
		return now
	}
	return t.UTC()
}

func readTime(text, format string) (time.Time, error) {
	switch format {
	case "rfc3339":
		return time.Parse(time.RFC3339, text)
	case "unix", "unixms":
		n, err := strconv.ParseInt(text, 10, 64)
		if format == "unix" {
			return time.Unix(n, 0), err
		}
		return time.UnixMilli(n), err
	}
	return time.Parse(format, text)
}
