package fleet

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/broker/nodecert"
	"github.com/govcrier/crier/rooms/vault"
)

// Fleet is a running cluster.
type Fleet struct {
	// Network is what lies between the nodes, unless they are on Options.Hosts.
	Network *Network

	options   Options
	temporary bool
	nodes     []*Node
	issuer    *issuer
	http      *http.Client
}

// Start sets up a fleet, starts its nodes and waits until they are in service, and Room is there. What it has started is
// gone again if it fails.
func Start(ctx context.Context, o Options) (*Fleet, error) {
	f, err := New(o)
	if err != nil {
		return nil, err
	}
	if err := f.launch(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// New sets up a fleet without starting a node, so that configurations and the network can be changed before.
func New(o Options) (*Fleet, error) {
	f := &Fleet{temporary: o.Folder == ""}
	if f.temporary {
		folder, err := os.MkdirTemp("", "drill-")
		if err != nil {
			return nil, fmt.Errorf("fleet: %w", err)
		}
		o.Folder = folder
	}
	var err error
	if f.options, err = o.withDefaults(); err == nil {
		err = f.setUp()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Fleet) setUp() error {
	for _, folder := range []string{f.options.Folder, f.options.Logs} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("fleet: %w", err)
		}
	}
	if err := f.placeNodes(); err != nil {
		return err
	}
	if err := f.makeSecrets(); err != nil {
		return err
	}
	for _, n := range f.nodes {
		if err := f.settings(n).write(n.Config()); err != nil {
			return err
		}
	}
	return nil
}

// placeNodes gives the nodes their addresses, and opens the network between them.
func (f *Fleet) placeNodes() error {
	names := f.options.names()
	ports, err := freePorts(3 * len(names))
	if err != nil {
		return err
	}
	homes := map[string]string{}
	for i, name := range names {
		n := &Node{Name: name, fleet: f, home: f.homeOf(i, name, ports[3*i]), api: local(ports[3*i+1]), nats: local(ports[3*i+2])}
		f.nodes = append(f.nodes, n)
		if f.options.Hosts == nil {
			homes[name] = n.home
		}
	}
	f.Network, err = newNetwork(homes)
	return err
}

// makeSecrets makes an authority, a certificate and a store key for each node, the keys that full nodes share, and the
// identity provider.
func (f *Fleet) makeSecrets() error {
	authority, err := nodecert.New(f.options.Folder)
	if err != nil {
		return err
	}
	for _, n := range f.nodes {
		host, _, err := net.SplitHostPort(n.home)
		if err != nil {
			return fmt.Errorf("fleet: %w", err)
		}
		if _, _, err := authority.Issue(n.Name, "localhost", "127.0.0.1", "::1", host); err != nil {
			return err
		}
		if err := os.WriteFile(f.path(n.Name+".store.key"), []byte(rand.Text()+rand.Text()), 0o600); err != nil {
			return fmt.Errorf("fleet: %w", err)
		}
	}
	if err := vault.Create(f.path("keys.json")); err != nil {
		return err
	}
	if f.http, err = trusting(authority.File(), f.dial); err != nil {
		return err
	}
	if f.issuer, err = newIssuer(); err != nil {
		return err
	}
	return f.shareIssuer()
}

// trusting makes an HTTP client that trusts an authority, with room for many calls at once.
func trusting(caFile string, dial func(context.Context, string, string) (net.Conn, error)) (*http.Client, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Client{Transport: &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute,
	}}, nil
}

func (f *Fleet) launch(ctx context.Context) error {
	var full []string
	for _, n := range f.nodes {
		if !slices.Contains(f.options.Only, n.Name) {
			continue
		}
		if err := n.Start(); err != nil {
			return err
		}
		if n.Full() {
			full = append(full, n.Name)
		}
	}
	for _, name := range f.options.Only {
		if err := f.Node(name).Ready(ctx); err != nil {
			return err
		}
	}
	if len(full) == 0 {
		return nil
	}
	return f.makeRoom(ctx, full[0])
}

func (f *Fleet) makeRoom(ctx context.Context, node string) error {
	_, err := f.Client(Admin, node).CreateRoom(ctx, v1.NewRoom{
		Name: Room, Title: "A room for drills", Admins: []string{Admin},
		Publishers: []v1.Publisher{{Client: Publisher, Direct: true}}, Readers: []string{Publisher},
	})
	var p *client.Problem
	if errors.As(err, &p) && p.Code == v1.ProblemCodeRoomExists {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fleet: create the room: %w", err)
	}
	return nil
}

// Node gives a node by name.
func (f *Fleet) Node(name string) *Node {
	i := slices.IndexFunc(f.nodes, func(n *Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return f.nodes[i]
}

// Nodes are all nodes: n1, n2, w.
func (f *Fleet) Nodes() []*Node { return slices.Clone(f.nodes) }

// Client calls the API of the given full nodes, or of all of them, as Publisher or Admin.
func (f *Fleet) Client(id string, nodes ...string) *client.Client {
	return client.New(f.ClientOptions(id, nodes...))
}

// ClientOptions are those of Client.
func (f *Fleet) ClientOptions(id string, nodes ...string) client.Options {
	if len(nodes) == 0 {
		nodes = []string{N1, N2}
	}
	o := client.Options{Token: f.issuer.tokens[id], HTTPClient: f.http}
	for _, name := range nodes {
		o.Servers = append(o.Servers, f.Node(name).URL())
	}
	return o
}

// Token gives tokens of Publisher or Admin, which are good for a while.
func (f *Fleet) Token(id string) func(context.Context) (string, error) { return f.issuer.tokens[id] }

// CAFile is the fleet's authority.
func (f *Fleet) CAFile() string { return f.path("ca.crt") }

// HTTPClient trusts the fleet's authority.
func (f *Fleet) HTTPClient() *http.Client { return f.http }

// KillAll ends all processes with SIGKILL, at once, and returns when they are gone.
func (f *Fleet) KillAll() error {
	var all []error
	for _, n := range f.nodes {
		if n.process != nil {
			all = append(all, n.process.signal(syscall.SIGKILL))
		}
	}
	for _, n := range f.nodes {
		all = append(all, n.Kill())
	}
	return errors.Join(all...)
}

// Close kills all nodes and closes everything. It may be called twice.
func (f *Fleet) Close() error {
	all := []error{f.KillAll()}
	if f.issuer != nil {
		all = append(all, f.issuer.server.Close())
	}
	if f.Network != nil {
		all = append(all, f.Network.Close())
	}
	if f.http != nil {
		f.http.CloseIdleConnections()
	}
	if f.temporary {
		all = append(all, os.RemoveAll(f.options.Folder))
	}
	return errors.Join(all...)
}
