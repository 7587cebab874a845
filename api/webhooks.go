package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// addWebhook puts a webhook of the caller into the room. Its secret is shown this once.
func (s *Server) addWebhook(c *call) (answer, error) {
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
	made, err := s.deps.Webhooks.Add(ctx, c.room.Name, c.client, at)
	if err != nil {
		return answer{}, refusedURL("/url", err)
	}
	c.subscriber = made.ID
	return jsonAnswer(http.StatusCreated, s.withSecret(made))
}

// listWebhooks shows the caller's own, and admins all.
func (s *Server) listWebhooks(c *call) (answer, error) {
	p, err := pageOf(c.r.URL.RawQuery, parsePosition)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.deps.Webhooks.List(c.context(), c.room.Name, p.after, p.limit)
	if err != nil {
		return answer{}, err
	}
	list := v1.WebhookList{Webhooks: []v1.Webhook{}}
	if next > 0 {
		list.Next = optional(strconv.FormatUint(next, 10))
	}
	for _, hook := range found {
		if hook.Owner == c.client || c.has.any(platformAdmin|roomAdmin) {
			list.Webhooks = append(list.Webhooks, webhookOf(hook, c.client))
		}
	}
	return jsonAnswer(http.StatusOK, list)
}

// removeWebhook takes away the caller's own, or, for admins, any.
func (s *Server) removeWebhook(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	hook, err := s.webhook(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if err := s.deps.Webhooks.Remove(ctx, c.room.Name, hook.ID); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// rotateWebhook gives the caller's own another secret, which is shown this once.
func (s *Server) rotateWebhook(c *call) (answer, error) {
	ctx, cancel := s.beyond(c)
	defer cancel()
	hook, err := s.webhook(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if hook.Owner != c.client {
		return answer{}, problem.Of(v1.ProblemCodeForbidden)
	}
	if hook, err = s.deps.Webhooks.Rotate(ctx, c.room.Name, hook.ID); err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, s.withSecret(hook))
}

// webhook finds that of the path; somebody else's is not there but for admins.
func (s *Server) webhook(ctx context.Context, c *call) (registry.Webhook, error) {
	id, err := parameter("webhook", mux.Vars(c.r)["webhook"], rooms.ParseSubscriberID)
	if err != nil {
		return registry.Webhook{}, err
	}
	c.subscriber = id
	hook, err := s.deps.Webhooks.Get(ctx, c.room.Name, id)
	if err != nil {
		return registry.Webhook{}, err
	}
	if hook.Owner != c.client && !c.has.any(platformAdmin|roomAdmin) {
		return registry.Webhook{}, registry.ErrUnknownWebhook
	}
	return hook, nil
}

// webhookOf shows the URL to its owner only.
func webhookOf(hook registry.Webhook, to rooms.Client) v1.Webhook {
	w := v1.Webhook{ID: string(hook.ID), Host: hook.Host(), Client: string(hook.Owner), Since: moment(hook.Since)}
	if hook.Owner == to {
		w.URL = hook.To.Address.Reveal()
	}
	return w
}

// withSecret shows the newest secret, and until when the one before signs beside it.
func (s *Server) withSecret(hook registry.Webhook) v1.Webhook {
	w := webhookOf(hook, hook.Owner)
	signing := hook.To.Active(s.now())
	if len(signing) > 0 {
		w.Secret = signing[0].Secret.Reveal()
	}
	if last := formerUntil(signing); !last.IsZero() {
		w.FormerSecretUntil = moment(last)
	}
	return w
}
