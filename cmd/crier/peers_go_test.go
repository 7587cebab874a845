package main

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
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
		return natsMessage{m.Subject, m.Header, m.Data}, nil
	case <-ctx.Done():
		return natsMessage{}, ctx.Err()
	}
}

// request is not answered if it may not be made: the server tells that beside it.
func (p *goPeer) request(subject, body string) (natsMessage, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), peerPatience)
	defer cancel()
	ctx, refuse := context.WithCancelCause(ctx)
	tell := func(err error) {
		if errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `Publish to "`+subject+`"`) {
			refuse(errRefused)
		}
	}
	p.errors.Store(&tell)
	m, err := p.nc.RequestWithContext(ctx, subject, []byte(body))
	if err != nil {
		return natsMessage{}, cmp.Or(context.Cause(ctx), err)
	}
	return natsMessage{m.Subject, m.Header, m.Data}, nil
}
