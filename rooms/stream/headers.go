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
	headerSealed     = "Crier-Sealed"      // base64; transaction id and reference
	headerRecipients = "Crier-Recipients"  // direct only
	headerCallback   = "Crier-Callback"    // "1": what is sealed says where the sender is told
	headerCallbackAt = "Crier-Callback-At" // direct only: where that is, sealed, in base64
	headerTargeted   = "Crier-Targeted"    // "1": what is sealed says for which of the subscribers it is
	headerEvent      = "Crier-Event"       // "1": for applications alone
	headerChannel    = "Crier-Channel"     // parked jobs only
	headerSendAt     = "Crier-Send-At"     // not before
	headerSeries     = "Crier-Series"      // the UMID of the repeated message
	headerAlert      = "Crier-Alert"       // update or cancel
	headerReferences = "Crier-References"  // the UMID that the alert speaks of
	headerExercise   = "Crier-Exercise"    // "1": a drill
	headerAwaits     = "Crier-Awaits"      // held entries only: "1": a second person
	headerReleasedBy = "Crier-Released-By" // the second person
	headerTx         = "Crier-Tx"          // the TxID, of entries whose id is another

	headerSchedule = "Nats-Schedule" // NATS ADR-51
	headerTTL      = "Nats-TTL"      // NATS ADR-43
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
	if m.CallbackAt != "" {
		h[headerCallbackAt] = []string{m.CallbackAt}
	}
	if m.Targeted {
		h[headerTargeted] = []string{"1"}
	}
	if m.Event {
		h[headerEvent] = []string{"1"}
	}
	return &nats.Msg{Subject: encodeWaiting(h, m), Header: h, Data: m.Payload}
}

// decodeHeader reads what encodeMessage wrote; it takes no header on trust.
func decodeHeader(subject string, sequence uint64, h nats.Header) (rooms.Header, error) {
	out := rooms.Header{Sequence: sequence, Callback: h.Get(headerCallback) == "1", TxID: h.Get(jetstream.MsgIDHeader), MHASH: h.Get(headerMHASH), Publisher: rooms.Client(h.Get(headerPublisher))}
	out.CallbackAt = h.Get(headerCallbackAt)
	out.Targeted, out.Event = h.Get(headerTargeted) == "1", h.Get(headerEvent) == "1"
	var err error
	fail := func(e error) {
		if err == nil && e != nil {
			err = fmt.Errorf("stream: entry %d of the room's log: %w", sequence, e)
		}
	}
	var e error
	fail(decodeWaiting(subject, h, &out))
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
