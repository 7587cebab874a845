package main

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// goPeer is nats.go.
type goPeer struct {
	t      *testing.T
	nc     *nats.Conn
	errors atomic.Pointer[func(error)] // called with what the server complains of
	heard  chan *nats.Msg
}

func newGoPeer(t *testing.T, url, token string, options ...nats.Option) *goPeer {
	t.Helper()
	p := &goPeer{t: t, heard: make(chan *nats.Msg, 10_000)}
	options = append([]nats.Option{
		nats.TokenHandler(func() string { return token }),
		nats.PermissionErrOnSubscribe(true),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if tell := p.errors.Load(); tell != nil {
				(*tell)(err)
			}
		}),
	}, options...)
	var err error
	if p.nc, err = nats.Connect(url, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.nc.Close)
	return p
}

func (p *goPeer) listen(subject string) error {
	s, err := p.nc.SubscribeSync(subject)
	if err != nil {
		return err
	}
	if err := p.nc.Flush(); err != nil {
		return err
	}
	if _, err := s.NextMsg(1); errors.Is(err, nats.ErrPermissionViolation) {
		return errRefused
	}
	go func() {
		for {
			m, err := s.NextMsgWithContext(p.t.Context())
			if err != nil {
				return
			}
			p.heard <- m
		}
	}()
	return nil
}

func (p *goPeer) hear() (natsMessage, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), peerPatience)
	defer cancel()
	select {
	case m := <-p.heard:
		return natsMessage{Subject: m.Subject, Header: m.Header, Data: m.Data}, nil
	case <-ctx.Done():
		return natsMessage{}, ctx.Err()
	}
}

// refusable is a context that ends with errRefused when the server complains of what is published to a subject: it answers
// nothing to who may not do that.
func (p *goPeer) refusable(subject string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(p.t.Context(), peerPatience)
	ctx, refuse := context.WithCancelCause(ctx)
	tell := func(err error) {
		if errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `Publish to "`+subject+`"`) {
			refuse(errRefused)
		}
	}
	p.errors.Store(&tell)
	return ctx, cancel
}

func (p *goPeer) request(subject, body string) (natsMessage, error) {
	ctx, cancel := p.refusable(subject)
	defer cancel()
	m, err := p.nc.RequestWithContext(ctx, subject, []byte(body))
	if err != nil {
		return natsMessage{}, cmp.Or(context.Cause(ctx), err)
	}
	return natsMessage{Subject: m.Subject, Header: m.Header, Data: m.Data}, nil
}

func (p *goPeer) close() { p.nc.Close() }

func (p *goPeer) read(way, consumer string, n int) ([]natsMessage, error) {
	js, err := jetstream.NewWithAPIPrefix(p.nc, "JS.crier.API")
	if err != nil {
		return nil, err
	}
	ctx, cancel := p.refusable("JS.crier.API.CONSUMER.INFO.ROOMS." + consumer)
	defer cancel()
	c, err := js.Consumer(ctx, "ROOMS", consumer)
	if err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	var all []natsMessage
	take := func(m jetstream.Msg) error {
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		all = append(all, natsMessage{Subject: m.Subject(), Header: m.Headers(), Data: m.Data(), Sequence: meta.Sequence.Stream})
		return m.DoubleAck(ctx)
	}
	switch way {
	case "fetch":
		err = fetchAll(c, n, take)
	case "consume":
		err = consumeAll(ctx, c, n, take)
	case "iterate":
		err = iterateAll(ctx, c, n, take)
	}
	return all, err
}

func fetchAll(c jetstream.Consumer, n int, take func(jetstream.Msg) error) error {
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(peerPause))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if err := take(m); err != nil {
			return err
		}
	}
	return batch.Error()
}

func consumeAll(ctx context.Context, c jetstream.Consumer, n int, take func(jetstream.Msg) error) error {
	done := make(chan error, n)
	incoming, err := c.Consume(func(m jetstream.Msg) { done <- take(m) })
	if err != nil {
		return err
	}
	defer func() { incoming.Stop(); <-incoming.Closed() }()
	for range n {
		select {
		case err = <-done:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func iterateAll(ctx context.Context, c jetstream.Consumer, n int, take func(jetstream.Msg) error) error {
	incoming, err := c.Messages()
	if err != nil {
		return err
	}
	defer incoming.Stop()
	for range n {
		m, err := incoming.Next(jetstream.NextContext(ctx))
		if err == nil {
			err = take(m)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
