package index

import (
	"cmp"
	"encoding/binary"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// decide folds what was decided about a message: the latest entry counts.
func (m *message) decide(c rooms.Control) {
	if c.Entry == 0 {
		return // decided by nobody
	}
	c.UMID, c.At = "", plain(c.At)
	if compareControls(m.control, c) < 0 {
		m.control = c
	}
}

// compareControls is a total order; no two decisions are of one entry, but nobody relies on it.
func compareControls(a, b rooms.Control) int {
	return cmp.Or(cmp.Compare(a.Entry, b.Entry), a.At.Compare(b.At), strings.Compare(string(a.State), string(b.State)),
		strings.Compare(string(a.By), string(b.By)), strings.Compare(string(a.Reason), string(b.Reason)),
		strings.Compare(string(a.Room), string(b.Room)), cmp.Compare(a.Failed, b.Failed))
}

// packControl writes a decision; most messages have none.
func packControl(b []byte, c rooms.Control) []byte {
	b = binary.AppendUvarint(b, c.Entry)
	if c.Entry == 0 {
		return b
	}
	for _, s := range []string{string(c.Room), string(c.State), string(c.By), string(c.Reason)} {
		b = packString(b, s)
	}
	return binary.AppendVarint(packTime(b, c.At), int64(c.Failed))
}

func (r *reader) control() (c rooms.Control) {
	if c.Entry = r.uvarint(); c.Entry == 0 {
		return c
	}
	c.Room, c.State = rooms.Room(r.text()), rooms.ControlState(r.text())
	c.By, c.Reason = rooms.Client(r.text()), rooms.Reason(r.text())
	c.At, c.Failed = r.time(), int(r.varint())
	return c
}
