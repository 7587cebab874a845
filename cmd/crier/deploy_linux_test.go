package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// site is the example of a cluster as it is written, on this machine: one folder instead of each node's /, and addresses
// of 127.0.0.0/8, all of which Linux has, instead of those of the documentation.
type site struct {
	t      *testing.T
	dir    string
	net    string // what all addresses begin with
	issuer string
	run    map[string]*exec.Cmd
}

// newSite does what deploy/README.md says, up to the start of the nodes.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{
		t: t, dir: t.TempDir(), issuer: startTestIssuer(t), run: map[string]*exec.Cmd{},
		net: fmt.Sprintf("127.%d.%d.", 1+rand.IntN(254), rand.IntN(256)), // nobody else's
	}
	s.must("crier", "keys", "new", s.dir+"/keys.json")
	s.certify("ca", s.dir+"/nodes")
	s.certify("ca", s.dir+"/web") // in place of an authority that publishers trust
	for i, node := range exampleNodes {
		etc := s.etc(node)
		s.must("mkdir", "-p", etc)
		s.must("crier", "keys", "store", etc+"/store.key")
		s.certify("node", s.dir+"/nodes", node, fmt.Sprint(s.net, i+1))
		s.must("cp", s.dir+"/nodes/ca.crt", etc+"/nodes-ca.crt")
		s.must("cp", s.dir+"/nodes/"+node+".crt", etc+"/node.crt")
		s.must("cp", s.dir+"/nodes/"+node+".key", etc+"/node.key")
		if node != "witness" {
			s.must("cp", s.dir+"/keys.json", etc+"/keys.json")
			s.certify("node", s.dir+"/web", node, node+".crier.example.org")
			s.must("cp", s.dir+"/web/"+node+".crt", etc+"/api.crt")
			s.must("cp", s.dir+"/web/"+node+".key", etc+"/api.key")
		}
		s.configure(node)
	}
	return s
}

func (s *site) etc(node string) string { return filepath.Join(s.dir, node, "etc", "crier") }

