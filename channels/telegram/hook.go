package telegram

import (
	"context"
	"crypto/subtle"
	"io"
	"net/http"
	"path"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const (
	maxCall      = 1 << 20 // bytes of an update
	secretHeader = "X-Telegram-Bot-Api-Secret-Token"
)

// Hook is a bot that is called with what people write.
type Hook struct {
	*Bot
	texts channels.Ear[rooms.Inbound]
}

// Inbound has fn hear what comes in, until ctx ends. Of several the last one hears.
func (h *Hook) Inbound(ctx context.Context, fn func(context.Context, rooms.Inbound) error) error {
	return h.texts.Listen(ctx, fn)
}

// Inlet is what Telegram calls.
func (h *Hook) Inlet() http.Handler { return http.HandlerFunc(h.serve) }

// serve answers a call once what it says is durable; until then the Bot API comes again.
func (h *Hook) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || path.Base(r.URL.Path) != channels.InletInbound {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	known, err := h.options.Credentials.Line(r.Context(), h.options.SecretFile)
	if err != nil {
		h.deps.Log.Error("the secret cannot be read", "provider", h.deps.Name, "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if given := r.Header.Values(secretHeader); len(given) != 1 || subtle.ConstantTimeCompare([]byte(given[0]), []byte(known)) != 1 {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	w.WriteHeader(h.take(r))
}

// take hears the update of a call.
func (h *Hook) take(r *http.Request) (status int) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	var u update
	switch {
	case len(body) > maxCall:
		return http.StatusRequestEntityTooLarge
	case err != nil || json.Unmarshal(body, &u) != nil || u.ID == 0:
		return http.StatusBadRequest
	}
	if err := h.hear(r.Context(), u, h.texts.Tell); err != nil {
		h.deps.Log.Warn("what somebody has written is not taken yet", "provider", h.deps.Name, "error", err)
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}
