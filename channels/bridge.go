package channels

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Deps are what the bridge works with. Log, Members, History, Policies and Vault are needed.
type Deps struct {
	Log      *stream.Log
	Members  Members
	History  History
	Policies Policies
	Vault    Unsealer
	// Controls say which messages are paused or cancelled; nil: none ever is.
	Controls Controls
	// Failures hears what went wrong; nil: nobody does.
	Failures Failures
	// Providers of the channels, of different names; a channel without one answers not-configured.
	Providers map[rooms.Channel][]Configured
	// Frequencies know how often people are reached; nil: nobody is counted.
	Frequencies Frequencies
	// Left says whether a subscriber has left a room a moment ago, so that even a fresh message is not sent without
	// asking Members; nil: nobody has. Leave is where he can do so; nil: nowhere.
	Left  func(room rooms.Room, id rooms.SubscriberID) bool
	Leave func(room rooms.Room, id rooms.SubscriberID, c rooms.Contact) rooms.Address
	// Token stands for an attempt where others repeat it to us; nil: nothing comes back by one.
	Token func(a rooms.AttemptID) string
	// Listeners hear for channels without sending. Inbound makes durable what people write, to them and to providers; nil:
	// nobody listens to people.
	Listeners []Listener
	Inbound   func(ctx context.Context, in rooms.Inbound) error
	// Suppressions are asked before each attempt, and told of it; nil: everybody is written to.
	Suppressions Suppressions
	// Confirmed finds the deliveries of receipts that name them by the provider's id; nil: none does.
	Confirmed Confirmed
	// AckWait is how long the log lets a job be held without a sign of life; zero is 30s.
	AckWait time.Duration
	// Exercise is the word with which every text of a drill begins.
	Exercise string
	// Leases say which node does what one is enough for; nil: this one does.
	Leases Leases
	// Uses say how the providers are used; nil: as configured. By Reports the nodes learn of each other, and Node is what this
	// one is called; nil: it is the only one.
	Uses    Uses
	Reports Reports
	Node    string
	Metrics *metrics.Set     // nil: kept to ourselves
	Logger  *slog.Logger     // nil: discarded
	Now     func() time.Time // nil: time.Now
	// Time is by what deliveries expire; nil: Now. It may be a clock that does not jump, which
	// leases cannot do with: they end while the machine sleeps.
	Time func() time.Time
}

