package smpp

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// written is a text of a person, or a part of it.
type written struct {
	from, to  pdu.Address
	coding    byte
	octets    []byte
	reference string // what the telephone calls it; may be empty
	at        time.Time
}

// text takes what a person writes: at once, or when all parts of it are there.
func (e *ears) text(m pdu.Message) error {
	w := written{m.Source, m.Dest, m.Coding, m.Text(), string(m.Get(pdu.TagUserReference)), e.now().UTC()}
	p, several := partOf(m)
	if m.ESMClass&pdu.ESMHeader != 0 {
		w.octets, p, several = headed(w.octets, p, several)
	}
	if several {
		return e.joins.add(p, w)
	}
	return e.wrote(w)
}

// headed takes the header off a text; which part it is may stand there.
func headed(octets []byte, p part, several bool) ([]byte, part, bool) {
	rest, in, _ := userHeader(octets)
	if in.of > 1 {
		return rest, in, in.n >= 1 && in.n <= in.of
	}
	return rest, p, several
}

// partOf finds in the optional parameters which part of a text a message is.
func partOf(m pdu.Message) (part, bool) {
	ref, total, number := m.Get(pdu.TagSARReference), m.Get(pdu.TagSARTotal), m.Get(pdu.TagSARNumber)
	if len(ref) != 2 || len(total) != 1 || len(number) != 1 {
		return part{}, false
	}
	p := part{2<<16 | uint32(binary.BigEndian.Uint16(ref)), int(total[0]), int(number[0])}
	return p, p.of > 1 && p.n >= 1 && p.n <= p.of
}

// wrote passes on a whole text. What has no sender that could be answered, or no text, is done with.
func (e *ears) wrote(w written) error {
	text, ok := e.options.decode(w.coding, w.octets)
	from := e.options.heard(w.from)
	if !ok || from.IsZero() {
		e.log.Info("a message that is no text of a person is left out", "coding", w.coding, "ton", w.from.TON)
		return nil
	}
	return e.inbox.tell(rooms.Inbound{
		ID: w.id(e.name), Kind: rooms.InboundReply, Channel: rooms.SMS, Provider: e.name,
		From: from, To: e.options.heard(w.to), Text: rooms.NewBody(text), At: w.at,
	}, e.shut)
}

// id tells a text from others: SMPP gives it none. What the centre offers again within the minute is the same,
// and where the telephone gives a reference, within the hour: telephones count from 0 again.
func (w written) id(provider string) string {
	mark := "reference " + w.reference + " " + w.at.Truncate(time.Hour).Format(time.RFC3339)
	if w.reference == "" {
		mark = "minute " + w.at.Truncate(time.Minute).Format(time.RFC3339)
	}
	sum := sha256.New()
	for _, s := range []string{provider, w.from.Text, w.to.Text, mark, string(w.octets)} {
		fmt.Fprintf(sum, "%d:%s", len(s), s)
	}
	return "smpp-" + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:18])
}

// decode reads a text by its data_coding; false if it is none.
func (o Options) decode(coding byte, octets []byte) (string, bool) {
	if coding&0xf0 == 0xf0 || coding&0xf0 == 0x10 { // with a message class (SMPP 3.4 §5.2.19)
		coding &= 0x0c
	}
	switch coding {
	case codingDefault:
		if o.Alphabet == AlphabetLatin1 {
			return fromLatin1(octets), true
		}
		return rooms.DecodeGSM7(octets), true
	case codingIA5, codingLatin1:
		return fromLatin1(octets), true
	case codingUCS2:
		return rooms.DecodeUCS2(octets), true
	}
	return "", false
}

func fromLatin1(octets []byte) string {
	var out strings.Builder
	for _, b := range octets {
		out.WriteRune(rune(b))
	}
	return out.String()
}
