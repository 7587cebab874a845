package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms"
)

// Deps are what a provider stands on; Name, Hashes and Log are needed.
type Deps struct {
	Name string // by which the configuration calls it
	Node string // which of several nodes this is
	// Hashes are keyed hashes of a user's id, that under the key of the moment first.
	Hashes func(user string) []string
	// Open reads the token of an attempt, and Message tells of one. Without them no receipt is heard.
	Open    func(token string) (rooms.AttemptID, error)
	Message func(ctx context.Context, u rooms.UMID) (rooms.Header, bool, error)
	Log     *slog.Logger
	Now     func() time.Time // nil means time.Now
}

// Provider sends as one user of a homeserver, and hears there. It is safe for concurrent use.
type Provider struct {
	options  Options
	deps     Deps
	client   *client
	directs  *directs
	reader   *reader
	receipts channels.Ear[channels.Receipt]
	texts    channels.Ear[rooms.Inbound]
}

var (
	_ channels.Provider  = (*Provider)(nil)
	_ channels.OneReader = (*Provider)(nil)
	_ channels.Inbox     = (*Provider)(nil)
)

// New makes a provider, or says what is wrong with the options or the files that they name. It calls nobody.
func New(o Options, d Deps) (*Provider, error) {
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	option, file := "accessTokenFile", o.AccessTokenFile
	if file == "" {
		option, file = "passwordFile", o.PasswordFile
	}
	if err := credential.CheckLine(file); err != nil {
		return nil, fmt.Errorf("matrix: %s: %w", option, err)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	c, err := newClient(o, d.Node)
	if err != nil {
		return nil, err
	}
	p := &Provider{options: o, deps: d, client: c}
	p.directs = newDirects(o, d, c)
	p.reader = newReader(p)
	return p, nil
}

// Close closes the connections that wait for work.
func (p *Provider) Close() error {
	p.client.close()
	return nil
}

// Send puts the event of a delivery into its room. Its provider id is the event's, and Outcome.Code an errcode of the
// specification or a status of HTTP.
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.Matrix) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if ctx.Err() != nil {
		return channels.Outcome{Result: channels.Deferred, Reason: rooms.TimedOut}
	}
	body, ok := p.options.compose(d)
	if !ok {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: "too-long"}
	}
	to := d.To.Address.Reveal()
	if strings.HasPrefix(to, "@") {
		return p.toUser(ctx, to, d, body)
	}
	return p.toRoom(ctx, to, d, body)
}

// toUser sends in the direct room of somebody. Who has put us out of it wants no more.
func (p *Provider) toUser(ctx context.Context, user string, d rooms.Delivery, body any) channels.Outcome {
	room, err := p.directs.room(ctx, user)
	if errors.Is(err, errLeft) {
		return channels.Outcome{Result: channels.Suppressed, Reason: rooms.Suppressed}
	}
	if err != nil {
		return outcome(err, false)
	}
	id, err := p.put(ctx, room, d, body)
	if err == nil {
		return p.sent(id, d)
	}
	o := outcome(err, true)
	if o.Result == channels.Rejected {
		p.directs.forget(user)
		switch {
		case is(err, codeForbidden):
			o.Result, o.Reason = channels.Suppressed, rooms.Suppressed
		case is(err, codeNotFound): // the room is gone, and the next attempt makes another
			o.Result, o.Reason = channels.Deferred, rooms.Deferred
		}
	}
	return o
}

// toRoom sends in a room, which is joined if we are not in it and may.
func (p *Provider) toRoom(ctx context.Context, room string, d rooms.Delivery, body any) channels.Outcome {
	id, err := p.put(ctx, room, d, body)
	if is(err, codeForbidden, codeNotFound) {
		if err := p.client.do(ctx, request{method: "POST", path: at("join", room), body: struct{}{}}, nil); err != nil {
			return outcome(err, false)
		}
		id, err = p.put(ctx, room, d, body)
	}
	if err != nil {
		return outcome(err, true)
	}
	return p.sent(id, d)
}

func (p *Provider) sent(id string, d rooms.Delivery) channels.Outcome {
	return channels.Outcome{Result: channels.Sent, ProviderID: id, Receipt: !p.options.NoReceipts && d.Token != "" && p.deps.Open != nil}
}

// put has the homeserver take an event, once for each delivery.
func (p *Provider) put(ctx context.Context, room string, d rooms.Delivery, body any) (id string, err error) {
	var taken struct {
		EventID string `json:"event_id"`
	}
	err = p.client.do(ctx, request{method: "PUT", path: at("rooms", room, "send", typeMessage, transaction(d)), body: body}, &taken)
	if err == nil && !strings.HasPrefix(taken.EventID, "$") {
		err = &fault{status: 200, code: "answer", taken: true}
	}
	if !isToken(taken.EventID, maxEventID) || strings.Contains(taken.EventID, ",") {
		taken.EventID = ""
	}
	return taken.EventID, err
}

const maxEventID = 128 // those of today have 44 characters

// transaction is the same for every attempt of a delivery. One that was given up and is tried anew has another, or the
// homeserver would only repeat what it has said.
func transaction(d rooms.Delivery) string {
	id := string(d.ID.UMID) + "-" + strconv.Itoa(d.ID.N)
	if d.Round > 0 {
		id += "-r" + strconv.Itoa(d.Round)
	}
	return id
}
