package broker

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// askAll puts a question to every node, and hands on each answer until enough says that no more are
// wanted. It fails with ctx, which bounds it, where that comes first.
func askAll(ctx context.Context, nc *nats.Conn, subject string, question []byte, enough func(answer []byte) bool) error {
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest(subject, inbox, question); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return fmt.Errorf("broker: %w", err)
		}
		if enough(m.Data) {
			return nil
		}
	}
}

// answer has this node answer such a question.
func (s *Server) answer(subject string, say func(question []byte) ([]byte, error)) error {
	_, err := s.sys.Subscribe(subject, func(m *nats.Msg) {
		data, err := say(m.Data)
		if err == nil {
			err = m.Respond(data)
		}
		if err != nil {
			s.options.Log.Warn("another node was not answered", "subject", subject, "error", err)
		}
	})
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return nil
}
