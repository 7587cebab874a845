package mailbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/mailbox/report"
)

const (
	idleFor    = 25 * time.Minute // less than the 29 of RFC 2177
	soon       = 10 * time.Second // after which mail is tried again that was not taken
	maxStrikes = 3                // attempts to read a mail, after which it is put away
)

// folder is a mailbox that is open, as far as reading it needs. A mail is named by its UID.
type folder interface {
	// Waiting lists some of the mails that are there.
	Waiting(ctx context.Context) ([]uint32, error)
	// Fetch gives a mail, or the beginning of one that is too big.
	Fetch(ctx context.Context, uid uint32) ([]byte, error)
	// Put moves a mail into another folder; "" deletes it.
	Put(ctx context.Context, uid uint32, into string) error
	// Idle returns when there may be more, and at the latest after a time.
	Idle(ctx context.Context, atMost time.Duration) error
	Close()
}

// Poller reads a mailbox, on one node for all. It is a source of receipts and of what people write.
type Poller struct {
	*intake
	open    func(ctx context.Context, o Options) (folder, error)
	strikes map[uint32]int // how often a mail could not be read
}

var (
	_ channels.OneReader = (*Poller)(nil)
	_ channels.Inbox     = (*Poller)(nil)
)

// NewPoller makes what reads a mailbox for as long as somebody hears its receipts.
func NewPoller(o Options, d Deps) (*Poller, error) {
	o = o.WithDefaults()
	if err := errors.Join(o.Check()...); err != nil {
		return nil, err
	}
	return &Poller{intake: newIntake(o, d), open: openIMAP, strikes: map[uint32]int{}}, nil
}

// OneReader says that two would get in each other's way.
func (p *Poller) OneReader() {}

// Receipts reads the mailbox until ctx ends or that fails.
func (p *Poller) Receipts(ctx context.Context, fn func(context.Context, channels.Receipt) error) error {
	p.hearReceipts(ctx, fn)
	f, err := p.open(ctx, p.options)
	if err != nil {
		return err
	}
	defer f.Close()
	for ctx.Err() == nil {
		left, err := p.read(ctx, f)
		if err != nil {
			return err
		}
		wait := idleFor
		if left {
			wait = min(soon, p.options.IMAP.Poll)
		}
		if err := f.Idle(ctx, wait); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// read takes what is there, and says whether some of it has to be tried again.
func (p *Poller) read(ctx context.Context, f folder) (left bool, err error) {
	all, err := f.Waiting(ctx)
	for _, uid := range all {
		taken, err := p.one(ctx, f, uid)
		if err != nil {
			return left, err
		}
		left = left || !taken
	}
	return left, err
}

// one takes a mail, then puts it away. An error is one of the mailbox.
func (p *Poller) one(ctx context.Context, f folder, uid uint32) (taken bool, err error) {
	raw, err := f.Fetch(ctx, uid)
	switch {
	case errors.Is(err, errAnswered): // of this mail
		return p.strike(ctx, f, uid)
	case err != nil:
		return false, err
	case len(raw) == 0: // somebody else has taken it away
		return true, nil
	}
	switch err := p.calmly(ctx, raw); {
	case errors.Is(err, errPanic):
		return p.strike(ctx, f, uid)
	case err != nil:
		p.deps.Logger.Warn("mail not taken", "uid", uid, "error", err)
		return false, nil
	}
	delete(p.strikes, uid)
	into := p.options.IMAP.Processed
	if p.options.IMAP.Delete {
		into = ""
	}
	return true, f.Put(ctx, uid, into)
}

// strike puts a mail away that cannot be read, once that is certain.
func (p *Poller) strike(ctx context.Context, f folder, uid uint32) (taken bool, err error) {
	if p.strikes[uid]++; p.strikes[uid] < maxStrikes {
		return false, nil
	}
	delete(p.strikes, uid)
	p.deps.Logger.Error("a mail cannot be read, it is put away", "folder", p.options.IMAP.Failed, "uid", uid)
	return true, f.Put(ctx, uid, p.options.IMAP.Failed)
}

var errPanic = errors.New("mailbox: panicked")

// calmly takes a mail, and turns a panic into an error that says its type only.
func (p *Poller) calmly(ctx context.Context, raw []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %T", errPanic, v)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, takePatience)
	defer cancel()
	return p.take(ctx, report.Read(raw), report.Envelope{})
}
