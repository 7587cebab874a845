package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// The demonstration that crier dev comes with.
const (
	demoRoom      = "demo"
	demoPublisher = "demo-publisher" // may publish into the room, to named recipients too, and read it
	demoReader    = "demo-reader"    // may read the room
	demoAdmin     = "demo-admin"     // platform admin
	demoAuditor   = "demo-auditor"
	demoDPO       = "demo-dpo" // data protection officer: approves policies

	demoMember = "neverland/GOV/capital-city" // on the information mediator
)

// demoSubscribers reach nobody: example.com is reserved (RFC 2606), and no country has the code 999.
func demoSubscribers() []v1.Person {
	return []v1.Person{
		{Email: "aida@example.com", Name: "Aida"},
		{Email: "bakyt@example.com", Name: "Bakyt"},
		{Phone: "+9991000001", Name: "Cholpon"},
		{Phone: "+9991000002", Name: "Daniyar"},
	}
}

// furnish waits until the node is ready and creates the demo room, unless it is there.
func furnish(ctx context.Context, admin *client.Client) error {
	if err := untilReady(ctx, admin); err != nil {
		return err
	}
	_, err := admin.CreateRoom(ctx, v1.NewRoom{
		Name: demoRoom, Title: "A room to try things in", Admins: []string{demoAdmin},
		Publishers: []v1.Publisher{{Client: demoPublisher, Direct: true}},
		Readers:    []string{demoPublisher, demoReader},
	})
	var p *client.Problem
	switch {
	case errors.As(err, &p) && p.Code == v1.ProblemCodeRoomExists:
		return nil
	case err != nil:
		return fmt.Errorf("create the demo room: %w", err)
	}
	for _, contact := range demoSubscribers() {
		if _, err := admin.AddSubscriber(ctx, demoRoom, contact); err != nil {
			return fmt.Errorf("subscribe to the demo room: %w", err)
		}
	}
	return nil
}

// untilReady asks until the node can take requests.
func untilReady(ctx context.Context, c *client.Client) error {
	for {
		err := c.Ready(ctx)
		var p *client.Problem
		if err == nil || !errors.As(err, &p) || p.Code != v1.ProblemCodeNotReady {
			return err
		}
		pause(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// onLoopback refuses requests under another host name, so that no web page can have its own name resolve to this machine
// and read along.
func onLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		if host != "localhost" && !net.ParseIP(host).IsLoopback() {
			http.Error(w, "this page is for this machine only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
