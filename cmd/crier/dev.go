package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/api/oidc/devissuer"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

const devLong = `Run the whole gateway on this machine, for trying it out and for development: the API, an identity provider of its own,
and a sandbox in place of e-mail and SMS, whose page shows what would have been sent. Webhooks are called, on this machine
too, by http and on any port. Otherwise nothing leaves this machine, and no account is needed anywhere.

What it stores is encrypted like anywhere else. Without --store it is gone at the end; with --store DIR it is kept, the
keys beside it in DIR.key, DIR.keys.json and DIR.clients.json. None of these may be open to other users of the machine.

On the GovStack Information Mediator, rooms are applications of the member ` + demoMember + `, which /listClients names:
/r1/` + demoMember + `/demo/…. With --set api.mediator.members={} they are found under the codes of any, and not listed.

Recipients whose deliveries fail on demand:
  temporary@example.com    +99900001xx  deferred; temporary-2@… or +9990000102 at the first 2 attempts only
  permanent@example.com    +99900002xx  rejected
  timeout@example.com      +99900003xx  no answer in time
  late@example.com         +99900004xx  delivered, some seconds later
  bounced@example.com      +99900005xx  sent, then bounced
  throttled@example.com    +99900006xx  asked to come again
  suppressed@example.com   +99900007xx  may not be written to`

const devExample = `  crier dev
  crier dev --store ./demo --api 127.0.0.1:9090
  crier dev --set policy.retry=1s,2s,4s --set sandbox.late=1s
  crier dev --json | tee session.json
  crier dev --api-key abcdef12345        # POST /send/email/single with the header apiKey: abcdef12345`

// devFlags are what the command line says.
type devFlags struct {
	store   string
	address string
	nats    string
	socket  string
	json    bool
	set     []string
	keys    []string
}

func (t terminal) devCommand() *cobra.Command {
	var f devFlags
	c := &cobra.Command{
		Use:     "dev",
		Short:   "Run the whole gateway on this machine, with nothing real behind it",
		Long:    devLong,
		Example: devExample,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return t.dev(c.Context(), f) },
	}
	c.Flags().StringVar(&f.store, "store", "", "keep what is stored in this folder (default: a temporary one)")
	c.Flags().StringVar(&f.address, "api", "127.0.0.1:8080", "loopback address of the API; port 0 takes a free one")
	c.Flags().StringVar(&f.nats, "nats", anyPort, "loopback address for NATS clients; port 0 takes a free one")
	c.Flags().StringVar(&f.socket, "websocket", anyPort, "loopback address for NATS clients by WebSocket; port 0 takes a free one")
	c.Flags().StringArrayVar(&f.keys, "api-key", nil, "make KEY a key of GovStack's e-mail API, with "+demoSender+" as a sender; may be repeated")
	c.Flags().BoolVar(&f.json, "json", false, "print one line of JSON once everything is ready")
	c.Flags().StringArrayVar(&f.set, "set", nil, "KEY=VALUE of the configuration, such as policy.expiry=1h; may be repeated")
	return c
}

// dev runs until ctx ends.
func (t terminal) dev(ctx context.Context, f devFlags) (err error) {
	home, err := openDevStore(f.store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, home.close()) }()
	conf, err := devConfig(home, f)
	if err != nil {
		return err
	}
	if err := free(conf.API.Listen); err != nil {
		return fmt.Errorf("%w; --api takes another address, such as %s", err, anyPort)
	}
	c := newCrew(slog.New(slog.DiscardHandler)) // its errors are printed at the end
	defer func() { err = errors.Join(err, c.stop()) }()
	s, err := startSession(ctx, c, conf, home, conf.Logging.Logger(t.err), f.keys...)
	if err != nil {
		return unlessTold(ctx, err)
	}
	if err := t.tell(s, f); err != nil {
		return err
	}
	return c.wait(ctx)
}

// free says whether an address can be listened on.
func free(address string) error {
	listeners, err := listen(address)
	if err != nil {
		return err
	}
	return closeAll(listeners)
}

// anyPort is a loopback address on a free port.
const anyPort = "127.0.0.1:0"

