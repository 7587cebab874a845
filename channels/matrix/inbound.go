package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// written hands on what somebody has written to us: in a room without others, or in answer to an event of ours.
func (r *reader) written(ctx context.Context, room string, e event) error {
	c := e.content()
	if c.Relation == "m.replace" || c.MsgType == "" {
		return nil
	}
	answers, ours, err := r.answered(ctx, room, c.Answers)
	if err != nil {
		return err
	}
	direct, err := r.direct(ctx, room, e.Sender)
	if err != nil || !direct && !ours {
		return err
	}
	in, ok := r.inbound(e, rooms.InboundReply)
	if !ok {
		return nil
	}
	if in.Text = said(c); c.MsgType == msgNotice {
		in.Kind = rooms.InboundAutomatic
	}
	in.Answers, in.Signed = answers, direct && answers.UMID != ""
	return r.texts.Tell(ctx, in)
}

// answered finds the attempt of the event that is answered; ours says that we have sent it.
func (r *reader) answered(ctx context.Context, room, id string) (a rooms.AttemptID, ours bool, err error) {
	if !isEventID(id) {
		return a, false, nil
	}
	e, err := r.one(ctx, room, id)
	if r.skips("what is answered", err) {
		return a, false, nil
	}
	a, _ = r.attempt(e)
	return a, e.Sender == r.options.UserID, err
}

// isEventID holds for what can be asked for. Another, such as "..", would make a path that no homeserver has, and nobody's
// words were read any more.
func isEventID(id string) bool {
	return strings.HasPrefix(id, "$") && isToken(id, 255)
}

// inbound is something that somebody has done; false if he has no name that could be answered.
func (r *reader) inbound(e event, kind rooms.InboundKind) (rooms.Inbound, bool) {
	from, err := rooms.ParseMatrixID(e.Sender)
	if err != nil || !isToken(e.ID, maxEventID) {
		r.deps.Log.Info("skipped in a room of Matrix", "what", "an event without a sender who can be answered")
		return rooms.Inbound{}, false
	}
	to, _ := rooms.ParseMatrixID(r.options.UserID)
	return rooms.Inbound{
		ID: r.deps.Name + ":" + e.ID, Kind: kind, Channel: rooms.Matrix, Provider: r.deps.Name, From: from, To: to, At: e.at(r.deps.Now()),
	}, true
}

// left takes it as a STOP that somebody leaves his room, or does not enter it.
func (r *reader) left(ctx context.Context, room string, e event) error {
	c := e.content()
	if c.Membership != "leave" || e.key() != e.Sender {
		return nil
	}
	his, err := r.directs.isOf(ctx, e.Sender, room)
	if err != nil || !his {
		return err
	}
	r.directs.forget(e.Sender)
	if e.before() == "invite" {
		if err := r.unread(ctx, room, e.ID, e.at(r.deps.Now())); err != nil {
			return err
		}
	}
	return r.stop(ctx, e)
}

// putOut takes it as a STOP that somebody puts us out of his room. In the first reading of all that may be long ago.
func (r *reader) putOut(ctx context.Context, room string, e event, since string) error {
	if since == "" || e.Type != typeMember || e.key() != r.options.UserID || e.Sender == r.options.UserID {
		return nil
	}
	if c := e.content(); c.Membership != "leave" && c.Membership != "ban" {
		return nil
	}
	his, err := r.directs.isOf(ctx, e.Sender, room)
	if err != nil || !his {
		return err
	}
	r.directs.forget(e.Sender)
	return r.stop(ctx, e)
}

func (r *reader) stop(ctx context.Context, e event) error {
	in, ok := r.inbound(e, rooms.InboundStop)
	if !ok {
		return nil
	}
	return r.texts.Tell(ctx, in)
}

// encrypted says once that nobody can read what was written; a day long the homeserver takes it once.
func (r *reader) encrypted(ctx context.Context, room string, e event) error {
	if r.told[room] {
		return nil
	}
	direct, err := r.direct(ctx, room, e.Sender)
	if err != nil || !direct {
		return err
	}
	sum := sha256.Sum256([]byte(room))
	id := "encrypted-" + r.deps.Now().UTC().Format("20060102") + "-" + hex.EncodeToString(sum[:aliasBytes])
	body := message{MsgType: msgNotice, Body: r.options.EncryptedText}
	err = r.client.do(ctx, request{method: "PUT", path: at("rooms", room, "send", typeMessage, id), body: body}, nil)
	if err != nil && !r.skips("a notice", err) {
		return err
	}
	if len(r.told) >= maxRemembered {
		clear(r.told)
	}
	r.told[room] = true
	return nil
}
