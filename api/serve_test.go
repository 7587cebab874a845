package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// running is a server on a real connection.
type running struct {
	*Server
	engine *engine
	addr   string
	stop   context.CancelFunc
	ended  chan error
}

func start(t *testing.T, o Options) *running {
	t.Helper()
	e := newEngine()
	return serving(t, serverOn(e, o, io.Discard), e)
}

func serving(t *testing.T, s *Server, e *engine) *running {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{s, e, ln.Addr().String(), cancel, make(chan error, 1)}
	go func() { r.ended <- r.Serve(ctx, ln) }()
	t.Cleanup(cancel)
	return r
}

// send writes a raw request and reads status and header of the answer.
func (r *running) send(t *testing.T, head string, body io.Reader) (int, http.Header) {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, head+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(conn, body) }()
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode, answer.Header
}

const head = "POST /v1/rooms/newborn/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hosp-7\r\nContent-Type: application/json\r\n"

const uploadHead = "POST /v1/rooms/newborn/subscribers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer boss\r\nContent-Type: application/x-ndjson\r\n"

// blanks are white space for ever.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte(" "), len(p))), nil }

func TestBodiesOnTheWire(t *testing.T) {
	r := start(t, Options{Insecure: true, BodyTimeout: 300 * time.Millisecond, MaxBody: 1 << 20})
	for _, tc := range []struct {
		name, head string
		body       io.Reader
		status     int
	}{
		{"never ending", head + "Transfer-Encoding: chunked", io.MultiReader(strings.NewReader("ffffffff\r\n"), blanks{}), 413},
		{"said to be too large", head + "Content-Length: 99999999999", strings.NewReader("{"), 413},
		{"stops half way", head + "Content-Length: 100", strings.NewReader(`{"type":`), 408},
		{"never begins", head + "Transfer-Encoding: chunked", strings.NewReader(""), 408},
		{"stops in an upload", uploadHead + "Content-Length: 100", strings.NewReader(`{}`), 408},
		{"never ending upload row", uploadHead + "Content-Length: 2000000", blanks{}, 200},
		{"without token, never read", strings.Replace(head, "hosp-7", "", 1) + "Content-Length: 100", strings.NewReader(""), 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, header := r.send(t, tc.head, tc.body)
			if status != tc.status || status >= 400 && header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %v", status, header)
			}
		})
	}
	if n := r.engine.count(); n > 0 {
		t.Errorf("%d reached the publisher", n)
	}
}

// paced gives a batch of rows at each tick, so many times.
type paced struct {
	tick  <-chan time.Time
	times int
	rest  string
}

func (p *paced) Read(b []byte) (int, error) {
	if p.rest == "" {
		if p.times--; p.times < 0 {
			return 0, io.EOF
		}
		<-p.tick
		p.rest = strings.Repeat("{\"phone\":\"+41790000000\"}\n", uploadBatch)
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func TestUploadMayTakeLongerThanOtherRequests(t *testing.T) {
	r := start(t, Options{Insecure: true, BodyTimeout: time.Second})
	tick := time.NewTicker(400 * time.Millisecond)
	defer tick.Stop()
	rows := &paced{tick: tick.C, times: 4}
	length := 4 * uploadBatch * len("{\"phone\":\"+41790000000\"}\n")
	if status, _ := r.send(t, uploadHead+fmt.Sprintf("Content-Length: %d", length), rows); status != 200 {
		t.Errorf("%d", status)
	}
}

func TestSlowHeaderIsCutOff(t *testing.T) {
	r := start(t, Options{Insecure: true, HeaderTimeout: 100 * time.Millisecond})
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost:")
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("the connection stays open: %v", err)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	r := start(t, Options{Insecure: true})
	r.engine.hold = make(chan struct{})
	answered := make(chan int, 1)
	go func() {
		status := 0
		defer func() { answered <- status }() // also if send gives up
		status, _ = r.send(t, head+fmt.Sprintf("Content-Length: %d", len(good)), strings.NewReader(good))
	}()
	eventually(t, func() error {
		if n := r.inFlight.Get(); n != 1 {
			return fmt.Errorf("%v in flight", n)
		}
		return nil
	})
	r.stop()
	eventually(t, func() error {
		if conn, err := net.Dial("tcp", r.addr); err == nil {
			conn.Close()
			return fmt.Errorf("still takes connections")
		}
		return nil
	})
	if w := (ask{"GET", "/readyz", "", "", nil}).of(r.Server); w.Code != 503 {
		t.Errorf("ready while it stops: %d", w.Code)
	}
	close(r.engine.hold)
	if status, err := <-answered, <-r.ended; status != 202 || err != nil {
		t.Errorf("%d, %v", status, err)
	}
}

func TestStopTellsTheRestToGiveUp(t *testing.T) {
	r := start(t, Options{Insecure: true, DrainTimeout: 50 * time.Millisecond, ReadWait: time.Hour})
	r.engine.hold = make(chan struct{})
	answered := make(chan int, 1)
	get := "GET /v1/messages/01KAMVJVG0ZJ2C5YD3GZ7A8Q4N HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hosp-7"
	go func() {
		status := 0
		defer func() { answered <- status }() // also if send gives up
		status, _ = r.send(t, get, strings.NewReader(""))
	}()
	eventually(t, func() error {
		if n := r.inFlight.Get(); n != 1 {
			return fmt.Errorf("%v in flight", n)
		}
		return nil
	})
	r.stop()
	if status, err := <-answered, <-r.ended; status != 404 || err == nil {
		t.Errorf("%d, %v", status, err)
	}
}

// eventually polls until there is nothing left to complain about.
func eventually(t *testing.T, complaint func() error) {
	t.Helper()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := complaint()
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatal(err)
		case <-tick.C:
		}
	}
}

func TestOptionsNameEveryFault(t *testing.T) {
	if errs := (Options{}).Check(); len(errs) != 1 { // no certificate
		t.Errorf("%v", errs)
	}
	if errs := (Options{Insecure: true}).Check(); len(errs) > 0 {
		t.Errorf("%v", errs)
	}
	bad := StreamOptions{PerClient: -1, Stall: -1}
	if errs := (Options{MaxBody: 5 << 20, MaxExpiry: -1, ReadWait: -1, DrainTimeout: time.Second, Streams: bad, Pulls: PullOptions{PerNode: -1}}).Check(); len(errs) != 8 {
		t.Errorf("%v", errs)
	}
}