// devConfig is that of a file, with what development needs.
func devConfig(home *devStore, f devFlags) (config.Config, error) {
	f.nats, f.socket = cmp.Or(f.nats, anyPort), cmp.Or(f.socket, anyPort)
	for flag, address := range map[string]string{"api": f.address, "nats": f.nats, "websocket": f.socket} {
		host, _, err := net.SplitHostPort(address)
		if err != nil || !loopback(host) {
			return config.Config{}, fmt.Errorf("--%s takes a loopback address, such as 127.0.0.1:8080: there is no TLS here", flag)
		}
	}
	conf := config.New()
	conf.Broker.NATS.Listen, conf.Broker.NATS.WebSocket, conf.Broker.NATS.Insecure = f.nats, f.socket, true
	conf.Broker.Store, conf.Broker.KeyFile = home.store, home.keyFile
	conf.Vault.KeysFile = home.keysFile
	conf.API.Listen, conf.API.Insecure, conf.API.Metrics = f.address, true, true
	conf.OIDC.Issuer = "http://127.0.0.1" // until it is known
	conf.API.Mediator.Members = map[string][]string{demoMember: nil}
	p := &conf.Providers
	for _, kind := range []*string{&p.Email.Kind, &p.SMS.Kind, &p.WebPush.Kind, &p.Matrix.Kind, &p.Telegram.Kind, &p.WhatsApp.Kind} {
		*kind = config.KindSandbox
	}
	conf.Providers.Webhook.Allow, conf.Providers.Webhook.Ports = []string{"127.0.0.0/8", "::1/128"}, []int{outbound.AnyPort}
	for _, pair := range f.set {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return conf, fmt.Errorf("--set %s: KEY=VALUE is expected", pair)
		}
		if err := conf.Set(name, value); err != nil {
			return conf, fmt.Errorf("--set: %w", err)
		}
	}
	conf = conf.Complete()
	return conf, errors.Join(conf.Check()...)
}

// session is a running development gateway, and how to use it.
type session struct {
	API          string `json:"api"`
	Issuer       string `json:"issuer"`
	NATS         string `json:"nats"`
	WebSocket    string `json:"websocket"`
	Outbox       string `json:"outbox"`
	Room         string `json:"room"`
	Token        string `json:"token"`
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	// Secrets are those of all clients of the issuer, by their ids.
	Secrets    map[string]string `json:"secrets"`
	AdminToken string            `json:"adminToken"`
	DPOToken   string            `json:"dpoToken"`
}

// devTokenLifetime is that of the tokens that are printed, and of all others.
const devTokenLifetime = time.Hour

// startSession starts everything and returns once it is ready.
func startSession(ctx context.Context, c *crew, conf config.Config, home *devStore, log *slog.Logger, keys ...string) (session, error) {
	s := session{Room: demoRoom, ClientID: demoPublisher, ClientSecret: home.secrets[demoPublisher], Secrets: home.secrets}
	issuer, err := startIssuer(c, home.secrets)
	if err != nil {
		return s, err
	}
	s.Issuer, conf.OIDC.Issuer = issuer.URL(), issuer.URL()
	if err := s.tokens(issuer); err != nil {
		return s, err
	}
	app := newApp(conf, log)
	c.run("gateway", app.Run)
	select {
	case <-app.Ready():
	case err := <-c.failed:
		return s, err
	case <-ctx.Done():
		return s, ctx.Err()
	}
	s.API, s.NATS, s.WebSocket = app.URL(), app.nats, app.webSocket
	if s.Outbox, err = startOutbox(c, app); err != nil {
		return s, err
	}
	admin := client.New(client.Options{Servers: []string{s.API}, Token: client.Static(rooms.NewSecret(s.AdminToken))})
	if err := furnish(ctx, admin); err != nil {
		return s, err
	}
	return s, giveKeys(ctx, admin, app.apiKeys, keys)
}

func (s *session) tokens(issuer *devissuer.Issuer) error {
	var err error
	if s.Token, err = issuer.Token(demoPublisher, devTokenLifetime); err != nil {
		return err
	}
	if s.AdminToken, err = issuer.Token(demoAdmin, devTokenLifetime); err != nil {
		return err
	}
	s.DPOToken, err = issuer.Token(demoDPO, devTokenLifetime)
	return err
}

// startIssuer starts the identity provider on a port of its own.
func startIssuer(c *crew, secrets map[string]string) (*devissuer.Issuer, error) {
	listeners, err := listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	issuer, err := devissuer.New(urlOf("http", listeners), devissuer.Options{
		Clients: []devissuer.Client{
			{ID: demoPublisher, Secret: secrets[demoPublisher]},
			{ID: demoReader, Secret: secrets[demoReader]},
			{ID: demoAdmin, Secret: secrets[demoAdmin], Roles: []string{"admin"}},
			{ID: demoAuditor, Secret: secrets[demoAuditor], Roles: []string{"auditor"}},
			{ID: demoDPO, Secret: secrets[demoDPO], Roles: []string{"dpo"}},
		},
		TokenLifetime: devTokenLifetime,
	})
	if err != nil {
		return nil, errors.Join(err, closeAll(listeners))
	}
	c.run("issuer", func(ctx context.Context) error { return serveAll(ctx, listeners, servePlain(issuer)) })
	return issuer, nil
}

// startOutbox shows what the sandbox was given, on a port of its own.
func startOutbox(c *crew, app *App) (string, error) {
	listeners, err := listen("127.0.0.1:0")
	if err != nil {
		return "", err
	}
	h := onLoopback(app.Outbox())
	c.run("outbox", func(ctx context.Context) error { return serveAll(ctx, listeners, servePlain(h)) })
	return urlOf("http", listeners) + "/outbox", nil
}

func removeAll(folder string) func() error { return func() error { return os.RemoveAll(folder) } }
