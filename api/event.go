package api

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const eventStreamType = "text/event-stream"

// retryAfter is what a client that loses its stream waits at most before it comes again.
const retryAfter = 2 * time.Second

// RenderEvent writes a message as an event of a stream (WHATWG HTML §9.2.5), with the content byte for
// byte as it was published.
func RenderEvent(m rooms.Message) []byte {
	head, err := json.Marshal(struct {
		Sequence   uint64       `json:"sequence"`
		UMID       rooms.UMID   `json:"umid"`
		Type       rooms.Type   `json:"type"`
		Lane       rooms.Lane   `json:"lane"`
		ReceivedAt time.Time    `json:"receivedAt"`
		Publisher  rooms.Client `json:"publisher"`
		ExpiresAt  time.Time    `json:"expiresAt"`
		Exact      []byte       `json:"exactContent,omitzero"`
	}{m.Sequence, m.UMID, m.Type, m.Lane, moment(m.ReceivedAt), m.Publisher, moment(m.ExpiresAt), exact(m.Payload)})
	if err != nil {
		head = []byte("{}") // none of these can fail
	}
	var b bytes.Buffer
	b.Grow(len(head) + len(m.Payload) + 64)
	beginEvent(&b, "message", m.Sequence)
	b.WriteString("data: ")
	b.Write(head[:len(head)-1])
	b.WriteString(`,"content":`)
	writeLines(&b, m.Payload)
	b.WriteString("}\n\n")
	return b.Bytes()
}

// exact is nil unless an event stream cannot carry a content as it is: it knows line feeds, but a
// carriage return ends a line as well and is lost.
func exact(content []byte) []byte {
	if bytes.IndexByte(content, '\r') < 0 {
		return nil
	}
	return content
}

// writeLines goes on with a line of data, and begins another where the content has a line's end.
func writeLines(b *bytes.Buffer, content []byte) {
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	content = bytes.ReplaceAll(content, []byte("\r"), []byte("\n"))
	b.Write(bytes.ReplaceAll(content, []byte("\n"), []byte("\ndata: ")))
}

// beginEvent writes what stands before an event's data.
func beginEvent(b *bytes.Buffer, name string, id uint64) {
	writePosition(b, id)
	b.WriteString("event: " + name + "\n")
}

// writePosition sets the position from which a client resumes.
func writePosition(b *bytes.Buffer, id uint64) {
	b.WriteString("id: " + strconv.FormatUint(id, 10) + "\n")
}

// writeEvent writes an event with a value of package v1.
func writeEvent(b *bytes.Buffer, name string, id uint64, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		return // none of these can fail
	}
	beginEvent(b, name, id)
	b.WriteString("data: ")
	b.Write(data)
	b.WriteString("\n\n")
}

// opening is what every stream begins with: how soon to come again, and from where.
func opening(at, gap uint64) []byte {
	var b bytes.Buffer
	b.WriteString("retry: " + strconv.FormatInt(retryAfter.Milliseconds(), 10) + "\n")
	writePosition(&b, at)
	b.WriteString("\n")
	if gap > 0 {
		writeEvent(&b, "gap", at, v1.StreamGap{First: gap})
	}
	return b.Bytes()
}

// ending is the last event of a stream.
func ending(at uint64, why v1.StreamEndReason) []byte {
	var b bytes.Buffer
	writeEvent(&b, "end", at, v1.StreamEnd{Reason: why})
	return b.Bytes()
}

// heartbeat keeps a connection alive: a comment, or the position if it has moved.
func heartbeat(told, at uint64) []byte {
	if at == told {
		return []byte(":\n\n")
	}
	var b bytes.Buffer
	writePosition(&b, at)
	b.WriteString("\n")
	return b.Bytes()
}
