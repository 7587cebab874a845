package smpp

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// Values of data_coding (SMPP 3.4 §5.2.19).
const (
	codingDefault = 0x00
	codingIA5     = 0x01
	codingLatin1  = 0x03
	codingUCS2    = 0x08
)

// Identifiers of parts in a user data header (3GPP TS 23.040 §9.2.3.24).
const (
	udhJoin8  = 0x00
	udhJoin16 = 0x08
)

// compose writes a delivery: a message for each of its parts.
func (o Options) compose(d rooms.Delivery, now time.Time) []pdu.Message {
	text := d.Content.ShortText().Reveal()
	from := d.Sender.SMS
	if from == "" {
		from = o.From
	}
	whole := pdu.Message{
		ServiceType: o.ServiceType, Source: o.source(from), Dest: address(d.To.Address.Reveal(), o.Addressing.Destination),
		Validity: o.validity(d.Deadline, now),
	}
	if !o.NoReceipts {
		whole.Registered = 1
	}
	write, coding, encoding := o.writer(text)
	whole.Coding = coding
	parts := rooms.SplitSMS(text, encoding, o.header())
	switch {
	case len(parts) == 1:
		whole.Short = write(text)
		return []pdu.Message{whole}
	case o.LongMessages == LongPayload:
		whole.TLVs = []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: write(text)}}
		return []pdu.Message{whole}
	}
	all := make([]pdu.Message, len(parts))
	for i, part := range parts {
		all[i] = whole
		all[i].ESMClass = pdu.ESMHeader
		all[i].Short = append(o.joining(d.ID, i+1, len(parts)), write(part)...)
	}
	return all
}

// writer is how a text is written: in the configured alphabet if it has all of its characters.
func (o Options) writer(text string) (write func(string) []byte, coding byte, e rooms.Encoding) {
	gsm := rooms.MeasureSMS(text).Encoding == rooms.GSM7
	switch {
	case gsm && o.Alphabet == AlphabetGSM7:
		return func(s string) []byte { b, _ := rooms.EncodeGSM7(s); return b }, codingDefault, rooms.GSM7
	case gsm && o.Alphabet == AlphabetLatin1 && isLatin1(text):
		return latin1, codingLatin1, rooms.GSM7 // the network writes it in GSM 7, so it counts alike
	}
	return rooms.EncodeUCS2, codingUCS2, rooms.UCS2
}

func isLatin1(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0xff })
}

func latin1(s string) []byte {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r)) //nolint:gosec // it is Latin-1
	}
	return out
}

// header is how many bytes the header takes that joins parts.
func (o Options) header() int {
	if o.LongMessages == LongUDH16 {
		return 7
	}
	return 6
}

// joining is that header. Its reference follows from the delivery, so that what is sent again joins what was sent before.
func (o Options) joining(id rooms.DeliveryID, n, of int) []byte {
	sum := sha256.Sum256([]byte(string(id.UMID) + "." + strconv.Itoa(id.N)))
	if o.LongMessages == LongUDH16 {
		return []byte{6, udhJoin16, 4, sum[0], sum[1], byte(of), byte(n)} //nolint:gosec // a text has at most 1530 characters
	}
	return []byte{5, udhJoin8, 3, sum[0], byte(of), byte(n)} //nolint:gosec // likewise
}

// validity tells the centre until when the message is worth something (SMPP 3.4 §7.1.1), but no longer than it takes.
func (o Options) validity(deadline, now time.Time) string {
	left := deadline.Sub(now)
	switch {
	case o.Validity == ValidityNone || deadline.IsZero() || left <= 0:
		return ""
	}
	left = min(left, cmp.Or(o.MaxValidity, left))
	if o.Validity == ValidityAbsolute {
		return now.Add(left).UTC().Format("060102150405") + "000+"
	}
	left = min(left, 99*24*time.Hour)
	h, m, s := int(left.Hours()), int(left.Minutes())%60, int(left.Seconds())%60
	return fmt.Sprintf("0000%02d%02d%02d%02d000R", h/24, h%24, m, s)
}

// userHeader takes the user data header off a text, and finds in it which part it is.
func userHeader(text []byte) (rest []byte, p part, ok bool) {
	if len(text) == 0 || 1+int(text[0]) > len(text) {
		return text, part{}, false
	}
	header, rest := text[1:1+int(text[0])], text[1+int(text[0]):]
	for len(header) >= 2 {
		id, size := header[0], int(header[1])
		if 2+size > len(header) {
			break
		}
		switch v := header[2 : 2+size]; {
		case id == udhJoin8 && size == 3:
			return rest, part{uint32(v[0]), int(v[1]), int(v[2])}, true
		case id == udhJoin16 && size == 4:
			return rest, part{1<<16 | uint32(binary.BigEndian.Uint16(v)), int(v[2]), int(v[3])}, true
		}
		header = header[2+size:]
	}
	return rest, part{}, true
}

// part is one of several that are one text.
type part struct {
	reference uint32
	of, n     int
}
