package cap

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/govcrier/crier/rooms"
)

// TransactionID is under which an alert is published into a room: by it the alert is found again that another refers to, and
// an alert that comes twice is one message. It says nothing of what it is made of. The same alert in two rooms is two messages.
func (r Reference) TransactionID(room rooms.Room) string {
	h := sha256.New()
	for _, part := range []string{string(room), r.Sender, r.Identifier, strconv.FormatInt(r.Sent.Unix(), 10)} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return "cap." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
