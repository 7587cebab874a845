package outbound_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/govcrier/crier/channels/outbound"
	"github.com/govcrier/crier/rooms"
)

// loopback opens this machine, on every port.
func loopback() outbound.Options {
	return outbound.Options{Allow: []string{"127.0.0.0/8", "::1/128"}, Ports: []int{outbound.AnyPort}, Timeout: 5 * time.Second}
}

func newClient(t *testing.T, o outbound.Options) *outbound.Client {
	t.Helper()
	c, err := outbound.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func call(t *testing.T, at string) outbound.Call {
	t.Helper()
	a, err := rooms.ParseURL(at)
	if err != nil {
		t.Fatal(err)
	}
	return outbound.Call{To: a, ID: "01JDB6T0G00000000000000001-0", Kind: "application/json", Body: []byte(`{"a":1}`), Signing: []rooms.Signing{rooms.NewSigning()}}
}

// receiver counts calls and answers as it is told.
func receiver(t *testing.T, answer http.HandlerFunc) (at string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func TestSignatureHoldsForTheIndependentLibrary(t *testing.T) {
	signing := []rooms.Signing{rooms.NewSigning(), rooms.NewSigning()}
	problems := make(chan error, 10)
	at, calls := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, s := range append(signing, rooms.NewSigning()) {
			hook, err := standardwebhooks.NewWebhook(s.Secret.Reveal())
			if err == nil {
				err = hook.Verify(body, r.Header)
			}
			problems <- err
			problems <- outbound.Verify(s, r.Header, body, time.Now(), time.Minute)
		}
		if r.Header.Get("Requestuid") != "01K9" || r.Header.Get("Idempotency-Key") != "" || r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodPost {
			t.Errorf("%s with %v", r.Method, r.Header)
		}
	})
	c := call(t, at)
	c.Signing, c.Header = signing, http.Header{"requestUid": {"01K9"}}
	if a := newClient(t, loopback()).Post(t.Context(), c); !a.OK() || calls.Load() != 1 {
		t.Fatalf("%+v after %d calls", a, calls.Load())
	}
	for i := range 6 {
		if err := <-problems; (err != nil) != (i >= 4) {
			t.Errorf("verification %d: %v", i, err)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	s, now, body := rooms.NewSigning(), time.Now(), []byte(`{}`)
	signature, err := outbound.Sign([]rooms.Signing{s}, "id", now, body)
	if err != nil {
		t.Fatal(err)
	}
	good := func() http.Header {
		return http.Header{outbound.HeaderID: {"id"}, outbound.HeaderTimestamp: {fmt.Sprint(now.Unix())}, outbound.HeaderSignature: {"v1a,xx v1,eHg= " + signature}}
	}
	with := func(name, value string) http.Header {
		h := good()
		h.Set(name, value)
		return h
	}
	for name, tc := range map[string]struct {
		header http.Header
		body   string
		at     time.Time
		want   error
	}{
		"good":         {good(), "{}", now, nil},
		"other body":   {good(), "{ }", now, outbound.ErrSignature},
		"other id":     {with(outbound.HeaderID, "id2"), "{}", now, outbound.ErrSignature},
		"other time":   {with(outbound.HeaderTimestamp, fmt.Sprint(now.Unix()+1)), "{}", now, outbound.ErrSignature},
		"no id":        {with(outbound.HeaderID, ""), "{}", now, outbound.ErrUnsigned},
		"no signature": {with(outbound.HeaderSignature, ""), "{}", now, outbound.ErrUnsigned},
		"no time":      {with(outbound.HeaderTimestamp, "soon"), "{}", now, outbound.ErrTimestamp},
		"old":          {good(), "{}", now.Add(2 * time.Minute), outbound.ErrTimestamp},
		"ahead":        {good(), "{}", now.Add(-2 * time.Minute), outbound.ErrTimestamp},
		"no version":   {with(outbound.HeaderSignature, strings.TrimPrefix(signature, "v1,")), "{}", now, outbound.ErrSignature},
		"v1a":          {with(outbound.HeaderSignature, strings.Replace(signature, "v1,", "v1a,", 1)), "{}", now, outbound.ErrSignature},
	} {
		if err := outbound.Verify(s, tc.header, []byte(tc.body), tc.at, time.Minute); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	if err := outbound.Verify(s, good(), body, now.Add(1000*time.Hour), 0); err != nil {
		t.Errorf("without tolerance: %v", err)
	}
}

func TestPrivateAddressesAreNotCalled(t *testing.T) {
	at, calls := receiver(t, func(http.ResponseWriter, *http.Request) {})
	port := at[strings.LastIndexByte(at, ':'):]
	o := outbound.Options{Ports: []int{outbound.AnyPort}, Timeout: 5 * time.Second, Resolver: resolver(t, answers{"private.example.": {"127.0.0.1"}, "v6.example.": {"::1"}, "mapped.example.": {"::ffff:127.0.0.1"}})}
	for _, scheme := range []string{"http://", "https://"} {
		for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "0.0.0.0", "[::]", "private.example", "v6.example", "mapped.example"} {
			a := newClient(t, o).Post(t.Context(), call(t, scheme+host+port))
			if a.Err != outbound.ErrAddress || !a.Final() || a.Code() != "address-not-allowed" {
				t.Errorf("%s%s: %+v", scheme, host, a)
			}
		}
	}
	// Notations that ParseURL refuses gain nothing either, should they ever come so far.
	for _, host := range []string{"2130706433", "0177.0.0.1", "0x7f000001", "127.1", "017700000001"} {
		u := url.URL{Scheme: "http", Host: host + port}
		conn, err := net.Dial("tcp", u.Host)
		if err == nil {
			_ = conn.Close()
			t.Logf("the system reads %s as an address", host)
		}
		if _, err := rooms.ParseURL(u.String()); err == nil {
			t.Errorf("%s was accepted", host)
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls arrived", calls.Load())
	}
}

func TestPortsAndPlainHTTP(t *testing.T) {
	at, calls := receiver(t, func(http.ResponseWriter, *http.Request) {})
	o := loopback()
	o.Ports = nil
	if a := newClient(t, o).Post(t.Context(), call(t, at)); a.Err != outbound.ErrPort || !a.Final() || a.Code() != "port-not-allowed" {
		t.Errorf("another port: %+v", a)
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls arrived", calls.Load())
	}
	for u, want := range map[string]string{
		"https://app.example/": "", "https://app.example:443/": "", "https://app.example:8443/": "this port may not be called",
		"http://app.example/": "this port may not be called", "http://127.0.0.1:443/": "", "https://10.0.0.1/": "this address may not be called",
		"https://[::ffff:10.0.0.1]/": "this address may not be called", "https://8.8.8.8/": "", "http://8.8.8.8:443/": "this address may not be called",
	} {
		err := newClient(t, o).Allowed(call(t, u).To)
		if want == "" && err != nil || want != "" && (!errors.Is(err, rooms.ErrAddress) || !strings.HasSuffix(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", u, err, want)
		}
	}
	if err := newClient(t, outbound.Options{}).Allowed(call(t, "http://app.example:443/").To); !errors.Is(err, rooms.ErrAddress) {
		t.Errorf("http where nothing is opened: %v", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	inner, reached := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for _, status := range []int{301, 302, 303, 307, 308} {
		at, _ := receiver(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner, status) })
		if a := newClient(t, loopback()).Post(t.Context(), call(t, at)); a.Status != status || !a.Final() || a.OK() {
			t.Errorf("%d: %+v", status, a)
		}
	}
	if reached.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func TestProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, asked := receiver(t, func(http.ResponseWriter, *http.Request) {})
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("HTTPS_PROXY", proxy)
	o := outbound.Options{Ports: []int{outbound.AnyPort}, Timeout: time.Second, Resolver: resolver(t, answers{"private.example.": {"127.0.0.1"}})}
	if a := newClient(t, o).Post(t.Context(), call(t, "https://private.example/")); a.Err != outbound.ErrAddress || asked.Load() != 0 {
		t.Errorf("%+v, the proxy was asked %d times", a, asked.Load())
	}
}

// A name that is public when it is looked at, and private when it is called: only the latter counts.
func TestNameThatChangesItsAnswer(t *testing.T) {
	at, calls := receiver(t, func(http.ResponseWriter, *http.Request) {})
	port := at[strings.LastIndexByte(at, ':'):]
	for _, order := range [][]string{{"203.0.113.7", "127.0.0.1"}, {"127.0.0.1"}, {"10.0.0.1", "127.0.0.1", "::1"}} {
		names := answers{"rebind.example.": order}
		o := outbound.Options{Ports: []int{outbound.AnyPort}, Timeout: 2 * time.Second, Resolver: resolver(t, names)}
		c := newClient(t, o)
		if err := c.Allowed(call(t, "https://rebind.example"+port+"/").To); err != nil {
			t.Errorf("the name by itself: %v", err)
		}
		for range 4 { // each with another answer
			if a := c.Post(t.Context(), call(t, "https://rebind.example"+port+"/")); a.Err != outbound.ErrAddress {
				t.Errorf("%v: %+v", order, a)
			}
		}
	}
	if calls.Load() != 0 {
		t.Errorf("%d calls arrived", calls.Load())
	}
}

func TestAnswers(t *testing.T) {
	for _, tc := range []struct {
		status    int
		after     string
		ok, final bool
		wait      time.Duration
	}{
		{200, "", true, false, 0}, {204, "", true, false, 0}, {299, "", true, false, 0}, {400, "", false, true, 0}, {401, "", false, true, 0}, {404, "", false, true, 0},
		{408, "", false, false, 0}, {410, "", false, true, 0}, {425, "", false, false, 0}, {429, "120", false, false, 2 * time.Minute}, {500, "", false, false, 0},
		{503, "0", false, false, time.Minute}, {503, "999999999", false, false, time.Hour}, {503, "soon", false, false, 0}, {503, "-5", false, false, 0},
		{503, time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat), false, false, 10 * time.Minute},
	} {
		at, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", tc.after)
			w.WriteHeader(tc.status)
		})
		a := newClient(t, loopback()).Post(t.Context(), call(t, at))
		if a.Status != tc.status || a.OK() != tc.ok || a.Final() != tc.final || (a.RetryAfter-tc.wait).Abs() > 5*time.Second || a.Code() != fmt.Sprint("HTTP ", tc.status) {
			t.Errorf("%d, %q: %+v", tc.status, tc.after, a)
		}
	}
}

func TestEndlessAnswersAreNotRead(t *testing.T) {
	var written atomic.Int64
	ended := make(chan struct{})
	at, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for range 10_000 {
			n, err := w.Write(make([]byte, 64<<10))
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if a := newClient(t, loopback()).Post(t.Context(), call(t, at)); !a.OK() {
		t.Errorf("%+v", a)
	}
	<-ended
	if written.Load() > 64<<20 {
		t.Errorf("%d bytes were read", written.Load())
	}
	at, _ = receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 64<<10)) })
	if a := newClient(t, loopback()).Post(t.Context(), call(t, at)); a.Err != outbound.ErrConnect || a.Final() || !a.Taken {
		t.Errorf("an endless header: %+v", a)
	}
}

