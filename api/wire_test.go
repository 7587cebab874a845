package api

import (
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

// counted knows how much of it was read.
type counted struct {
	io.Reader
	read int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	return n, err
}

func TestBodyThatIsALittleTooLargeIsReadToItsEnd(t *testing.T) {
	const limit = 1 << 20
	s := serverOn(newEngine(), Options{MaxBody: limit}, io.Discard)
	for _, tc := range []struct {
		length int64
		expect string
		read   int64
	}{{limit + 1, "", limit + 1}, {2 * limit, "", 2 * limit}, {2*limit + 1, "", 0}, {limit + 1, "100-continue", 0}} {
		r := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", "x", nil}.request()
		body := &counted{Reader: blanks{}}
		r.Body, r.ContentLength = io.NopCloser(body), tc.length
		r.Header.Set("Expect", tc.expect)
		w := httptest.NewRecorder()
		if s.Handler().ServeHTTP(w, r); w.Code != 413 || body.read != tc.read {
			t.Errorf("of %d %s: %d after %d bytes, want 413 after %d", tc.length, tc.expect, w.Code, body.read, tc.read)
		}
	}
}

// What net/http answers by itself is no problem of RFC 9457, and the document says so.
func TestMalformedHTTPIsAnsweredAsDocumented(t *testing.T) {
	r := start(t, Options{Insecure: true})
	for status, head := range map[int]string{
		400: "GET /healthz HTTP/1.1",
		417: "GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: the-best",
		431: "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", maxHeader+8<<10),
		501: "POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip",
		505: "GET /healthz HTTP/3.0\r\nHost: x",
	} {
		got, header := r.send(t, head, strings.NewReader(""))
		if got != status || header.Get("X-Request-Id") != "" || strings.Contains(header.Get("Content-Type"), "json") {
			t.Errorf("%d: %d %v", status, got, header)
		}
		if !strings.Contains(string(openapi), fmt.Sprintf("`%d` ", status)) {
			t.Errorf("%d is not in the document", status)
		}
	}
}
