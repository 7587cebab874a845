package pdu

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Address is a number or a name with its type and its plan (SMPP 3.4 §5.2.5, §5.2.6).
type Address struct {
	TON, NPI byte
	Text     string
}

// Message is the body of submit_sm, deliver_sm and data_sm.
type Message struct {
	ServiceType  string
	Source, Dest Address
	ESMClass     byte
	Protocol     byte
	Priority     byte
	Schedule     string
	Validity     string
	Registered   byte
	Coding       byte
	Short        []byte // at most 254 bytes
	TLVs         []TLV
}

// TLV is an optional parameter.
type TLV struct {
	Tag   uint16
	Value []byte
}

// Tags of optional parameters (SMPP 3.4 §5.3.2).
const (
	TagReceiptedID    = 0x001e
	TagUserReference  = 0x0204
	TagSARReference   = 0x020c
	TagSARTotal       = 0x020e
	TagSARNumber      = 0x020f
	TagNetworkError   = 0x0423
	TagMessagePayload = 0x0424
	TagMessageState   = 0x0427
)

// What the esm_class of a message says (SMPP 3.4 §5.2.12).
const (
	ESMTypeMask     = 0x3c
	ESMReceipt      = 0x04
	ESMIntermediate = 0x20
	ESMHeader       = 0x40 // the text begins with a user data header
)

// Get gives an optional parameter, nil if it is not there.
func (m Message) Get(tag uint16) []byte {
	for _, t := range m.TLVs {
		if t.Tag == tag {
			return t.Value
		}
	}
	return nil
}

// Text is the text as it was encoded, wherever it stands, with its header if it has one.
func (m Message) Text() []byte {
	if payload := m.Get(TagMessagePayload); len(m.Short) == 0 && payload != nil {
		return payload
	}
	return m.Short
}

// Bytes is the body of submit_sm or deliver_sm as it is sent.
func (m Message) Bytes() []byte {
	var w writer
	w.text(m.ServiceType)
	w.address(m.Source)
	w.address(m.Dest)
	w = append(w, m.ESMClass, m.Protocol, m.Priority)
	w.text(m.Schedule)
	w.text(m.Validity)
	const replace, defaultMessage = 0, 0
	w = append(w, m.Registered, replace, m.Coding, defaultMessage, byte(len(m.Short)))
	w = append(w, m.Short...)
	w.tlvs(m.TLVs)
	return w
}

// ParseMessage reads the body of submit_sm or deliver_sm.
func ParseMessage(body []byte) (Message, error) {
	r := reader{raw: body}
	m := Message{ServiceType: r.text(), Source: r.address(), Dest: r.address()}
	m.ESMClass, m.Protocol, m.Priority = r.octet(), r.octet(), r.octet()
	m.Schedule, m.Validity = r.text(), r.text()
	m.Registered = r.octet()
	r.take(1)
	m.Coding = r.octet()
	r.take(1)
	m.Short = slices.Clone(r.take(int(r.octet())))
	m.TLVs = r.tlvs()
	return m, r.err()
}

// ParseData reads the body of data_sm.
func ParseData(body []byte) (Message, error) {
	r := reader{raw: body}
	m := Message{ServiceType: r.text(), Source: r.address(), Dest: r.address()}
	m.ESMClass, m.Registered, m.Coding = r.octet(), r.octet(), r.octet()
	m.TLVs = r.tlvs()
	return m, r.err()
}

type writer []byte

// text ends at the first zero byte, for so would whoever reads it.
func (w *writer) text(s string) {
	b, _, _ := bytes.Cut([]byte(s), []byte{0})
	*w = append(append(*w, b...), 0)
}

func (w *writer) address(a Address) {
	*w = append(*w, a.TON, a.NPI)
	w.text(a.Text)
}

func (w *writer) tlvs(all []TLV) {
	for _, t := range all {
		*w = binary.BigEndian.AppendUint16(*w, t.Tag)
		*w = binary.BigEndian.AppendUint16(*w, uint16(len(t.Value))) //nolint:gosec // at most a message payload
		*w = append(*w, t.Value...)
	}
}

// reader takes fields off raw; after the first that is not there, all are zero and bad is set.
type reader struct {
	raw []byte
	bad bool
}

func (r *reader) err() error {
	if r.bad {
		return ErrBody
	}
	return nil
}

func (r *reader) take(n int) []byte {
	if n > len(r.raw) {
		r.raw, r.bad = nil, true
		return nil
	}
	b := r.raw[:n]
	r.raw = r.raw[n:]
	return b
}

func (r *reader) octet() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) text() string {
	end := bytes.IndexByte(r.raw, 0)
	if end < 0 {
		r.raw, r.bad = nil, true
		return ""
	}
	return string(r.take(end + 1)[:end])
}

func (r *reader) address() Address { return Address{r.octet(), r.octet(), r.text()} }

// tlvs reads what follows. A cut one is left out: SMS centres that pad are not worth losing a message for.
func (r *reader) tlvs() []TLV {
	var all []TLV
	for len(r.raw) >= 4 {
		tag, size := binary.BigEndian.Uint16(r.raw), int(binary.BigEndian.Uint16(r.raw[2:]))
		if len(r.raw)-4 < size {
			break
		}
		r.take(4)
		all = append(all, TLV{tag, slices.Clone(r.take(size))})
	}
	return all
}