func TestTLSIsVerified(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	if a := newClient(t, loopback()).Post(t.Context(), call(t, s.URL)); a.Err != outbound.ErrTLS || a.Final() || a.Taken || a.Code() != "tls" {
		t.Errorf("%+v", a)
	}
	plain, calls := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if a := newClient(t, loopback()).Post(t.Context(), call(t, strings.Replace(plain, "http:", "https:", 1))); a.Err != outbound.ErrTLS || calls.Load() != 0 {
		t.Errorf("no TLS there: %+v", a)
	}
}

func TestSilenceEndsInTime(t *testing.T) {
	release := make(chan struct{})
	at, _ := receiver(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	o := loopback()
	o.Timeout = 100 * time.Millisecond
	if a := newClient(t, o).Post(t.Context(), call(t, at)); !a.Late || !a.Taken || a.Final() {
		t.Errorf("a receiver that hangs: %+v", a)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a := newClient(t, o).Post(t.Context(), call(t, "https://"+l.Addr().String()+"/")); !a.Late || a.Taken || a.Final() {
		t.Errorf("a handshake that hangs: %+v", a)
	}
}

func TestHostThatHangsIsLeftAlone(t *testing.T) {
	release := make(chan struct{})
	hanging, calls := receiver(t, func(http.ResponseWriter, *http.Request) { <-release })
	good, _ := receiver(t, func(http.ResponseWriter, *http.Request) {})
	defer close(release)
	now := time.Now()
	o := loopback()
	o.Timeout, o.Now = 20*time.Millisecond, func() time.Time { return now }
	c := newClient(t, o)
	for range 20 {
		c.Post(t.Context(), call(t, hanging))
	}
	a := c.Post(t.Context(), call(t, hanging))
	if a.Err != outbound.ErrResting || a.Final() || a.Taken || a.Code() != "resting" || calls.Load() > 8 {
		t.Errorf("%+v after %d calls", a, calls.Load())
	}
	if a := c.Post(t.Context(), call(t, good)); a.Err == outbound.ErrResting {
		t.Errorf("another host: %+v", a)
	}
	now = now.Add(time.Minute)
	if a := c.Post(t.Context(), call(t, hanging)); !a.Late || calls.Load() > 9 {
		t.Errorf("after a rest: %+v after %d calls", a, calls.Load())
	}
}

func TestConcurrencyOfAHost(t *testing.T) {
	var now, most, begun atomic.Int64
	var once sync.Once
	full := make(chan struct{}) // closed when three are there; all have begun by then
	at, calls := receiver(t, func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == 3 {
			once.Do(func() { close(full) })
		}
		<-full
		now.Add(-1)
	})
	o := loopback()
	o.Concurrency = 3
	c := newClient(t, o)
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			begun.Add(1)
			for begun.Load() < 30 {
				runtime.Gosched()
			}
			if a := c.Post(t.Context(), call(t, at)); !a.OK() {
				t.Errorf("%+v", a)
			}
		})
	}
	all.Wait()
	if most.Load() > 3 || calls.Load() != 30 {
		t.Errorf("%d at once, %d in all", most.Load(), calls.Load())
	}
}

