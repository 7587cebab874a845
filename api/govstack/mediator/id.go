package mediator

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/rooms"
)

// ErrID is every refusal of a code or an id; its text never repeats the input.
var ErrID = errors.New("not a valid identifier")

var errEventID = fmt.Errorf("%w: an event id is a UUID", ErrID)

const maxCode = 64

// Member is an organisation on the information mediator.
type Member struct {
	Instance string `json:"instanceId,omitzero"`
	Class    string `json:"memberClass,omitzero"`
	Code     string `json:"memberCode,omitzero"`
}

// String is instance/class/code.
func (m Member) String() string { return m.Instance + "/" + m.Class + "/" + m.Code }

// ID is an application of a member.
type ID struct {
	Member
	Application string `json:"applicationCode,omitzero"`
}

// String is instance/class/member/application.
func (id ID) String() string { return id.Member.String() + "/" + id.Application }

// ParseMember reads what String writes.
func ParseMember(s string) (Member, error) {
	f := strings.Split(s, "/")
	if len(f) != 3 {
		return Member{}, fmt.Errorf("%w: instance/class/code", ErrID)
	}
	m := Member{f[0], f[1], f[2]}
	return m, m.check()
}

// ParseID reads what String writes.
func ParseID(s string) (ID, error) {
	f := strings.Split(s, "/")
	if len(f) != 4 {
		return ID{}, fmt.Errorf("%w: instance/class/member/application", ErrID)
	}
	return NewID(f[0], f[1], f[2], f[3])
}

// NewID takes the four codes of an application.
func NewID(instance, class, member, application string) (ID, error) {
	id := ID{Member{instance, class, member}, application}
	if err := id.check(); err != nil {
		return ID{}, err
	}
	if !code(application) {
		return ID{}, fmt.Errorf("%w: an application code has 1 to %d of A-Z, a-z, 0-9, '-', '_' and '.', and begins with a letter or digit", ErrID, maxCode)
	}
	return id, nil
}

func (m Member) check() error {
	if !code(m.Instance) || !letter(m.Instance[0]) || !code(m.Class) || !letter(m.Class[0]) {
		return fmt.Errorf("%w: an instance and a member class have 1 to %d of A-Z, a-z, 0-9, '-', '_' and '.', and begin with a letter", ErrID, maxCode)
	}
	if !code(m.Code) {
		return fmt.Errorf("%w: a member code has 1 to %d of A-Z, a-z, 0-9, '-', '_' and '.', and begins with a letter or digit", ErrID, maxCode)
	}
	return nil
}

func code(s string) bool {
	if s == "" || len(s) > maxCode || !letter(s[0]) && !digit(s[0]) {
		return false
	}
	for _, c := range []byte(s) {
		if !letter(c) && !digit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }

// Room is the room that an application stands for.
func (id ID) Room() (rooms.Room, error) { return rooms.ParseRoom(strings.ToLower(id.Application)) }

// EventID writes a UMID as a UUID (RFC 9562 §4): the same 128 bits.
func EventID(u rooms.UMID) string {
	bits, err := ulid.ParseStrict(string(u))
	if err != nil {
		return ""
	}
	return uuid(bits[:])
}

// ParseEventID reads what EventID writes, in capitals too.
func ParseEventID(s string) (rooms.UMID, error) {
	var bits ulid.ULID
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != 2*len(bits) {
		return "", errEventID
	}
	if _, err := hex.Decode(bits[:], []byte(digits)); err != nil || uuid(bits[:]) != strings.ToLower(s) {
		return "", errEventID
	}
	return rooms.ParseUMID(bits.String())
}

// subscriptionID is the same for the same client, room and event type.
func subscriptionID(room rooms.Room, c rooms.Client, t rooms.Type) string {
	sum := sha256.Sum256([]byte("subscription\x00" + string(room) + "\x00" + string(c) + "\x00" + string(t)))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, of one's own making (RFC 9562 §5.8)
	return uuid(sum[:16])
}

func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
