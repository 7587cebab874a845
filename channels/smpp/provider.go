package smpp

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// Provider sends over one SMS centre, and hears it. It is safe for concurrent use.
type Provider struct {
	options Options
	places  *places
	ears    *ears
	stop    context.CancelFunc
	lines   sync.WaitGroup
	now     func() time.Time
	once    sync.Once
}

var (
	_ channels.Provider = (*Provider)(nil)
	_ channels.Receipts = (*Provider)(nil)
	_ channels.Inbox    = (*Provider)(nil)
)

// New makes a provider of that name and begins to bind. It fails if the options have faults or a file that they name cannot
// be read; it does not wait for the centre, which may be down at the moment. The log hears of binds and of messages that
// cannot be understood; neither contact nor content is written there.
func New(name string, o Options, log *slog.Logger) (*Provider, error) {
	if err := o.errOptions(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	d, err := newDialer(o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Provider{options: o, places: newPlaces(), ears: newEars(name, o, log), stop: stop, now: time.Now}
	heard := &news{log: log.With("centre", o.address())}
	for range o.Binds {
		if o.Bind == BindTransceiver {
			p.keep(ctx, &line{d, pdu.BindTransceiver, p.places, p.ears.hear, heard})
			continue
		}
		p.keep(ctx, &line{d, pdu.BindTransmitter, p.places, p.ears.hear, heard})
		p.keep(ctx, &line{d, pdu.BindReceiver, nil, p.ears.hear, heard})
	}
	return p, nil
}

func (p *Provider) keep(ctx context.Context, l *line) { p.lines.Go(func() { l.run(ctx) }) }

// Close unbinds, after what is under way is answered. Deliveries that come later are deferred.
func (p *Provider) Close() error {
	p.once.Do(func() {
		p.places.close()
		p.ears.close()
		p.stop()
	})
	p.lines.Wait()
	return nil
}

// Send hands a delivery to the centre, all of its parts.
func (p *Provider) Send(ctx context.Context, d rooms.Delivery) channels.Outcome {
	if !d.Content.For(rooms.SMS) {
		return channels.Outcome{Result: channels.Rejected, Reason: rooms.NoContent}
	}
	if err := ctx.Err(); err != nil {
		return failed(err, false)
	}
	parts := p.options.compose(d, p.now())
	ids := make([]string, 0, len(parts))
	for _, m := range parts {
		id, o := p.insist(ctx, d.Lane, m, len(ids) > 0)
		if o.Result == channels.Deferred && len(ids) > 0 {
			o.Reason = rooms.Unknown // the parts before it are with the centre
		}
		if o.Result != channels.Sent {
			return o
		}
		ids = append(ids, id)
	}
	return channels.Outcome{
		Result: channels.Sent, ProviderID: strings.Join(ids, ","), Receipt: !p.options.NoReceipts && !slices.Contains(ids, ""),
	}
}

// insist submits a part. Where others of the text are with the centre already, one that comes too fast, or for which there is no
// place, waits here: to begin anew would send those twice.
func (p *Provider) insist(ctx context.Context, lane rooms.Lane, m pdu.Message, begun bool) (id string, o channels.Outcome) {
	for {
		id, o = p.submit(ctx, lane, m)
		switch {
		case begun && o.Result == channels.Throttled:
			sleep(ctx, p.options.ThrottleWait)
		case begun && o.Result == channels.NoRoom: // waited already
		default:
			return id, o
		}
		if err := ctx.Err(); err != nil {
			return "", failed(err, false)
		}
	}
}

// submit has the centre take one message, and gives what it calls it.
func (p *Provider) submit(ctx context.Context, lane rooms.Lane, m pdu.Message) (id string, o channels.Outcome) {
	s, err := p.places.take(ctx, lane)
	if o, full := channels.Full(err); full {
		return "", o
	}
	if err != nil {
		return "", failed(err, false)
	}
	defer p.places.give(s)
	if ctx.Err() != nil { // the place came with the end
		return "", channels.Outcome{Result: channels.NoRoom, After: time.Second}
	}
	answer, taken, err := s.ask(ctx, pdu.PDU{Command: pdu.SubmitSM, Body: m.Bytes()}, p.options.ResponseTimeout)
	if err != nil {
		return "", failed(err, taken)
	}
	o = judge(answer.Status, p.options.ThrottleWait)
	if o.Result != channels.Sent {
		return "", o
	}
	return word(pdu.ID(answer.Body), maxID), o
}

const maxID = 65 // SMPP 3.4 §4.4.2

// word keeps of what the other side calls something what an id has: printable ASCII without space and comma.
func word(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == ',' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), limit)]
}
