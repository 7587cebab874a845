package broker

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"time"
)

// Gatekeeper says who may come in from outside. It is asked by every connection, many at once.
type Gatekeeper interface {
	// Admit says what the bearer of a token may do here; an error means that he may not come in,
	// ErrLater that it is not known now.
	Admit(ctx context.Context, token string) (Guest, error)
	// Keep says whether a guest may still do all that he was let in for. It is asked about every
	// guest each second.
	Keep(ctx context.Context, g Guest) bool
}

// ErrLater says that it is not known now whether somebody may come in. He is not answered then, for
// clients take a refusal to be for good.
var ErrLater = errors.New("broker: it is not known now who may come in")

// Guest is somebody from outside, and what he may do.
type Guest struct {
	Client  string    // who he is; shown in lists
	Subject string    // the person or program that uses the client
	Until   time.Time // when he has to leave
	Hear    []string  // subjects of CORE that he may subscribe to
	Call    []Call    // services of CORE that he may call
}

// Call is a service: what is sent to From, which guests know, arrives at To in CORE. To may name the
// guest, who cannot change it: that is how a service knows who calls.
type Call struct{ From, To string }

// Export is something of CORE that guests may be given: what is published on a subject, or a
// service, which may give several answers.
type Export struct {
	Subject string
	Service bool
	Answers bool
	// Within is how long after a question answers find their way back; zero: two minutes. Until then
	// the server remembers the question.
	Within time.Duration
}

// liveAccount is shared by the guests who can only hear.
const liveAccount = "EDGE"

// account is where a guest is. Whoever can call something is alone in an account, for a reply
// subject is checked by nobody: the answer to a call would reach others in the same account on
// any subject that the caller names.
func (g Guest) account() string {
	if len(g.Call) == 0 {
		return liveAccount
	}
	sum := sha256.Sum256([]byte(g.Client + "\x00" + g.Subject))
	return liveAccount + "-" + base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])
}

// Covers says whether a guest may do all that another may.
func (g Guest) Covers(earlier Guest) bool {
	return includes(g.Hear, earlier.Hear) && includes(g.Call, earlier.Call)
}

func includes[T comparable](all, some []T) bool {
	known := map[T]bool{}
	for _, one := range all {
		known[one] = true
	}
	for _, one := range some {
		if !known[one] {
			return false
		}
	}
	return true
}
