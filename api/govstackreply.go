package api

import (
	"net/http"

	"github.com/govcrier/crier/api/govstack/email"
	"github.com/govcrier/crier/rooms/replies"
)

// listEmailReplies shows what people have answered to the caller's e-mails, or to the one that the call names.
func (s *Server) listEmailReplies(c *call) (answer, error) {
	if err := s.enterEmailRoom(c); err != nil {
		return answer{}, err
	}
	if c.r.Header.Get("requestUid") != "" {
		if err := s.openEmail(c); err != nil {
			return answer{}, err
		}
	}
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.deps.Replies.List(c.context(), readsEmail(c), p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, email.ListOf(found, next))
}

// takeEmailReply ends one.
func (s *Server) takeEmailReply(c *call) (answer, error) {
	if err := s.enterEmailRoom(c); err != nil {
		return answer{}, err
	}
	id, err := c.replyID()
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Replies.Take(ctx, readsEmail(c), id); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// readsEmail sees what answers the caller's e-mails.
func readsEmail(c *call) replies.Reader {
	return replies.Reader{Room: c.room.Name, Client: c.client, UMID: c.umid}
}
