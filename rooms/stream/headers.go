package stream

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/govcrier/crier/rooms"
)

// Headers of a message in the room's log; subscribers read them, so they hold ids only.
const (
	headerUMID       = "Crier-UMID"
	headerType       = "Crier-Type"
	headerLane       = "Crier-Lane"
	headerTime       = "Crier-Time"
	headerMHASH      = "Crier-MHASH"
	headerPublisher  = "Crier-Publisher"
	headerPolicy     = "Crier-Policy" // name/revision
	headerExpires    = "Crier-Expires"
	headerSealed     = "Crier-Sealed"     // base64; transaction id and reference
	headerRecipients = "Crier-Recipients" // direct only
	headerCallback   = "Crier-Callback"   // "1": what is sealed says where the sender is told
	headerTargeted   = "Crier-Targeted"   // "1": what is sealed says for which of the subscribers it is
	headerChannel    = "Crier-Channel"    // parked jobs only
)

// timeFormat is RFC 3339 with milliseconds, in UTC.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

func encodeMessage(m rooms.Message) *nats.Msg {
	h := nats.Header{
		jetstream.MsgIDHeader: {m.TxID},
		headerUMID:            {string(m.UMID)},
		headerType:            {string(m.Type)},
		headerLane:            {string(m.Lane)},
		headerTime:            {m.ReceivedAt.UTC().Format(timeFormat)},
		headerMHASH:           {m.MHASH},
		headerPublisher:       {string(m.Publisher)},
		headerPolicy:          {m.Policy.Name + "/" + strconv.Itoa(m.Policy.Revision)},
		headerExpires:         {m.ExpiresAt.UTC().Format(timeFormat)},
	}
	if len(m.Sealed) > 0 {
		h[headerSealed] = []string{base64.StdEncoding.EncodeToString(m.Sealed)}
	}
	if m.Direct {
		h[headerRecipients] = []string{strconv.Itoa(m.Recipients)}
	}
	if m.Callback {
		h[headerCallback] = []string{"1"}
	}
	if m.Targeted {
		h[headerTargeted] = []string{"1"}
	}
	return &nats.Msg{Subject: rooms.MessageSubject(m.Direct, m.Room, m.Lane, m.Type), Header: h, Data: m.Payload}
}

// decodeHeader reads what encodeMessage wrote; it takes no header on trust.
func decodeHeader(subject string, sequence uint64, h nats.Header) (rooms.Header, error) {
	out := rooms.Header{Sequence: sequence, Callback: h.Get(headerCallback) == "1", TxID: h.Get(jetstream.MsgIDHeader), MHASH: h.Get(headerMHASH), Publisher: rooms.Client(h.Get(headerPublisher))}
	out.Targeted = h.Get(headerTargeted) == "1"
	var err error
	fail := func(e error) {
		if err == nil && e != nil {
			err = fmt.Errorf("stream: entry %d of the room's log: %w", sequence, e)
		}
	}
	var e error
	out.Direct, out.Room, out.Lane, out.Type, e = rooms.ParseMessageSubject(subject)
	fail(e)
	out.UMID, e = rooms.ParseUMID(h.Get(headerUMID))
	fail(e)
	out.ReceivedAt, e = time.Parse(timeFormat, h.Get(headerTime))
	fail(e)
	out.ExpiresAt, e = time.Parse(timeFormat, h.Get(headerExpires))
	fail(e)
	name, revision, _ := strings.Cut(h.Get(headerPolicy), "/")
	out.Policy.Name = name
	out.Policy.Revision, e = strconv.Atoi(revision)
	fail(e)
	if out.Direct {
		out.Recipients, e = strconv.Atoi(h.Get(headerRecipients))
		fail(e)
	}
	return out, err
}

func decodeMessage(subject string, sequence uint64, h nats.Header, data []byte) (rooms.Message, error) {
	header, err := decodeHeader(subject, sequence, h)
	if err != nil {
		return rooms.Message{}, err
	}
	sealed, err := base64.StdEncoding.DecodeString(h.Get(headerSealed))
	if err != nil {
		return rooms.Message{}, fmt.Errorf("stream: entry %d of the room's log: %w", sequence, err)
	}
	return rooms.Message{Header: header, Payload: data, Sealed: sealed}, nil
}
