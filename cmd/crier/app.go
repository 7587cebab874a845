package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/api"
	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/sandbox"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms/registry"
)

// App is the gateway as a value: Run starts it, and stops it when its context ends.
type App struct {
	config  config.Config
	log     *slog.Logger
	metrics *metrics.Set
	ready   chan struct{}

	keysGone []uint32 // of the vault, which are not missed

	changes   changes
	listeners []net.Listener
	outbox    *sandbox.Sandbox
	inlets    inlets
	pushKey   string              // with which browsers subscribe; "" if they cannot
	reached   []func(base string) // want to know where others reach the API
	bridge    *channels.Bridge
	verifier  atomic.Pointer[oidc.Verifier]
	apiKeys   *registry.APIKeys // once Ready
	nats      string            // where NATS clients connect, once Ready
	webSocket string
}

// newApp makes a gateway of a configuration without faults.
func newApp(c config.Config, log *slog.Logger) *App {
	return &App{config: c, log: log, metrics: metrics.NewSet(), ready: make(chan struct{})}
}

// Ready is closed once requests are answered. The node may still be catching up with its log, which /readyz tells.
func (a *App) Ready() <-chan struct{} { return a.ready }

// URL is the base of the API, once Ready; "" of a witness, which has none.
func (a *App) URL() string {
	if len(a.listeners) == 0 {
		return ""
	}
	if a.config.API.Insecure {
		return urlOf("http", a.listeners)
	}
	return urlOf("https", a.listeners)
}

// Outbox shows what the sandbox was given, once Ready; nothing if no channel goes there.
func (a *App) Outbox() http.Handler {
	if a.outbox == nil {
		return http.NotFoundHandler()
	}
	return a.outbox
}

// Run works until ctx ends, which gives nil, or until a part of the gateway ends by itself. All that was started is
// stopped when it returns: first the API, which finishes the requests that it has, and last the store.
func (a *App) Run(ctx context.Context) error {
	c := newCrew(a.log)
	err := unlessTold(ctx, c.during(ctx, func(ctx context.Context) error { return a.start(ctx, c) }))
	if err == nil && ctx.Err() == nil {
		close(a.ready)
		a.log.Info("ready", "version", version, "api", a.URL(), "node", a.config.Broker.Node)
		err = c.wait(ctx)
	}
	a.log.Info("stopping")
	return errors.Join(err, c.stop())
}

// unlessTold leaves out an error that only says that ctx has ended: to stop when told to is no failure.
func unlessTold(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// start brings up the parts, each on those before it.
func (a *App) start(ctx context.Context, c *crew) error {
	if a.config.Broker.Role == broker.Witness {
		return a.witness(ctx, c)
	}
	s, err := a.openStore(ctx, c)
	if err != nil {
		return err
	}
	k, err := a.openKnowledge(ctx, c, s)
	if err != nil {
		return err
	}
	if err := a.startDelivery(ctx, c, s, k); err != nil {
		return err
	}
	return a.open(ctx, c, s, k)
}

// open lets requests in, by HTTP and by NATS.
func (a *App) open(ctx context.Context, c *crew, s *store, k *knowledge) error {
	server, keeper, err := a.newServer(ctx, c, s, k)
	if err != nil {
		return err
	}
	if err := a.serve(c, server); err != nil {
		return err
	}
	a.reachable(k)
	return a.openDoor(c, s, keeper, server)
}

// serve opens the addresses.
func (a *App) serve(c *crew, server *api.Server) error {
	var err error
	if a.listeners, err = listen(a.config.API.Listen); err != nil {
		return fmt.Errorf("api.listen: %w", err)
	}
	if address := a.config.Metrics.Listen; address != "" {
		l, err := listen(address)
		if err != nil {
			return errors.Join(fmt.Errorf("metrics.listen: %w", err), closeAll(a.listeners))
		}
		c.run("metrics", func(ctx context.Context) error { return serveAll(ctx, l, servePlain(server.Metrics())) })
	}
	c.run("api", func(ctx context.Context) error { return serveAll(ctx, a.listeners, server.Serve) })
	return nil
}

func closeAll(listeners []net.Listener) error {
	var all []error
	for _, l := range listeners {
		all = append(all, l.Close())
	}
	return errors.Join(all...)
}