// configure copies a node's example. These are all the words of it that change.
func (s *site) configure(node string) {
	s.t.Helper()
	example, err := os.ReadFile(root + "/deploy/cluster/" + node + ".yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	here := strings.NewReplacer(
		"192.0.2.", s.net,
		"/etc/crier/", s.etc(node)+"/",
		"/var/lib/crier", filepath.Join(s.dir, node, "var", "lib", "crier"),
		"https://id.example.org/realms/gov", s.issuer,
		"relay.example.org", s.net+"99", // nobody
	).Replace(string(example))
	if err := os.WriteFile(s.etc(node)+"/crier.yaml", []byte(here), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) certify(args ...string) { s.must(root+"/deploy/cluster/certify.sh", args...) }

func (s *site) must(name string, args ...string) {
	s.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// start runs a node, which dies with the test.
func (s *site) start(node string) {
	s.t.Helper()
	log, err := os.OpenFile(s.log(node), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(buildProgram(s.t, ""), "serve", "--config", s.etc(node)+"/crier.yaml")
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.run[node] = cmd
	s.t.Cleanup(func() { s.kill(node) })
}

func (s *site) kill(node string) {
	if cmd := s.run[node]; cmd != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		delete(s.run, node)
	}
}

func (s *site) log(node string) string { return filepath.Join(s.dir, node+".log") }

// showLogs prints the ends of the logs if the test has failed.
func (s *site) showLogs() {
	for _, node := range exampleNodes {
		if text, err := os.ReadFile(s.log(node)); err == nil && s.t.Failed() {
			s.t.Logf("%s says:\n%s", node, text[max(0, len(text)-4000):])
		}
	}
}

// client calls some of the nodes, by the names that their certificates have.
func (s *site) client(nodes ...string) *client.Client {
	s.t.Helper()
	pem, err := os.ReadFile(s.dir + "/web/ca.crt")
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		s.t.Fatalf("no certificate of the authority: %v", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DialContext: s.dial}
	s.t.Cleanup(transport.CloseIdleConnections)
	var servers []string
	for _, n := range nodes {
		servers = append(servers, "https://"+n+".crier.example.org:8443")
	}
	return client.New(client.Options{
		Servers: servers, HTTPClient: &http.Client{Transport: transport},
		Token: client.FromIssuer(client.Credentials{Issuer: s.issuer, ClientID: "ops", ClientSecret: rooms.NewSecret("ops-secret")}),
	})
}

// dial is the name server.
func (s *site) dial(ctx context.Context, network, address string) (net.Conn, error) {
	for i, node := range exampleNodes {
		address = strings.Replace(address, node+".crier.example.org", fmt.Sprint(s.net, i+1), 1)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// The example of a cluster works as it is written: what was accepted by one node before it was killed is known on the
// other, and publishing goes on.
func TestClusterAsWritten(t *testing.T) {
	s := newSite(t)
	defer s.showLogs()
	for _, node := range exampleNodes {
		s.start(node)
	}
	for _, node := range []string{"n1", "n2"} {
		c := s.client(node)
		await(t, busyFor, func() string { return said(c.Ready(t.Context())) })
	}
	c := s.client("n1")
	if _, err := c.CreateRoom(t.Context(), v1.NewRoom{Name: "newborn", Publishers: []v1.Publisher{{Client: "ops", Direct: true}}}); err != nil {
		t.Fatal(err)
	}
	message := v1.Publish{
		TransactionID: "tx-1", Type: "reminder", Content: v1.Text{Text: "Please come"}, Recipients: []v1.Contact{{Email: "a@example.com"}},
	}
	first, err := c.Publish(t.Context(), "newborn", message)
	if err != nil {
		t.Fatal(err)
	}
	s.kill("n1")

	both := s.client("n1", "n2")
	again, err := both.Publish(t.Context(), "newborn", message)
	if err != nil || again.UMID != first.UMID || !again.Duplicate {
		t.Errorf("the same request to the other node: %+v, %v, want a duplicate of %s", again, err, first.UMID)
	}
	if m, err := both.Message(t.Context(), first.UMID); err != nil || m.Room != "newborn" || m.Recipients != 1 {
		t.Errorf("the other node says of the message: %+v, %v", m, err)
	}
	message.TransactionID = "tx-2"
	if next, err := both.Publish(t.Context(), "newborn", message); err != nil || next.UMID == first.UMID {
		t.Errorf("the next message: %+v, %v", next, err)
	}

	s.start("n1")
	await(t, busyFor, func() string { return said(s.client("n1").Ready(t.Context())) })
	if m, err := s.client("n1").Message(t.Context(), first.UMID); err != nil || m.UMID != first.UMID {
		t.Errorf("back again, the first node says of the message: %+v, %v", m, err)
	}
}

// Nobody becomes a node by speaking TLS alone: a certificate of another authority is refused at a route.
func TestStrangerIsNoNode(t *testing.T) {
	s := newSite(t)
	defer s.showLogs()
	s.certify("ca", s.dir+"/stranger")
	s.certify("node", s.dir+"/stranger", "n2", s.net+"2")
	s.start("n1")
	address := s.net + "1:6222"
	trusted := x509.NewCertPool()
	pem, err := os.ReadFile(s.dir + "/nodes/ca.crt")
	if err != nil || !trusted.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	shake := func(folder string) error {
		pair, err := tls.LoadX509KeyPair(s.dir+folder+"/n2.crt", s.dir+folder+"/n2.key")
		if err != nil {
			return err
		}
		return handshake(t.Context(), address, &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair}})
	}
	await(t, busyFor, func() string { return said(shake("/nodes")) })
	if err := shake("/stranger"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a stranger: %v, want his certificate to be refused", err)
	}
}

// handshake speaks TLS with a route and waits for the first word: with TLS 1.3 a client is refused only after it believes
// that all is well.
func handshake(ctx context.Context, address string, c *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err = conn.Read(make([]byte, 1))
	return err
}

// said is what an error says, and nothing if there is none.
func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
