package broker

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// Service is something that guests may call (NATS ADR-32): it can be discovered, and counts.
type Service struct {
	Name        string
	Version     string // semantic
	Description string
	Subject     string // may have wildcards; shared by all nodes. Who calls had better stand in it: see Call
	Answer      func(ctx context.Context, q Question) Answer
}

// Question is what somebody asks of a service.
type Question struct {
	Subject string
	Body    []byte
}

// Answer is what he gets. A Code of 400 and above marks an error, as in HTTP.
type Answer struct {
	Code  int
	Kind  string // content type
	Title string // of an error, in one line
	Body  []byte

	Header map[string]string // beside these
}

// atOnce is how many questions a node works on at the same time.
const atOnce = 512

// Serve answers the questions of guests until ctx ends.
func (s *Server) Serve(ctx context.Context, o Service) error {
	nc, err := s.Connect("service-" + o.Name)
	if err != nil {
		return err
	}
	defer nc.Close()
	d := &desk{server: s, service: o, nc: nc, turns: make(chan struct{}, atOnce)}
	service, err := micro.AddService(nc, micro.Config{
		Name: o.Name, Version: o.Version, Description: o.Description, StatsHandler: d.statistics,
		Endpoint: &micro.EndpointConfig{Subject: o.Subject, Handler: micro.HandlerFunc(func(r micro.Request) { d.take(ctx, r) })},
	})
	if err != nil {
		return fmt.Errorf("broker: service %s: %w", o.Name, err)
	}
	<-ctx.Done()
	err = service.Stop() // what has arrived is still answered
	for range atOnce {
		d.turns <- struct{}{}
	}
	if err == nil {
		err = nc.Flush()
	}
	if err != nil && s.running.Err() == nil {
		return fmt.Errorf("broker: service %s: %w", o.Name, err)
	}
	return ctx.Err()
}

// desk is where a service works.
type desk struct {
	server   *Server
	service  Service
	nc       *nats.Conn
	turns    chan struct{}
	answered atomic.Int64
	refused  atomic.Int64
}

// statistics are what $SRV.STATS says beside what it counts by itself, which ends when an answer
// has begun to be made.
func (d *desk) statistics(*micro.Endpoint) any {
	return map[string]int64{"answered": d.answered.Load(), "refused": d.refused.Load()}
}

// take has a question answered beside others. What nobody asked is left alone.
func (d *desk) take(ctx context.Context, r micro.Request) {
	if !byGuest(nats.Header(r.Headers())) {
		return
	}
	q := Question{Subject: r.Subject(), Body: r.Data()}
	d.turns <- struct{}{}
	reply := r.Reply()
	go func() {
		defer func() { <-d.turns }()
		d.send(reply, d.service.Answer(context.WithoutCancel(ctx), q))
	}()
}

func (d *desk) send(reply string, a Answer) {
	d.answered.Add(1)
	m := &nats.Msg{Subject: reply, Header: nats.Header{"Content-Type": {a.Kind}}, Data: a.Body}
	for name, value := range a.Header {
		m.Header[name] = []string{value} // as it is written, which Set would change
	}
	if a.Code >= 400 {
		d.refused.Add(1)
		m.Header.Set(micro.ErrorHeader, a.Title)
		m.Header.Set(micro.ErrorCodeHeader, strconv.Itoa(a.Code))
	}
	if reply == "" {
		return // nobody wants to know
	}
	if err := d.nc.PublishMsg(m); err != nil {
		d.server.options.Log.Warn("a question was not answered", "service", d.service.Name, "error", err)
	}
}

// byGuest says whether a question comes from a guest, and is not an answer that was sent here by a
// reply subject: the server writes a header at the border of a guest's account. Who the guest is
// must not be taken from it, for there are ways to write one's own.
func byGuest(h nats.Header) bool {
	var info struct {
		Account string `json:"acc"`
		Kind    string `json:"kind"`
	}
	err := json.Unmarshal([]byte(h.Get(server.ClientInfoHdr)), &info)
	return err == nil && info.Kind == "Client" && strings.HasPrefix(info.Account, liveAccount+"-")
}
