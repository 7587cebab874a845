package email

import (
	"log/slog"
	"sync"
)

// news tells the log when the relay becomes unusable, when the cause changes, and when it can be
// used again; not each time somebody tries.
type news struct {
	log *slog.Logger

	mu    sync.Mutex
	cause string // of the trouble; empty while there is none
}

// heard records how connecting went. No message has been begun then, so err knows of none; of a
// reply only the code is written, since its text is the relay's own.
func (n *news) heard(err error) {
	cause := describe(err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if cause == n.cause {
		return
	}
	n.cause = cause
	if cause == "" {
		n.log.Info("the mail relay can be used again")
		return
	}
	n.log.Warn("the mail relay cannot be used", "cause", cause)
}

func describe(err error) string {
	if err == nil {
		return ""
	}
	if r, ok := asReply(err); ok {
		return "it answers " + r.String()
	}
	return err.Error()
}
