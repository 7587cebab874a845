package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// maxHeader is the most bytes of a request's header; more is answered by net/http.
const maxHeader = 64 << 10

// Serve answers requests on a listener until ctx ends, and then stops in two breaths: no new requests and the end of all
// streams, while requests that run may finish within DrainTimeout; then they are told to give up, and after CancelTimeout connections are closed. It
// may be called for several listeners.
//
// What is not well-formed HTTP never reaches a route: net/http answers it by itself, in plain text or with no text, without
// X-Request-Id, log or record. So it does with 400 (a request that cannot be read, or plain HTTP where TLS is spoken), 417
// (an Expect other than 100-continue), 431 (a header above 64 KiB), 501 (an unknown Transfer-Encoding) and 505 (a version
// of HTTP that it does not speak).
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := s.httpServer(base)
	ended := make(chan error, 1)
	if s.options.Insecure {
		go func() { ended <- srv.Serve(ln) }()
	} else {
		var err error
		if srv.TLSConfig, err = s.tlsConfig(); err != nil {
			return errors.Join(err, ln.Close())
		}
		go func() { ended <- srv.ServeTLS(ln, "", "") }()
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		s.stopping.Store(true)
		s.streams.end()
		s.drain() // who waits for messages does so elsewhere
		return s.stop(srv, cut)
	}
}

func (s *Server) httpServer(base context.Context) *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.options.HeaderTimeout,
		ReadTimeout:       s.options.BodyTimeout,
		WriteTimeout:      s.options.AnswerTimeout,
		IdleTimeout:       s.options.IdleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
}

// stop is the two breaths; every step is done even if one before it failed.
func (s *Server) stop(srv *http.Server, cut context.CancelFunc) error {
	err := shutdown(srv, s.options.DrainTimeout)
	if err == nil {
		return nil
	}
	s.log.Warn("requests did not finish in time and are told to give up")
	cut()
	if shutdown(srv, s.options.CancelTimeout) == nil {
		return err
	}
	return errors.Join(err, srv.Close())
}

func shutdown(srv *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return srv.Shutdown(ctx)
}
