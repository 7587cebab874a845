package api

import (
	"net/http"
	"time"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// setCallback says where the caller is told how its messages stand. A new secret is shown this once.
func (s *Server) setCallback(c *call) (answer, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	at, err := request.ParseWebhook(body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	cb, err := s.deps.Callbacks.Set(ctx, c.client, at)
	if err != nil {
		return answer{}, refusedURL("/url", err)
	}
	if cb.Fresh {
		return jsonAnswer(http.StatusCreated, s.callbackOf(cb))
	}
	return jsonAnswer(http.StatusOK, s.callbackOf(cb))
}

func (s *Server) getCallback(c *call) (answer, error) {
	cb, err := s.deps.Callbacks.Get(c.context(), c.client)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, s.callbackOf(cb))
}

func (s *Server) removeCallback(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	if err := s.deps.Callbacks.Remove(ctx, c.client); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// rotateCallback gives the caller another secret, which is shown this once.
func (s *Server) rotateCallback(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	cb, err := s.deps.Callbacks.Rotate(ctx, c.client)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, s.callbackOf(cb))
}

func (s *Server) callbackOf(cb registry.Callback) v1.Callback {
	out := v1.Callback{URL: cb.To.Address.Reveal(), Since: moment(cb.Since)}
	signing := cb.To.Active(s.now())
	if cb.Fresh && len(signing) > 0 {
		out.Secret = signing[0].Secret.Reveal()
	}
	if last := formerUntil(signing); !last.IsZero() {
		out.FormerSecretUntil = moment(last)
	}
	return out
}

// formerUntil is when the last of the secrets but the newest ends; zero if there is no other.
func formerUntil(signing []rooms.Signing) (last time.Time) {
	for _, former := range signing[min(1, len(signing)):] {
		if former.Until.After(last) {
			last = former.Until
		}
	}
	return last
}
