package stream

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// handle gives a stream; asking JetStream for it once is enough.
func (l *Log) handle(ctx context.Context, name string) (jetstream.Stream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.handles[name]; s != nil {
		return s, nil
	}
	s, err := l.read.Stream(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("stream: open %s: %w", name, classify(err))
	}
	l.handles[name] = s
	return s, nil
}
