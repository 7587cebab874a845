package webpush

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// outcome is what an answer means.
func (p *Provider) outcome(a outbound.Answer, d rooms.Delivery) channels.Outcome {
	if o, full := channels.Full(a.Err); full {
		return o
	}
	o := channels.Outcome{Code: a.Code()}
	switch {
	case a.OK():
		o.Result, o.ProviderID = channels.Sent, tagOf(d.ID)
	case a.Status == http.StatusNotFound, a.Status == http.StatusGone:
		o.Result, o.Reason = channels.Rejected, rooms.NoMailbox
	case a.Status == http.StatusBadRequest, a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		o.Result, o.Reason, o.After = channels.Deferred, rooms.Unconfigured, a.RetryAfter
		p.alarm.raise("a push service refuses what the VAPID key has signed", p.now(), "code", o.Code)
	case a.Final() && a.Status/100 != 3:
		o.Result, o.Reason = channels.Rejected, rooms.Rejected
	default:
		o.Result, o.Reason, o.After = channels.Deferred, why(a), a.RetryAfter
	}
	return o
}

// why says what kept a call from being answered well.
func why(a outbound.Answer) rooms.Reason {
	switch {
	case a.Status/100 == 5 && a.Status != http.StatusServiceUnavailable, a.Taken:
		return rooms.Unknown
	case a.Status > 0:
		return rooms.Deferred
	case a.Late:
		return rooms.TimedOut
	}
	return rooms.Unreachable
}

func rejected(code string) channels.Outcome {
	return channels.Outcome{Result: channels.Rejected, Reason: rooms.Rejected, Code: code}
}

// quiet is for how long the log says no more of what is wrong with the key.
const quiet = time.Minute

// alarm says in the log what an operator has to mend, and not for each delivery.
type alarm struct {
	log *slog.Logger

	mu   sync.Mutex
	said time.Time
}

func (a *alarm) raise(what string, now time.Time, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.said) >= quiet {
		a.said = now
		a.log.Error(what, args...)
	}
}
