package outbound_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// A call goes as it was written, and what is answered comes back, unless it is too long or from where nobody may call.
func TestExchange(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		length, _ := strconv.Atoi(r.URL.Query().Get("length"))
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Said", r.Method+" "+string(body)+" "+r.Header.Get("X-Mine")+r.Header.Get("webhook-id"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, strings.Repeat("x", length))
	}))
	t.Cleanup(s.Close)
	for _, tc := range []struct {
		allow  string
		length int
		status int
		err    error
		taken  bool
	}{
		{"127.0.0.0/8", 64 << 10, http.StatusTeapot, nil, false},
		{"127.0.0.0/8", 64<<10 + 1, 0, outbound.ErrConnect, true},
		{"192.0.2.0/24", 0, 0, outbound.ErrAddress, false},
	} {
		c, err := outbound.New(outbound.Options{Allow: []string{tc.allow}, Ports: []int{outbound.AnyPort}, KeepIdle: 32})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.URL+"?length="+strconv.Itoa(tc.length), strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Mine", "mine")
		got := c.Exchange(t.Context(), rooms.Normal, r)
		if got.Status != tc.status || !errors.Is(got.Err, tc.err) || got.Taken != tc.taken {
			t.Errorf("%+v: %d, %v, taken %t", tc, got.Status, got.Err, got.Taken)
		}
		if good := tc.status > 0; good && (len(got.Body) != tc.length || got.Header.Get("X-Said") != "PUT body mine") || !good && (got.Body != nil || got.Header != nil) {
			t.Errorf("%+v: %d bytes, %v", tc, len(got.Body), got.Header)
		}
		c.Close()
	}
}
