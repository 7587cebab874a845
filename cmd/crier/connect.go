package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/rooms"
)

// connection is how a command reaches a gateway, by flags or the environment.
type connection struct {
	env                                     func(string) string
	servers                                 []string
	token, issuer, clientID, secret, caFile string
}

// defaultServer is where crier dev listens.
const defaultServer = "http://127.0.0.1:8080"

// connect gives a command the flags of a connection.
func (t terminal) connect(c *cobra.Command) *connection {
	n := t.credentials(c)
	c.Flags().StringSliceVar(&n.servers, "server", nil, "URL of the gateway, or of each of its nodes, with commas between them "+
		"or the flag repeated; any that is there will do (CRIER_SERVER; default "+defaultServer+")")
	c.Flags().StringVar(&n.token, "token", "", "access token; better in the environment, for ps shows flags to others (CRIER_TOKEN)")
	return n
}

// act is a command that does one thing to what its argument names, and says nothing if that went well.
func (t terminal) act(use, short string, do func(*client.Client, context.Context, string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return do(gateway, c.Context(), args[0])
	}
	return c
}

// credentials gives a command the flags by which it gets a token.
func (t terminal) credentials(c *cobra.Command) *connection {
	n := &connection{env: t.env}
	c.Flags().StringVar(&n.issuer, "issuer", "", "URL of the identity provider, to get a token there (CRIER_ISSUER)")
	c.Flags().StringVar(&n.clientID, "client-id", "", "client to get it for (CRIER_CLIENT_ID)")
	c.Flags().StringVar(&n.secret, "client-secret", "", "its secret; better in the environment, for ps shows flags to others (CRIER_CLIENT_SECRET)")
	c.Flags().StringVar(&n.caFile, "ca-file", "", "certificate authorities to trust, PEM (CRIER_CA_FILE)")
	return n
}

// open makes a client for the gateway.
func (n *connection) open() (*client.Client, error) {
	h, err := n.httpClient()
	if err != nil {
		return nil, err
	}
	o := client.Options{Servers: n.nodes(), HTTPClient: h}
	if token := n.or(n.token, "CRIER_TOKEN", ""); token != "" {
		o.Token = client.Static(rooms.NewSecret(token))
		return client.New(o), nil
	}
	credentials, err := n.client(h)
	if err != nil {
		return nil, err
	}
	o.Token = client.FromIssuer(credentials)
	return client.New(o), nil
}

// client are the credentials with which to ask the identity provider.
func (n *connection) client(h *http.Client) (client.Credentials, error) {
	c := client.Credentials{
		Issuer:       n.or(n.issuer, "CRIER_ISSUER", ""),
		ClientID:     n.or(n.clientID, "CRIER_CLIENT_ID", ""),
		ClientSecret: rooms.NewSecret(n.or(n.secret, "CRIER_CLIENT_SECRET", "")),
		HTTPClient:   h,
	}
	if c.Issuer == "" || c.ClientID == "" || c.ClientSecret.IsZero() {
		return c, errors.New("no credentials: set CRIER_TOKEN, or CRIER_ISSUER, CRIER_CLIENT_ID and CRIER_CLIENT_SECRET, or the flags of those names")
	}
	return c, nil
}

// nodes are the URLs of the gateway.
func (n *connection) nodes() []string {
	if len(n.servers) > 0 {
		return n.servers
	}
	var all []string
	for s := range strings.SplitSeq(n.or("", "CRIER_SERVER", defaultServer), ",") {
		all = append(all, strings.TrimSpace(s))
	}
	return all
}

func (n *connection) or(flag, env, otherwise string) string {
	return cmp.Or(flag, n.env(env), otherwise)
}

// httpClient trusts the given authorities, or those of the system.
func (n *connection) httpClient() (*http.Client, error) {
	file := n.or(n.caFile, "CRIER_CA_FILE", "")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the certificate authorities: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", file)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stay}, nil
}
