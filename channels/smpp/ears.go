package smpp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// ears hear what a centre says by itself, on all binds: receipts, and what people write.
type ears struct {
	name     string
	options  Options
	log      *slog.Logger
	receipts listener[channels.Receipt]
	inbox    listener[rooms.Inbound]
	joins    *joins
	shut     chan struct{} // closed with the provider
	now      func() time.Time
}

func newEars(name string, o Options, log *slog.Logger) *ears {
	e := &ears{name: name, options: o, log: log, shut: make(chan struct{}), now: time.Now}
	e.joins = newJoins(e.passed)
	return e
}

// close has what nobody hears refused at once.
func (e *ears) close() {
	e.joins.close()
	close(e.shut)
}

// Receipts reads receipts, which name their delivery by the id that the centre gave it, until ctx ends.
func (p *Provider) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	return p.ears.receipts.listen(ctx, fn)
}

// Inbound reads what people write until ctx ends.
func (p *Provider) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	return p.ears.inbox.listen(ctx, fn)
}

const alertNotification pdu.Command = 0x102 // which has no answer

// hear answers a request of the centre once it is done with. What we break at is to be offered again.
func (e *ears) hear(s *session, p pdu.PDU) {
	defer func() {
		if v := recover(); v != nil {
			_ = e.broken(v)
			s.reply(p.Answer(pdu.ReceiverTemporary, pdu.IDBody("")))
		}
	}()
	parse := pdu.ParseMessage
	switch p.Command {
	case pdu.DeliverSM:
	case pdu.DataSM:
		parse = pdu.ParseData
	case alertNotification:
		return
	default:
		s.reply(pdu.PDU{Command: pdu.GenericNack, Status: pdu.InvalidCommand, Sequence: p.Sequence})
		return
	}
	m, err := parse(p.Body)
	status := pdu.InvalidMessageLength
	if err == nil {
		status = e.take(m)
	} else {
		e.log.Warn("a message of the SMS centre cannot be understood", "bytes", len(p.Body))
	}
	s.reply(p.Answer(status, pdu.IDBody("")))
}

// passed passes on a text of several parts; to break at it is to fail.
func (e *ears) passed(w written) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = e.broken(v)
		}
	}()
	return e.wrote(w)
}

var errBroken = errors.New("smpp: what the centre says was not taken")

// broken says so in the log, and only of what kind it was: the rest may be what somebody has written.
func (e *ears) broken(v any) error {
	e.log.Error("panic at what the SMS centre says; it is tried again", "type", fmt.Sprintf("%T", v))
	return errBroken
}

// take says what is answered to a message.
func (e *ears) take(m pdu.Message) pdu.Status {
	kind := m.ESMClass & pdu.ESMTypeMask
	var err error
	switch {
	case kind == pdu.ESMReceipt || m.Get(pdu.TagReceiptedID) != nil:
		err = e.receipt(m)
	case kind != 0: // an intermediate notification, or an acknowledgement of the telephone
	default:
		err = e.text(m)
	}
	if err != nil {
		return pdu.ReceiverTemporary
	}
	return pdu.OK
}

// receipt passes on the last word on a delivery. What says less is done with.
func (e *ears) receipt(m pdu.Message) error {
	r := readReceipt(m)
	if r.id == "" {
		e.log.Warn("a receipt of the SMS centre cannot be understood", "bytes", len(m.Text()))
		return nil
	}
	status, last := r.status()
	if !last {
		return nil
	}
	out := channels.Receipt{ProviderID: e.options.asSent(r.id), Channel: rooms.SMS, Status: status, At: e.now().UTC()}
	if status == rooms.Failed {
		out.Reason, out.Code = rooms.Bounced, r.code()
	}
	return e.receipts.tell(out, e.shut)
}

// errDeaf says that nobody listens yet.
var errDeaf = errors.New("smpp: nobody listens")

// deafPatience is how long one is waited for who listens.
const deafPatience = 5 * time.Second

// listener is who takes what is heard.
type listener[T any] struct {
	mu    sync.Mutex
	fn    func(context.Context, T) error
	ctx   context.Context // of fn
	comes chan struct{}   // closed when somebody begins to listen; nil: nobody waits for that
}

func (l *listener[T]) listen(ctx context.Context, fn func(context.Context, T) error) error {
	l.mu.Lock()
	l.ctx, l.fn = ctx, fn
	if l.comes != nil {
		close(l.comes)
		l.comes = nil
	}
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == ctx {
		l.ctx, l.fn = nil, nil
	}
	return ctx.Err()
}

func (l *listener[T]) tell(v T, shut chan struct{}) error {
	late := time.After(deafPatience)
	for {
		ctx, fn, comes := l.who()
		if fn != nil {
			return fn(ctx, v)
		}
		select {
		case <-comes:
		case <-shut:
			return errDeaf
		case <-late:
			return errDeaf
		}
	}
}

func (l *listener[T]) who() (context.Context, func(context.Context, T) error, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fn == nil && l.comes == nil {
		l.comes = make(chan struct{})
	}
	return l.ctx, l.fn, l.comes
}
