// Package pdu reads and writes what SMPP 3.4 sends: its protocol data units.
//
// Promised: what is read was whole, and of the length that it names; a unit whose body cannot be understood still has its
// command and number, so that it can be answered; lengths that others name are bounded before memory is taken. Not
// promised: that fields are what the specification allows, since many SMS centres send others. It knows what a client
// needs and no more, among it nothing of SMPP 5.0.
package pdu

import (
	"encoding/binary"
	"errors"
	"io"
)

// Command says what a unit asks for (SMPP 3.4 §5.1.2.1). An answer has the Response bit.
type Command uint32

// The commands.
const (
	BindReceiver    Command = 0x01
	BindTransmitter Command = 0x02
	SubmitSM        Command = 0x04
	DeliverSM       Command = 0x05
	Unbind          Command = 0x06
	BindTransceiver Command = 0x09
	EnquireLink     Command = 0x15
	DataSM          Command = 0x103
	Response        Command = 1 << 31
	GenericNack             = Response
)

// MaxSize bounds a unit: a message payload of 64 KiB and what goes with it.
const MaxSize = 70_000

const headerSize = 16

var (
	// ErrSize says that a unit names a length that none has. What follows it cannot be read either.
	ErrSize = errors.New("pdu: impossible length")
	// ErrBody says that a body is not what its command has.
	ErrBody = errors.New("pdu: body cannot be understood")
)

// PDU is one unit.
type PDU struct {
	Command  Command
	Status   Status
	Sequence uint32
	Body     []byte
}

// Read reads one.
func Read(r io.Reader) (PDU, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return PDU{}, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size < headerSize || size > MaxSize {
		return PDU{}, ErrSize
	}
	p := PDU{
		Command: Command(binary.BigEndian.Uint32(head[4:])), Status: Status(binary.BigEndian.Uint32(head[8:])),
		Sequence: binary.BigEndian.Uint32(head[12:]), Body: make([]byte, size-headerSize),
	}
	if _, err := io.ReadFull(r, p.Body); err != nil {
		return PDU{}, errors.Join(io.ErrUnexpectedEOF, err)
	}
	return p, nil
}

// Bytes is the unit as it is sent.
func (p PDU) Bytes() []byte {
	b := make([]byte, 0, headerSize+len(p.Body))
	for _, n := range []uint32{uint32(headerSize + len(p.Body)), uint32(p.Command), uint32(p.Status), p.Sequence} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return append(b, p.Body...)
}

// Answer is the answer to a unit, with a body or none.
func (p PDU) Answer(s Status, body []byte) PDU {
	return PDU{Command: p.Command | Response, Status: s, Sequence: p.Sequence, Body: body}
}

// Bind is the body of a bind.
type Bind struct {
	SystemID, Password, SystemType string
	AddressRange                   string
}

const version = 0x34

// Bytes is the body as it is sent.
func (b Bind) Bytes() []byte {
	var w writer
	w.text(b.SystemID)
	w.text(b.Password)
	w.text(b.SystemType)
	w = append(w, version, 0, 0)
	w.text(b.AddressRange)
	return w
}

// ParseBind reads the body of a bind.
func ParseBind(body []byte) (Bind, error) {
	r := reader{raw: body}
	b := Bind{SystemID: r.text(), Password: r.text(), SystemType: r.text()}
	r.take(3)
	b.AddressRange = r.text()
	return b, r.err()
}

// ID is the body of the answers that carry nothing but an id; empty where it is not there.
func ID(body []byte) string {
	r := reader{raw: body}
	id := r.text()
	if r.bad {
		return ""
	}
	return id
}

// IDBody is a body with nothing but an id.
func IDBody(id string) []byte {
	var w writer
	w.text(id)
	return w
}