func TestFaultsOfOptions(t *testing.T) {
	if faults := (outbound.Options{}).Check(); len(faults) > 0 {
		t.Errorf("the zero value: %v", faults)
	}
	if faults := (outbound.Options{Allow: []string{"10.0.0.1", "x"}, Ports: []int{-1, 70000}, Timeout: -1, Concurrency: -1}).Check(); len(faults) != 6 {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
	if _, err := outbound.New(outbound.Options{CAFile: "client_test.go"}); err == nil {
		t.Error("a file without certificates")
	}
}

// answers are those of a name server, one after the other.
type answers map[string][]string

// resolver asks a name server in this process.
func resolver(t *testing.T, names answers) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var asked sync.Map
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1500); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(names.reply(buf[:n], &asked), from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers a question of one name with the next of its addresses, if that is of the kind asked for.
func (n answers) reply(q []byte, asked *sync.Map) []byte {
	var name strings.Builder
	i := 12
	for q[i] != 0 {
		name.Write(q[i+1 : i+1+int(q[i])])
		name.WriteByte('.')
		i += 1 + int(q[i])
	}
	kind, end := binary.BigEndian.Uint16(q[i+1:]), i+5
	out := append([]byte{}, q[:end]...)
	binary.BigEndian.PutUint16(out[2:], 0x8180)
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint16(out[8:], 0)
	binary.BigEndian.PutUint16(out[10:], 0)
	list := n[strings.ToLower(name.String())]
	if len(list) == 0 {
		binary.BigEndian.PutUint16(out[2:], 0x8183)
		return out
	}
	counter, _ := asked.LoadOrStore(fmt.Sprint(name.String(), kind), new(atomic.Int64))
	a := netip.MustParseAddr(list[int(counter.(*atomic.Int64).Add(1)-1)%len(list)])
	data := a.AsSlice()
	if (len(data) == 4) != (kind == 1) {
		return out
	}
	binary.BigEndian.PutUint16(out[6:], 1)
	out = append(out, 0xc0, 12)
	out = binary.BigEndian.AppendUint16(out, kind)
	out = append(out, 0, 1, 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
	return append(out, data...)
}
