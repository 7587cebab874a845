package mailbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox/report"
	"github.com/govcrier/crier/rooms"
)

// ErrUnknown says that nothing is known of a delivery: there is no such message, or it is long ago.
var ErrUnknown = errors.New("mailbox: no such delivery")

// errNobody says that nobody makes durable what has come in.
var errNobody = errors.New("mailbox: nobody listens")

// Standing is how a delivery stands.
type Standing struct {
	Room           rooms.Room
	Recipients     int // of its message
	Attempt, Round int // the last
}

// Deps are what mail is matched with. Open and Resolve are needed.
type Deps struct {
	// Open gives the attempt that a token stands for.
	Open func(token string) (rooms.AttemptID, error)
	// Resolve says how a delivery stands, after all that is recorded up to now; or ErrUnknown.
	Resolve func(ctx context.Context, id rooms.DeliveryID) (Standing, error)
	Metrics *metrics.Set     // nil: kept to ourselves
	Logger  *slog.Logger     // nil: discarded
	Now     func() time.Time // nil: time.Now
}

func (d Deps) withDefaults() Deps {
	d.Metrics = cmp.Or(d.Metrics, metrics.NewSet())
	d.Logger = cmp.Or(d.Logger, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	return d
}

// intake has made durable what mail says, by those who have come to do so.
type intake struct {
	options Options
	deps    Deps

	mu       sync.Mutex
	receipts durable[channels.Receipt]
	inbound  durable[rooms.Inbound]
}

// durable is somebody who makes things durable, for as long as until lasts.
type durable[T any] struct {
	until context.Context //nolint:containedctx // the listening of another, who calls us
	fn    func(context.Context, T) error
}

// keep has a thing made durable.
func (d durable[T]) keep(ctx context.Context, thing T) error {
	if d.fn == nil || d.until.Err() != nil {
		return errNobody
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.until, cancel)()
	return d.fn(ctx, thing)
}

func newIntake(o Options, d Deps) *intake {
	return &intake{options: o.WithDefaults(), deps: d.withDefaults()}
}

// Receipts hears what bounces say, until ctx ends.
func (i *intake) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	i.hearReceipts(ctx, fn)
	<-ctx.Done()
	return ctx.Err()
}

// Inbound hears all other mail, until ctx ends.
func (i *intake) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	i.mu.Lock()
	i.inbound = durable[rooms.Inbound]{ctx, fn}
	i.mu.Unlock()
	<-ctx.Done()
	return ctx.Err()
}

func (i *intake) hearReceipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.receipts = durable[channels.Receipt]{ctx, fn}
}

func (i *intake) hearers() (durable[channels.Receipt], durable[rooms.Inbound]) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.receipts, i.inbound
}

// take makes durable what a mail says to one of its recipients.
func (i *intake) take(ctx context.Context, l *report.Letter, e report.Envelope) error {
	o := i.options
	m := l.Sent(e, report.Addresses{Bounce: o.Bounce, Reply: o.Reply, Unsubscribe: o.Unsubscribe, Domains: o.Domains})
	a, signed, err := i.attempt(ctx, m)
	if err != nil {
		return err
	}
	done := "unmatched"
	switch m.Kind {
	case report.Delayed: // not the last word
		done = "ignored"
	case report.Bounced, report.Delivered:
		if done, err = i.settle(ctx, m, a); err == nil && done == "unmatched" {
			err = i.pass(ctx, m, a, signed)
		}
	default:
		if a.UMID != "" {
			done = "matched"
		}
		err = i.pass(ctx, m, a, signed)
	}
	if err != nil {
		return err
	}
	i.deps.Metrics.GetOrCreateCounter(fmt.Sprintf(`crier_mailbox_mails_total{kind=%q,outcome=%q}`, m.Kind, done)).Inc()
	if m.Kind == report.Reply {
		i.deps.Metrics.GetOrCreateCounter(`crier_mailbox_attachments_dropped_total`).Add(m.Attachments)
	}
	i.deps.Logger.Debug("mail taken", "kind", m.Kind, "outcome", done, "umid", a.UMID, "n", a.N, "attempt", a.Attempt, "code", m.Code)
	return nil
}

// settle makes a receipt of a report; "unmatched" if it is not known of what.
func (i *intake) settle(ctx context.Context, m report.Mail, a rooms.AttemptID) (done string, err error) {
	if a.UMID == "" {
		return "unmatched", nil
	}
	s, err := i.deps.Resolve(ctx, a.DeliveryID)
	if errors.Is(err, ErrUnknown) {
		return "unmatched", nil
	}
	if err != nil {
		return "", err
	}
	rc := channels.Receipt{
		ID: a.DeliveryID, Room: s.Room, Channel: rooms.Email, Attempt: a.Attempt, Round: a.Round,
		Status: rooms.Failed, Reason: m.Reason, To: m.Recipient, Code: m.Code, At: i.deps.Now().UTC(),
	}
	if m.Kind == report.Delivered {
		rc.Status = rooms.Delivered
	}
	receipts, _ := i.hearers()
	return "matched", receipts.keep(ctx, rc)
}

// pass hands on what somebody has written, and reports that nobody knows of what they are.
func (i *intake) pass(ctx context.Context, m report.Mail, a rooms.AttemptID, signed bool) error {
	if m.Kind == report.Complaint { // it was written by who reports it, and not by who complains
		m.From = rooms.Address{}
	}
	_, inbound := i.hearers()
	return inbound.keep(ctx, rooms.Inbound{
		ID: m.ID, Kind: inboundKind(m.Kind), Channel: rooms.Email, Provider: Name,
		From: m.From, To: m.To, Subject: m.Subject, Text: m.Text, At: i.deps.Now().UTC(), Answers: a, Signed: signed,
	})
}

// Name is what events and mail call the source.
const Name = "mailbox"

func inboundKind(k report.Kind) rooms.InboundKind {
	switch k {
	case report.Reply:
		return rooms.InboundReply
	case report.Stop:
		return rooms.InboundStop
	case report.Complaint:
		return rooms.InboundComplaint
	}
	return rooms.InboundAutomatic
}

// attempt is the one that a mail concerns: by the first token that is ours, else by an id that may be believed; zero if it
// says none. signed says that it was a token.
func (i *intake) attempt(ctx context.Context, m report.Mail) (a rooms.AttemptID, signed bool, err error) {
	for _, token := range m.Tokens {
		if a, err = i.deps.Open(token); err == nil {
			return a, true, nil
		}
	}
	a = rooms.AttemptID{}
	if i.options.UnsignedIDs == UnsignedNone {
		return a, false, nil
	}
	for _, id := range m.IDs {
		s, err := i.deps.Resolve(ctx, id)
		switch {
		case errors.Is(err, ErrUnknown):
		case err != nil:
			return a, false, err
		case i.believes(id, s):
			return rooms.AttemptID{DeliveryID: id, Round: s.Round, Attempt: s.Attempt}, false, nil
		}
	}
	return a, false, nil
}

// believes says whether an id without a signature counts. Whoever gets a message knows its id, and can count: so of a message
// for many anybody among them could have written it.
func (i *intake) believes(id rooms.DeliveryID, s Standing) bool {
	return id.N < s.Recipients && s.Attempt > 0 && (s.Recipients == 1 || i.options.UnsignedIDs == UnsignedAll)
}
