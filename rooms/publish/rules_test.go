package publish_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// moody are rules that change their mind.
type moody struct {
	err   error
	asked []string
}

func (m *moody) Check(_ context.Context, p rooms.Policy, r publish.Request, id string) error {
	m.asked = append(m.asked, p.Name+" "+r.TransactionID+" "+id)
	return m.err
}

// What the rules do not let in leaves nothing behind, and may come again; what they let in once is not asked about
// again, and keeps its receipt whatever they say later, though only the log knows of it.
func TestRulesAreAskedOfWhatIsNew(t *testing.T) {
	no := errors.New("no")
	h := newHouse(t)
	rules := &moody{err: no}
	h.Rules = rules
	if receipt, err := h.Publish(t.Context(), request(1)); !errors.Is(err, no) || receipt != (publish.Receipt{}) || len(h.entries()) != 0 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	rules.err = nil
	first := h.accept(request(1))
	h.catchUp()
	rules.err = no
	h.repeated(request(1), first)
	id := "standard hosp-7-1 " + string(h.vault.Hash("transaction", "hosp-7", "hosp-7-1"))
	if !slices.Equal(rules.asked, []string{id, id}) {
		t.Errorf("asked %q", rules.asked)
	}
	other := request(1)
	other.Raw = append(other.Raw, ' ')
	if _, err := h.Publish(t.Context(), other); !errors.Is(err, publish.ErrConflict) || len(rules.asked) != 2 {
		t.Errorf("another request of this id: %v, asked %d times", err, len(rules.asked))
	}
}

// asking is a policy that has somebody else asked.
type asking struct{}

func (asking) Policy(context.Context, rooms.Room) (rooms.Policy, error) {
	return rooms.Policy{Expiry: time.Hour, PolicyRules: rooms.PolicyRules{Check: rooms.ExternalCheck{Timeout: time.Second}}}, nil
}

// The memory may lag: a repeat is known all the same, and before anybody outside is asked.
func TestARepeatIsKnownThoughTheRulesRefuseIt(t *testing.T) {
	h := newHouse(t)
	first := h.accept(request(1))
	for want, policies := range []publish.Policies{asking{}, standard{}} {
		rules := &moody{err: errors.New("no")}
		h.publisher(late{recall{h.index, h.log}, &atomic.Bool{}})
		h.Rules, h.Policies = rules, policies
		if again := h.accept(request(1)); !again.Duplicate || again.UMID != first.UMID || len(rules.asked) != want {
			t.Errorf("%+v, asked %d times, want %d", again, len(rules.asked), want)
		}
	}
}
