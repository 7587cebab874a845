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
	return s.hear(subject, func(m *nats.Msg) { s.tell(m, say) })
}

// answerAside is answer where that may take long: no question waits for another.
func (s *Server) answerAside(subject string, say func(question []byte) ([]byte, error)) error {
	return s.hear(subject, func(m *nats.Msg) { go s.tell(m, say) })
}

func (s *Server) hear(subject string, handle nats.MsgHandler) error {
	if _, err := s.sys.Subscribe(subject, handle); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	return nil
}

func (s *Server) tell(m *nats.Msg, say func(question []byte) ([]byte, error)) {
	data, err := say(m.Data)
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil && s.running.Err() == nil {
		s.options.Log.Warn("another node was not answered", "subject", m.Subject, "error", err)
	}
}
