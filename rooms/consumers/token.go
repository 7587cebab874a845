package consumers

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
)

// Sealer authenticates tokens.
type Sealer interface {
	MAC(purpose string, data []byte) string
	VerifyMAC(mac, purpose string, data []byte) bool
}

const tokenPurpose = "consumer token"

// token is <deliveries>.<sequence>.<number>.<mac>. The MAC binds it to the consumer, as it was made or
// last reset; the consumer that it settles with is always the one that is asked, never one it names.
func (c *Consumers) token(there rooms.Consumer, h stream.Handle) string {
	text := handleText(h)
	return text + "." + c.seal.MAC(tokenPurpose, bound(there, text))
}

func handleText(h stream.Handle) string {
	return fmt.Sprintf("%d.%d.%d", h.Deliveries, h.Sequence, h.Number)
}

func bound(there rooms.Consumer, text string) []byte {
	return fmt.Appendf(nil, "%s %d %s", there.ID, there.Created.UnixNano(), text)
}

// open reads a token of this consumer.
func (c *Consumers) open(there rooms.Consumer, token string) (h stream.Handle, ok bool) {
	f := strings.Split(token, ".")
	if len(f) != 4 {
		return h, false
	}
	for i, to := range []*uint64{&h.Deliveries, &h.Sequence, &h.Number} {
		n, err := strconv.ParseUint(f[i], 10, 63)
		if err != nil || n == 0 {
			return stream.Handle{}, false
		}
		*to = n
	}
	text := handleText(h)
	return h, strings.HasPrefix(token, text+".") && c.seal.VerifyMAC(f[3], tokenPurpose, bound(there, text))
}