func (d Deps) withDefaults() Deps {
	d.AckWait = cmp.Or(d.AckWait, 30*time.Second)
	d.Metrics = cmp.Or(d.Metrics, metrics.NewSet())
	d.Logger = cmp.Or(d.Logger, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Time == nil {
		d.Time = d.Now
	}
	if d.Leases == nil {
		d.Leases = alone{}
	}
	if d.Uses == nil {
		d.Uses = unmoved{}
	}
	if d.Controls == nil {
		d.Controls = untouched{}
	}
	if d.Failures == nil {
		d.Failures = untouched{}
	}
	return d
}

// Bridge takes the jobs of all lanes and channels to their providers.
type Bridge struct {
	options Options
	deps    Deps
	opener  *opener
	hands   *hands
	lately  *lately
	rejoins *rejoiner // nil: no receipt names a delivery by the provider's id
	crews   map[rooms.Channel]*crew

	sharing sync.Mutex // what is known of the other nodes
	nodes   *nodes
}

// New makes a bridge that Run sets to work.
func New(o Options, d Deps) *Bridge {
	b := &Bridge{options: o.WithDefaults(), deps: d.withDefaults(), hands: newHands(), lately: newLately(), crews: map[rooms.Channel]*crew{}}
	if b.deps.Confirmed != nil {
		b.rejoins = newRejoiner(b)
	}
	for _, c := range rooms.Channels() {
		b.crews[c] = newCrew(b.deps.Metrics, c, b.deps.Providers[c], b.deps.Uses, b.options.Health, b.deps.Logger)
		b.crews[c].bound(b.options.Workers.all())
	}
	b.nodes = b.newNodes()
	b.opener = newOpener(b.options.CacheBytes, b.deps.Vault, b.message)
	b.opener.exercise = b.deps.Exercise
	return b
}

// Run works until ctx ends. Then it pulls nothing more, hands back what is not with a
// provider yet, and waits for the rest; after DrainTimeout it cancels that, leaves its jobs
// to the queue, and returns. An error says that the queues could not be opened.
func (b *Bridge) Run(ctx context.Context) error {
	lines, err := b.lines(ctx)
	if err != nil {
		return err
	}
	send, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var background sync.WaitGroup
	b.look(ctx)
	background.Go(func() { b.conduct(ctx) })
	background.Go(func() {
		_ = b.deps.Leases.Hold(ctx, "providers", func(ctx context.Context, _ uint64, _ func() bool) error { return b.balance(ctx) })
	})
	reaper := b.reaper()
	background.Go(func() { reaper.watch(ctx, b.options.ReapEvery) })
	background.Go(func() {
		_ = b.deps.Leases.Hold(ctx, "reaper", func(ctx context.Context, _ uint64, _ func() bool) error {
			return reaper.run(ctx, b.options.ReapEvery)
		})
	})
	if b.rejoins != nil {
		background.Go(func() {
			_ = b.deps.Leases.Hold(ctx, "receipts-parked", func(ctx context.Context, _ uint64, _ func() bool) error { return b.rejoins.run(ctx) })
		})
	}
	for c, crew := range b.crews {
		for _, m := range crew.members {
			background.Go(func() { m.look(ctx) })
			background.Go(func() { b.hear(send, Listener{m.Name, c, m.Provider}, len(crew.members) > 1) })
		}
	}
	for _, l := range b.deps.Listeners {
		background.Go(func() { b.hear(send, l, true) })
	}
	var pulling sync.WaitGroup
	for _, l := range lines {
		pulling.Go(func() { l.run(ctx, send) })
	}
	pulling.Wait()
	b.drain(lines, cancel)
	if !within(recordPatience, background.Wait) {
		b.deps.Logger.Warn("a provider still reads receipts")
	}
	return nil
}

// hear listens to whatever a provider or listener hears, on one node if it says so.
func (b *Bridge) hear(ctx context.Context, l Listener, several bool) {
	if _, ok := l.Source.(OneReader); !ok {
		b.listen(ctx, l)
		return
	}
	lease := "receipts-" + string(l.Channel)
	if several {
		lease += "-" + l.Name
	}
	_ = b.deps.Leases.Hold(ctx, lease, func(ctx context.Context, _ uint64, _ func() bool) error {
		b.listen(ctx, l)
		return ctx.Err()
	})
}

// listen hears receipts and what people write, side by side, until ctx ends.
func (b *Bridge) listen(ctx context.Context, l Listener) {
	var both sync.WaitGroup
	if source, ok := l.Source.(Receipts); ok {
		take := b.taker(l.Name)
		both.Go(func() {
			persist(ctx, b.deps.Logger.With("provider", l.Name), "receipts", func(ctx context.Context) error { return source.Receipts(ctx, take) })
		})
	}
	if source, ok := l.Source.(Inbox); ok && b.deps.Inbound != nil {
		both.Go(func() {
			persist(ctx, b.deps.Logger.With("provider", l.Name), "inbox", func(ctx context.Context) error { return source.Inbound(ctx, b.deps.Inbound) })
		})
	}
	both.Wait()
}

// receiver records the receipts of a provider.
func (b *Bridge) receiver(provider string) receiver {
	return receiver{provider, b.deps.Log, b.deps.History, b.deps.Failures, b.deps.Suppressions, b.deps.Logger, b.deps.Time}
}

// taker does so too, and finds the deliveries that they do not name.
func (b *Bridge) taker(provider string) func(context.Context, Receipt) error {
	if b.rejoins == nil {
		return b.receiver(provider).take
	}
	return resolver{b.receiver(provider), b.lately, b.deps.Confirmed, b.deps.Log, b.rejoins.parked}.take
}

// drain waits for the jobs in hand, then cancels them. Whoever does not let go even then is
// left behind.
func (b *Bridge) drain(lines []*line, cancel context.CancelFunc) {
	wait := func() {
		for _, l := range lines {
			l.hand.Wait()
		}
	}
	done := within(b.options.DrainTimeout, wait)
	cancel()
	if !done && !within(recordPatience+time.Second, wait) {
		b.deps.Logger.Warn("a provider does not let go of its deliveries; their jobs return to the queue")
	}
}

// within says whether wait returned in time.
func within(d time.Duration, wait func()) bool {
	done := make(chan struct{})
	go func() { wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// lines opens the queues: one line for each lane and channel.
func (b *Bridge) lines(ctx context.Context) ([]*line, error) {
	var lines []*line
	for _, c := range rooms.Channels() {
		w := b.worker(c)
		for _, lane := range rooms.Lanes() {
			l := newLine(b.options.Workers.of(lane), b.options.MaxWaiting, b.deps.Logger.With("lane", lane, "channel", c))
			queue, err := b.deps.Log.Jobs(ctx, lane, c)
			if err != nil {
				return nil, fmt.Errorf("channels: open the queue of lane %s, channel %s: %w", lane, c, err)
			}
			l.fetch, l.wait, l.do = b.fetch(queue), min(fetchWait, b.deps.AckWait/3), w.do
			name := fmt.Sprintf(`crier_channel_in_flight{lane=%q,channel=%q}`, lane, c)
			b.deps.Metrics.GetOrCreateGauge(name, func() float64 { return float64(l.inHand.Load()) })
			lines = append(lines, l)
		}
	}
	return lines, nil
}

// fetch makes work of what a queue gives. No job was handed out before it was asked for, so
// that moment counts as its beginning: even if the process was suspended meanwhile, nobody
// here takes a job for his own that the queue has given to somebody else.
func (b *Bridge) fetch(q *stream.Jobs) func(context.Context, int, time.Duration, func(work)) error {
	return func(ctx context.Context, n int, wait time.Duration, fn func(work)) error {
		began := b.deps.Now()
		return q.Fetch(ctx, n, wait, func(j *stream.Job) {
			fn(work{Job: j.Job, pulled: j, mayRepeat: j.MayRepeat(), since: began})
		})
	}
}

func (b *Bridge) worker(c rooms.Channel) *worker {
	return &worker{
		journal: b.deps.Log, claims: b.deps.Log, members: b.deps.Members, history: b.deps.History, policies: b.deps.Policies, opener: b.opener,
		controls: b.deps.Controls, failures: b.deps.Failures, suppressions: b.deps.Suppressions, left: b.deps.Left, leave: b.deps.Leave, token: b.deps.Token,
		contacts: b.contacts(c), frequencies: b.deps.Frequencies, crew: b.crews[c], timeout: b.options.SendTimeout, ackWait: b.deps.AckWait,
		hands: b.hands, lately: b.lately,
		skipped: b.deps.Metrics.GetOrCreateCounter(fmt.Sprintf(`crier_channel_skipped_total{channel=%q}`, c)), // repeats not sent again
		log:     b.deps.Logger, now: b.deps.Now, clock: b.deps.Time,
	}
}

// reaper leaves a job alone for as long after its deadline as an attempt may take.
func (b *Bridge) reaper() *reaper {
	r := newReaper(b.deps.Log, b.deps.Log, b.deps.History, ledger{b.deps.Log, b.deps.Policies}, b.deps.Logger, b.deps.Time)
	r.limit, r.grace = b.options.ReapLimit, b.options.SendTimeout+overrun+b.deps.AckWait
	for _, lane := range rooms.Lanes() {
		gauge := b.deps.Metrics.GetOrCreateGauge(fmt.Sprintf(`crier_channel_oldest_job_seconds{lane=%q}`, lane), nil)
		r.oldest[lane] = func(age time.Duration) { gauge.Set(age.Seconds()) }
	}
	return r
}

// message reads from the room's log.
func (b *Bridge) message(ctx context.Context, sequence uint64) (rooms.Message, error) {
	m, err := b.deps.Log.Message(ctx, sequence)
	if errors.Is(err, stream.ErrGone) {
		return m, errGone
	}
	return m, err
}
