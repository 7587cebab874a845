package api

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/oidc"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/audit"
)

const streamPath = "/v1/rooms/newborn/stream"

// sse is an event as WHATWG HTML §9.2.6 has a client understand it.
type sse struct{ id, name, data string }

// hearing is a client that reads a stream.
type hearing struct {
	*testing.T
	answer *http.Response
	lines  *bufio.Reader
	cancel context.CancelFunc
	lastID string
}

// hear opens a stream as a client; header are pairs.
func (r *running) hear(t *testing.T, client, query string, header ...string) *hearing {
	t.Helper()
	return r.hearBy(t, http.DefaultClient, "http", client, query, header...)
}

func (r *running) hearBy(t *testing.T, by *http.Client, scheme, client, query string, header ...string) *hearing {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	q, err := http.NewRequestWithContext(ctx, "GET", scheme+"://"+r.addr+streamPath+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+client)
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	a, err := by.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	return &hearing{T: t, answer: a, lines: bufio.NewReader(a.Body), cancel: cancel}
}

// next reads an event that has data; io.EOF when the stream has ended.
func (h *hearing) next() (e sse, err error) {
	for {
		line, err := h.lines.ReadString('\n')
		if err != nil {
			return e, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			h.lastID = value
		case "event":
			e.name = value
		case "data":
			e.data += value + "\n"
		case "":
			if line == "\n" && e.data != "" {
				e.id, e.data = h.lastID, strings.TrimSuffix(e.data, "\n")
				return e, nil
			}
		}
	}
}

// want reads the next event and wants it to be of a name and to have a part in its data.
func (h *hearing) want(name, part string) sse {
	h.Helper()
	e, err := h.next()
	if err != nil || e.name != name || !strings.Contains(e.data, part) {
		h.Fatalf("event %+v, %v, want %s with %s", e, err, name, part)
	}
	return e
}

// ended wants the stream to end now.
func (h *hearing) ended() {
	h.Helper()
	if e, err := h.next(); !errors.Is(err, io.EOF) {
		h.Fatalf("after the end: %+v, %v", e, err)
	}
}

func TestStreamFromNowOn(t *testing.T) {
	r := start(t, Options{Insecure: true})
	r.engine.log.append(`{"text":"old"}`)
	h := r.hear(t, "ear", "")
	if a := h.answer; a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" || a.Header.Get("Content-Length") != "" {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	begin, err := h.lines.ReadString('1')
	if err != nil || begin != "retry: 2000\nid: 1" {
		t.Errorf("begins with %q, %v", begin, err)
	}
	r.engine.log.append(`{"text":"new"}`)
	e := h.want("message", `"text":"new"`)
	var m v1.StreamMessage
	if err := json.Unmarshal([]byte(e.data), &m); err != nil {
		t.Fatal(err)
	}
	if e.id != "2" || m.Sequence != 2 || m.UMID != "01JDB6T0G00000000000000002" || m.Type != "reminder" || m.Lane != v1.Normal ||
		!m.ReceivedAt.Equal(noon()) || !m.ExpiresAt.Equal(noon().Add(time.Hour)) || m.Publisher != "hosp-7" || string(m.Content) != `{"text":"new"}` {
		t.Errorf("%+v %+v", e, m)
	}
}

// The client gets the bytes that were published, wherever lines end in them.
func TestContentByteForByte(t *testing.T) {
	for _, content := range []string{
		`{"text":"x"}`, "{\n  \"text\": \"a\\nb\"\n}", "{\n\n\"text\":\n\n\"x\"}", "{\r\n\"text\" :\r\t\"ä \\u00e4\"\r\n}", "{ \"text\":\"data: x\" \r}",
	} {
		wire := RenderEvent(rooms.Message{Header: rooms.Header{Sequence: 7, UMID: umid}, Payload: []byte(content)})
		h := &hearing{T: t, lines: bufio.NewReader(bytes.NewReader(wire))}
		var m v1.StreamMessage
		if err := json.Unmarshal([]byte(h.want("message", "").data), &m); err != nil {
			t.Fatalf("%q: %v", wire, err)
		}
		got := string(m.Content)
		if m.ExactContent != nil {
			got = string(m.ExactContent)
		}
		if got != content || bytes.ContainsRune(wire, '\r') || (m.ExactContent != nil) != strings.Contains(content, "\r") {
			t.Errorf("%q became %q on the wire, and %q", content, wire, got)
		}
	}
}

