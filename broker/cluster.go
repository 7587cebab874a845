package broker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Topologies: how many nodes there are, and how many of them hold each entry.
const (
	Single  = "single"  // one node
	Cluster = "cluster" // three nodes or more, three of which hold each entry; any one may be lost
	Pair    = "pair"    // two nodes, both of which hold each entry; without either of them writes wait
)

// Roles of a node.
const (
	Full    = "full"
	Witness = "witness" // RAFT and storage only: it votes and keeps a copy, and serves nobody
)

// ClusterOptions say how nodes find and trust each other.
type ClusterOptions struct {
	// Name of the cluster, the same on every node; "crier" by default.
	Name string `yaml:"name"`
	// Listen is where the other nodes connect, host:port; ":6222" by default.
	Listen string `yaml:"listen"`
	// Routes are the addresses of all nodes, this one's too: host:port. Their number is that
	// of the nodes which form a new cluster.
	Routes []string `yaml:"routes"`
	// TLS is between nodes; both ends show a certificate.
	TLS ClusterTLS `yaml:"tls"`
}

// ClusterTLS are the files of TLS between nodes, PEM.
type ClusterTLS struct {
	CertFile string `yaml:"certFile"` // for both ends of a connection, with the host names of Routes
	KeyFile  string `yaml:"keyFile"`
	CAFile   string `yaml:"caFile"` // whoever it signs is a node: an authority of its own
}

// RaftOptions are the times of elections.
type RaftOptions struct {
	// Scale multiplies the times of NATS (an election after 4 to 9 s of silence, a heartbeat
	// each second); 0.25 by default, for nodes in one local network. All nodes must agree.
	Scale float64 `yaml:"scale"`
}

func (o ClusterOptions) withDefaults() ClusterOptions {
	if o.Name == "" {
		o.Name = "crier"
	}
	if o.Listen == "" {
		o.Listen = ":6222"
	}
	return o
}

// minNodes is how many nodes form a topology at least, which is also how many hold each entry.
func minNodes(topology string) int {
	switch topology {
	case Cluster:
		return 3
	case Pair:
		return 2
	}
	return 1
}

// Replicas is how many nodes hold each entry.
func (o Options) Replicas() int { return minNodes(o.Topology) }

// clustered says whether there are other nodes.
func (o Options) clustered() bool { return o.Topology != Single }

// maxStorePath leaves room for a socket's name: Linux takes 107 characters (unix(7)).
const maxStorePath = 94

func (o Options) checkCluster() []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(o.Topology != Single && o.Topology != Cluster && o.Topology != Pair, `topology: "single", "cluster" or "pair"`)
	bad(o.Role != Full && o.Role != Witness, `role: "full" or "witness"`)
	bad(o.Role == Witness && o.Topology != Cluster, "role: a witness belongs to topology cluster")
	bad(o.Raft.Scale < minScale || o.Raft.Scale > maxScale, fmt.Sprintf("raft.scale: from %v to %v", minScale, maxScale))
	if !o.clustered() {
		return faults
	}
	c := o.Cluster
	bad(!addressed(c.Listen, false), "cluster.listen: of the form host:port, or :port for every address")
	for _, r := range c.Routes {
		bad(!addressed(r, true), "cluster.routes: each of the form host:port")
	}
	n := minNodes(o.Topology)
	bad(len(c.Routes) < n, fmt.Sprintf("cluster.routes: the addresses of all nodes, this one's too; a %s has at least %d", o.Topology, n))
	bad(len(o.Store) > maxStorePath, fmt.Sprintf("store: at most %d characters, a socket in it takes the rest", maxStorePath))
	bad(o.Topology == Pair && len(c.Routes) > n, "cluster.routes: a pair has two nodes")
	bad(c.TLS.CertFile == "" || c.TLS.KeyFile == "" || c.TLS.CAFile == "", "cluster.tls: certFile, keyFile and caFile are needed, nodes speak TLS only")
	return faults
}

func addressed(address string, whole bool) bool {
	host, port, err := net.SplitHostPort(address)
	n, errPort := strconv.Atoi(port)
	return err == nil && errPort == nil && n > 0 && n < 1<<16 && (host != "" || !whole)
}

// A node that answers none of hangPings pings counts as gone, as it does for RAFT in about the
// same time; hangAfter, the time between two pings, is multiplied by raft.scale. Without pings, a
// connection that a cut network has stalled goes on only when TCP tries again.
const (
	hangAfter = 3 * time.Second
	hangPings = 2
)

// routing are the server's options of a clustered node.
func (o Options) routing(opts *server.Options) error {
	config, err := o.Cluster.TLS.load()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(o.Cluster.Listen)
	if err != nil {
		return fmt.Errorf("broker: cluster.listen: %w", err)
	}
	if opts.Cluster.Port, err = strconv.Atoi(port); err != nil {
		return fmt.Errorf("broker: cluster.listen: %w", err)
	}
	opts.Cluster.Name, opts.Cluster.Host = o.Cluster.Name, host
	opts.Cluster.NoAdvertise = true // nodes connect as configured
	opts.Cluster.TLSConfig, opts.Cluster.TLSTimeout = config, 5
	opts.Cluster.PoolSize = 3
	// A node that hangs keeps its connections: until they are closed, questions are sent to it.
	opts.Cluster.PingInterval = time.Duration(o.Raft.Scale * float64(hangAfter))
	opts.Cluster.MaxPingsOut = hangPings
	for _, r := range o.Cluster.Routes {
		opts.Routes = append(opts.Routes, &url.URL{Scheme: "tls", Host: r})
	}
	// The server waits for a client listener before it begins with routes. Nobody can log in
	// there: the only user's password is made at each start and not told to anybody.
	opts.DontListen, opts.Host, opts.Port = false, "127.0.0.1", server.RANDOM_PORT
	return nil
}

// load reads the certificates.
func (t ClusterTLS) load() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("broker: cluster.tls: %w", err)
	}
	pem, err := os.ReadFile(t.CAFile)
	if err != nil {
		return nil, fmt.Errorf("broker: cluster.tls.caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("broker: cluster.tls.caFile: %s holds no PEM certificate", t.CAFile)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{cert}, RootCAs: pool, ClientCAs: pool,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
	}, nil
}
