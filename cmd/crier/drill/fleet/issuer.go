package fleet

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/govcrier/crier/api/client"
	"github.com/govcrier/crier/api/oidc/devissuer"
	"github.com/govcrier/crier/rooms"
)

// The clients that the fleet's identity provider knows.
const (
	Publisher = "drill-publisher" // may publish into Room, and read it
	Admin     = "drill-admin"     // platform admin
)

// issuer is an identity provider in this process.
type issuer struct {
	*devissuer.Issuer
	address string
	server  *http.Server
	secrets map[string]string
	tokens  map[string]func(context.Context) (string, error) // by client; each keeps its token
}

func newIssuer() (*issuer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	i := &issuer{address: l.Addr().String(), secrets: map[string]string{Publisher: rand.Text(), Admin: rand.Text()}}
	i.Issuer, err = devissuer.New("http://"+l.Addr().String(), devissuer.Options{Clients: []devissuer.Client{
		{ID: Publisher, Secret: i.secrets[Publisher]},
		{ID: Admin, Secret: i.secrets[Admin], Roles: []string{"admin"}},
	}})
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("fleet: %w", err)
	}
	i.tokens = map[string]func(context.Context) (string, error){Publisher: i.token(Publisher), Admin: i.token(Admin)}
	i.server = &http.Server{Handler: i.Issuer, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = i.server.Serve(l) }() // until it is closed
	return i, nil
}

// token gets tokens for a client.
func (i *issuer) token(id string) func(context.Context) (string, error) {
	return client.FromIssuer(client.Credentials{
		Issuer: i.URL(), ClientID: id, ClientSecret: rooms.NewSecret(i.secrets[id]),
	})
}