func TestStreamResumes(t *testing.T) {
	r := start(t, Options{Insecure: true})
	for n := range 30 {
		r.engine.log.append(fmt.Sprintf(`{"text":"%d"}`, n+1))
	}
	for name, h := range map[string]*hearing{
		"header":              r.hear(t, "ear", "", "Last-Event-ID", "3"),
		"after":               r.hear(t, "boss", "?after=3"),
		"header before after": r.hear(t, "ear", "?after=20", "Last-Event-ID", "3"),
		"header before since": r.hear(t, "ear", "?since=2030-01-01T00:00:00Z", "Last-Event-ID", "3"),
	} {
		for n := 4; n <= 30; n++ {
			if e := h.want("message", fmt.Sprintf(`{"text":"%d"}`, n)); e.id != fmt.Sprint(n) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	beyond := r.hear(t, "ear", "", "Last-Event-ID", "31")
	r.engine.log.append(`{"text":"31"}`)
	r.engine.log.append(`{"text":"32"}`)
	beyond.want("message", `"32"`)
}

func TestStreamTellsOfAGap(t *testing.T) {
	r := start(t, Options{Insecure: true})
	for range 9 {
		r.engine.log.append(`{"text":"x"}`)
	}
	r.engine.log.first = 6
	h := r.hear(t, "ear", "", "Last-Event-ID", "2")
	if e := h.want("gap", `{"first":6}`); e.id != "5" {
		t.Errorf("%+v", e)
	}
	h.want("message", `"sequence":6`)
	r.hear(t, "ear", "?after=5").want("message", `"sequence":6`)
	r.hear(t, "ear", "?after=0").want("message", `"sequence":6`)
}

// What was erased while the client was away is a gap as well, and what is left of it comes.
func TestStreamTellsOfErasedMessages(t *testing.T) {
	r := start(t, Options{Insecure: true})
	for range 3 {
		r.engine.log.append(`{"text":"x"}`)
	}
	m := r.engine.messages[umid]
	m.Direct, m.Sequence, m.ErasedAt = false, 2, noon()
	r.engine.messages[umid] = m
	h := r.hear(t, "ear", "", "Last-Event-ID", "1")
	if e := h.want("gap", `{"first":3}`); e.id != "1" {
		t.Errorf("%+v", e)
	}
	h.want("message", `"sequence":2`)
	r.hear(t, "ear", "?after=2").want("message", `"sequence":3`)
	r.hear(t, "ear", "?after=1&lane=bulk").quietUntil(t, r)
}

// quietUntil makes sure that nothing comes but the end.
func (h *hearing) quietUntil(t *testing.T, r *running) {
	t.Helper()
	r.stop()
	h.want("end", "shutdown")
}

func TestBadStreams(t *testing.T) {
	s := newServer(newEngine())
	for _, a := range []ask{
		{"GET", streamPath, "ear", "", []string{"Last-Event-ID", "x"}},
		{"GET", streamPath, "ear", "", []string{"Last-Event-ID", "-1"}},
		{"GET", streamPath, "ear", "", []string{"Last-Event-ID", ""}},
		{"GET", streamPath, "ear", "", []string{"Last-Event-ID", "99999999999999999999"}},
		{"GET", streamPath + "?after=", "ear", "", nil},
		{"GET", streamPath + "?after=1&after=2", "ear", "", nil},
		{"GET", streamPath + "?after=1&since=2026-11-22T12:00:00Z", "ear", "", nil},
		{"GET", streamPath + "?since=yesterday", "ear", "", nil},
		{"GET", streamPath + "?since=0001-01-01T00:00:00Z", "ear", "", nil},
		{"GET", streamPath + "?lane=fast", "ear", "", nil},
		{"GET", streamPath + "?lane=", "ear", "", nil},
		{"GET", streamPath + "?type=No+Name", "ear", "", nil},
		{"GET", streamPath + "?after=%zz", "ear", "", nil},
	} {
		w := a.of(s)
		if p := problemIn(t, w); p.Code != v1.ProblemCodeInvalidParameter || len(p.Errors) != 1 || p.Errors[0].Parameter == "" {
			t.Errorf("%s %v: %d %s", a.path, a.header, w.Code, w.Body)
		}
	}
	if n := s.streams.all; n != 0 {
		t.Errorf("%d streams are counted", n)
	}
}

func TestStreamWithoutLog(t *testing.T) {
	e := newEngine()
	e.log.fail(errNoLog)
	s := newServer(e)
	w := ask{"GET", streamPath, "ear", "", nil}.of(s)
	if p := problemIn(t, w); p.Code != v1.ProblemCodeUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := s.streams.all; n != 0 {
		t.Errorf("%d streams are counted", n)
	}
}

var errNoLog = errors.New("the log does not answer")

func TestStreamsAreLimited(t *testing.T) {
	r := start(t, Options{Insecure: true, Streams: StreamOptions{PerClient: 2, PerNode: 3}})
	first := r.hear(t, "ear", "")
	r.hear(t, "ear", "")
	refused := func(client string, status int, code v1.ProblemCode) {
		t.Helper()
		h := r.hear(t, client, "")
		var p v1.Problem
		if err := json.UnmarshalRead(h.answer.Body, &p); err != nil || h.answer.StatusCode != status || p.Code != code || h.answer.Header.Get("Retry-After") == "" {
			t.Errorf("%d %+v, %v", h.answer.StatusCode, p, err)
		}
	}
	refused("ear", 429, v1.ProblemCodeTooManyStreams)
	r.hear(t, "boss", "")
	refused("boss", 503, v1.ProblemCodeStreamsFull)
	first.cancel()
	eventually(t, func() error {
		if h := r.hear(t, "ear", ""); h.answer.StatusCode != 200 {
			return fmt.Errorf("a place that was left is not free: %d", h.answer.StatusCode)
		}
		return nil
	})
}

func TestHeartbeat(t *testing.T) {
	r := start(t, Options{Insecure: true, Streams: StreamOptions{Heartbeat: 20 * time.Millisecond}})
	h := r.hear(t, "ear", "")
	for beats := 0; beats < 3; {
		line, err := h.lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == ":\n" {
			beats++
		}
	}
	r.engine.log.append(`{"text":"x"}`)
	h.want("message", `"sequence":1`)
}

func TestStreamEndsWithTheToken(t *testing.T) {
	e := newEngine()
	s := serverOn(e, Options{Insecure: true}, io.Discard)
	s.deps.Verifier = shortLived{}
	r := serving(t, s, e)
	h := r.hear(t, "ear", "")
	r.engine.log.append(`{"text":"x"}`)
	h.want("message", `"sequence":1`)
	if e := h.want("end", `{"reason":"token"}`); e.id != "1" {
		t.Errorf("%+v", e)
	}
	h.ended()
}

// shortLived gives tokens that end soon after noon, which is now.
type shortLived struct{ verifier }

func (v shortLived) Verify(ctx context.Context, token string) (oidc.Identity, error) {
	id, err := v.verifier.Verify(ctx, token)
	id.Expires = noon().Add(300 * time.Millisecond)
	return id, err
}

func TestStreamEndsForWhoMayNoLongerRead(t *testing.T) {
	r := start(t, Options{Insecure: true})
	change := func(fn func(map[rooms.Room]rooms.RoomConfig, rooms.RoomConfig)) {
		r.engine.mu.Lock()
		defer r.engine.mu.Unlock()
		fn(r.engine.rooms, r.engine.rooms["newborn"])
	}
	reader, admin, other := r.hear(t, "ear", ""), r.hear(t, "boss", ""), r.hear(t, "boss", "")
	change(func(all map[rooms.Room]rooms.RoomConfig, room rooms.RoomConfig) {
		room.Readers, room.Revision = nil, 8
		all["newborn"] = room
	})
	began := time.Now()
	reader.want("end", `{"reason":"forbidden"}`)
	reader.ended()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	r.engine.log.append(`{"text":"x"}`)
	admin.want("message", `"sequence":1`)
	other.want("message", `"sequence":1`)
	change(func(all map[rooms.Room]rooms.RoomConfig, room rooms.RoomConfig) {
		room.CreatedAt, room.Revision = noon().Add(time.Hour), 9 // another room of that name
		all["newborn"] = room
	})
	admin.want("end", `{"reason":"room"}`)
	change(func(all map[rooms.Room]rooms.RoomConfig, _ rooms.RoomConfig) { delete(all, "newborn") })
	other.want("end", `{"reason":"room"}`)
}

func TestStreamEndsForWhoIsBlocked(t *testing.T) {
	r := start(t, Options{Insecure: true})
	h := r.hear(t, "ear", "")
	if err := (blockedFake{r.engine}).Block(t.Context(), rooms.Blocked{Client: "ear"}); err != nil {
		t.Fatal(err)
	}
	h.want("end", `{"reason":"forbidden"}`)
	h.ended()
}

func TestStreamEndsWhenTheLogDoesNotAnswer(t *testing.T) {
	r := start(t, Options{Insecure: true})
	h := r.hear(t, "ear", "")
	r.engine.log.fail(errors.New("gone"))
	h.want("end", `{"reason":"unavailable"}`)
	h.ended()
}

func TestStreamsEndAtOnceWhenTheNodeStops(t *testing.T) {
	r := start(t, Options{Insecure: true})
	h := r.hear(t, "ear", "")
	began := time.Now()
	r.stop()
	h.want("end", `{"reason":"shutdown"}`)
	h.ended()
	if err := <-r.ended; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stopped after %s: %v", time.Since(began), err)
	}
}

// A stream outlives the times that other requests have, and a client that takes nothing is cut off, by HTTP/1.1 and HTTP/2.
func TestStreamHasItsOwnTimes(t *testing.T) {
	tlsFiles := tlsOptions(t)
	for scheme, by := range map[string]*http.Client{"http": http.DefaultClient, "https": client(&tls.Config{ServerName: "crier.example"})} {
		t.Run(scheme, func(t *testing.T) {
			r := start(t, Options{
				Insecure: scheme == "http", TLS: tlsFiles,
				HeaderTimeout: time.Second, BodyTimeout: time.Second, AnswerTimeout: time.Second,
				Streams: StreamOptions{Heartbeat: 20 * time.Millisecond, Stall: 2 * time.Second},
			})
			h := r.hearBy(t, by, scheme, "ear", "")
			if want := map[string]int{"http": 1, "https": 2}[scheme]; h.answer.ProtoMajor != want {
				t.Fatalf("HTTP/%d, want %d", h.answer.ProtoMajor, want)
			}
			r.hearBy(t, by, scheme, "boss", "") // and reads nothing
			large := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
			for n := range 40 {
				r.engine.log.append(large)
				if e, err := h.next(); err != nil || e.id != fmt.Sprint(n+1) {
					t.Fatalf("%d: %s %v", n, e.id, err)
				}
			}
			eventually(t, func() error {
				if e := r.streamEnd(); e == nil || e.Source != "boss" || e.Data["reason"] != "stalled" {
					return fmt.Errorf("the end on record: %+v", e)
				}
				return nil
			})
			r.engine.log.append(`{"text":"after"}`)
			h.want("message", "after")
		})
	}
}

// streamEnd is the last end of a stream on record.
func (r *running) streamEnd() (end *audit.Entry) {
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	for _, e := range r.engine.noted {
		if e.Data["stream"] == "end" {
			end = &e
		}
	}
	return end
}

func TestBeginAndEndAreRecorded(t *testing.T) {
	r := start(t, Options{Insecure: true})
	h := r.hear(t, "ear", "")
	r.engine.log.append(`{"text":"x"}`)
	h.want("message", "")
	h.cancel()
	eventually(t, func() error {
		if r.streamEnd() == nil {
			return errors.New("no end on record")
		}
		return nil
	})
	r.engine.mu.Lock()
	defer r.engine.mu.Unlock()
	if len(r.engine.noted) != 2 || len(r.engine.recorded) > 0 {
		t.Fatalf("%+v", r.engine.noted)
	}
	begin, end := r.engine.noted[0], r.engine.noted[1]
	for _, e := range []audit.Entry{begin, end} {
		if e.Source != "ear" || e.IDs["room"] != "newborn" || e.IDs["request"] != h.answer.Header.Get("X-Request-Id") || e.Status != audit.Success || e.Code != 200 {
			t.Errorf("%+v", e)
		}
	}
	if begin.Data["stream"] != "begin" || end.Data["stream"] != "end" || end.Data["reason"] != "left" || end.Data["events"] != "1" {
		t.Errorf("%v %v", begin.Data, end.Data)
	}
}

func TestHeadOpensNoStream(t *testing.T) {
	s := newServer(newEngine())
	w := ask{"HEAD", streamPath, "ear", "", nil}.of(s)
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/event-stream" || w.Body.Len() > 0 || s.streams.all != 0 {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}
