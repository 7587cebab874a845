package client

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// frame is an event of a stream as it came.
type frame struct {
	name string
	data []byte // nil: a position alone
}

// frames reads a stream of events (WHATWG HTML §9.2.6).
type frames struct {
	lines *bufio.Reader
	heard func() // is told of every line
	id    string // the last one that came
}

func newFrames(r io.Reader, heard func()) *frames {
	return &frames{lines: bufio.NewReader(r), heard: heard}
}

// next gives the next event; what is cut off at the end of the stream is none.
func (f *frames) next() (e frame, err error) {
	id := f.id
	for {
		line, err := f.lines.ReadBytes('\n')
		if err != nil {
			return frame{}, err
		}
		f.heard()
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			f.id, e.data = id, bytes.TrimSuffix(e.data, []byte("\n"))
			return e, nil
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "id":
			if !strings.ContainsRune(string(value), 0) {
				id = string(value)
			}
		case "event":
			e.name = string(value)
		case "data":
			e.data = append(append(e.data, value...), '\n')
		}
	}
}
