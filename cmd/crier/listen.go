package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// listen opens an address. What "localhost" may stand for is opened on 127.0.0.1 and on ::1, under the same port, for a
// client that says so may try either; a machine without IPv6 has the first alone.
func listen(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, host) {
		one, err := net.Listen("tcp", address)
		return []net.Listener{one}, err
	}
	for try := 0; ; try++ {
		pair, err := listenPair(port)
		if port != "0" || err == nil || try == 10 {
			return pair, err
		}
	}
}

// loopback says whether only this machine can reach an address.
func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

func listenPair(port string) ([]net.Listener, error) {
	four, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, err
	}
	_, port, err = net.SplitHostPort(four.Addr().String())
	if err != nil {
		return nil, errors.Join(err, four.Close())
	}
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", port))
	switch {
	case err == nil:
		return []net.Listener{four, six}, nil
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
		return []net.Listener{four}, nil
	}
	return nil, errors.Join(err, four.Close())
}

// serveAll has each listener served until ctx ends; the first to fail ends the others.
func serveAll(ctx context.Context, listeners []net.Listener, serve func(context.Context, net.Listener) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range listeners {
		group.Go(func() error { return serve(ctx, l) })
	}
	return group.Wait()
}

// servePlain serves a handler without TLS, for what is not the API.
func servePlain(h http.Handler) func(context.Context, net.Listener) error {
	return func(ctx context.Context, l net.Listener) error {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(l) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return s.Close()
		}
	}
}

// urlOf is the base URL of what is served on listeners.
func urlOf(scheme string, listeners []net.Listener) string {
	return fmt.Sprintf("%s://%s", scheme, listeners[0].Addr())
}
