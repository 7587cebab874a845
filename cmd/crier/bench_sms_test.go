package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu/smpptest"
)

const (
	smsText   = "Vaccination for your child is due on Tuesday at nine, in room 4 of the clinic. Please bring the yellow card." // one segment
	smsWindow = 50
	smsLimit  = 3 * time.Minute
	smsRounds = 3
)

// BenchmarkSMS measures texts from the first request until the receipt of the last one is folded: with one recipient in each
// request, and with many. Beside it Kannel does the same over the same SMS centre, with its spool store, until it has told the
// receipts to an HTTP server; and, for what is possible, without store and receipts, until the centre has them. Whatever else the
// machine does weighs on one or the other, so each is measured several times, by turns, and what counts is the median.
func BenchmarkSMS(b *testing.B) {
	const count, many = 5_000, 500
	for _, each := range []int{1, many} {
		var crier, kannel, bare rounds
		for range smsRounds {
			kannel.add(benchKannel(b, smpptest.Options{}, count, each))
			crier.add(benchSMS(b, centre(b, smpptest.Options{}), count, each))
			bare.add(benchKannel(b, smpptest.Options{Quiet: true}, count, each))
		}
		ratio := crier.over(kannel)
		fmt.Printf("\nSMS, %d with receipts, %d in each request: crier %s/s, Kannel %s/s, %.2f × Kannel (%s); Kannel without store and receipts %s/s\n",
			count, each, crier, kannel, ratio.median(), ratio, bare)
		b.ReportMetric(ratio.median(), fmt.Sprintf("of-Kannel/%d", each))
	}
	b.ReportMetric(0, "ns/op")
}

func centre(b *testing.B, o smpptest.Options) *smpptest.Centre {
	b.Helper()
	o.Password, o.Forget = "secret", true
	return smpptest.Start(b, o)
}

// benchSMS gives how many texts a second crier takes to the centre and back.
func benchSMS(b *testing.B, c *smpptest.Centre, count, each int) (perSecond float64) {
	b.Helper()
	m := startBenchWith(b, true, "providers.sms.kind=smpp", "providers.sms.host=127.0.0.1", fmt.Sprintf("providers.sms.port=%d", c.Port()),
		"providers.sms.systemId=crier", "providers.sms.passwordFile="+benchPassword(b), fmt.Sprintf("providers.sms.window=%d", smsWindow))
	events := func() uint64 {
		_, events, err := m.store.log.Ends(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		return events
	}
	began := time.Now()
	clients(b, min(64, count/each), count/each, smsLimit, func() func(int) error { return m.texter(b, each) })
	// Each request leaves behind that it is accepted, and that its jobs are queued; each text that it is sent, and delivered.
	want := uint64(2*count/each + 2*count)
	eventually(b, smsLimit, func() string {
		if n := events(); n < want {
			return fmt.Sprintf("%d events of %d, %d receipts", n, want, c.Told())
		}
		return ""
	})
	m.folded(b)
	perSecond = float64(count) / time.Since(began).Seconds()
	_ = m.crew.stop()
	return perSecond
}

// texter gives a client of the API that publishes to so many people with each call.
func (m *bench) texter(b *testing.B, each int) func(call int) error {
	w := m.wire(b, 0)
	return func(call int) error {
		var to []string
		for n := range each {
			to = append(to, fmt.Sprintf(`{"phone":"+9998%08d"}`, call*each+n))
		}
		return w.post(fmt.Sprintf(`{"transactionId":"t-%d","type":"reminder","content":{"text":"%s"},"recipients":[%s]}`, call, smsText, strings.Join(to, ",")))
	}
}

func benchPassword(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "password")
	if err := os.WriteFile(file, []byte("secret"), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// benchKannel gives how many texts a second Kannel takes to the centre and back; only there, and from memory, if the centre is
// quiet.
func benchKannel(b *testing.B, o smpptest.Options, count, each int) (perSecond float64) {
	b.Helper()
	c := centre(b, o)
	var told atomic.Int64
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Add(1) }))
	defer sink.Close()
	sms, stop := startKannel(b, c.Port(), !o.Quiet)
	defer stop()
	eventually(b, time.Minute, func() string {
		if len(c.Bound()) == 0 {
			return "Kannel is not bound"
		}
		return ""
	})
	began := time.Now()
	clients(b, min(64, count/each), count/each, smsLimit, func() func(int) error {
		w := dialWire(b, sms, "", "")
		return func(call int) error {
			var to []string
			for n := range each {
				to = append(to, fmt.Sprintf("9998%08d", call*each+n))
			}
			q := url.Values{"username": {"bench"}, "password": {"bench"}, "from": {"1212"}, "to": {strings.Join(to, " ")}, "text": {smsText}}
			if !o.Quiet {
				q.Set("dlr-mask", "3")
				q.Set("dlr-url", sink.URL+"/?%d")
			}
			return w.exchange("GET /cgi-bin/sendsms?" + q.Encode() + " HTTP/1.1\r\nHost: " + sms + "\r\n\r\n")
		}
	})
	eventually(b, smsLimit, func() string {
		if n := told.Load(); !o.Quiet && n < int64(count) || c.Taken() < uint64(count) {
			return fmt.Sprintf("%d receipts told of %d, the centre has %d", n, count, c.Taken())
		}
		return ""
	})
	return float64(count) / time.Since(began).Seconds()
}

// startKannel starts both boxes, and gives where texts are posted.
func startKannel(b *testing.B, centre int, stored bool) (address string, stop func()) {
	b.Helper()
	dir := b.TempDir()
	ports := freePorts(b, 3)
	spool := ""
	if stored {
		spool = "store-type = spool\nstore-location = " + dir + "/spool\n"
	}
	conf := fmt.Sprintf(`group = core
admin-port = %d
admin-password = bench
smsbox-port = %d
log-level = 4
%s
group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = %d
transceiver-mode = true
smsc-username = kannel
smsc-password = secret
system-type = ""
max-pending-submits = %d

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = %d
log-level = 4

group = sendsms-user
username = bench
password = bench
`, ports[0], ports[1], spool, centre, smsWindow, ports[2])
	file := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "spool"), 0o700); err != nil {
		b.Fatal(err)
	}
	var ends []func()
	for i, box := range []string{"bearerbox", "smsbox"} {
		ends = append(ends, startBox(b, box, file))
		wait := fmt.Sprintf("127.0.0.1:%d", ports[1+i])
		eventually(b, time.Minute, func() string {
			conn, err := net.Dial("tcp", wait)
			if err != nil {
				return box + ": " + err.Error()
			}
			_ = conn.Close()
			return ""
		})
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[2]), func() {
		for _, end := range ends {
			end()
		}
	}
}

func startBox(b *testing.B, box, file string) (end func()) {
	b.Helper()
	program, err := exec.LookPath(box)
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/" + box); err != nil {
			b.Fatalf("%v: make bench installs it", err)
		}
	}
	c := exec.Command(program, file)
	c.Stdout, c.Stderr = b.Output(), b.Output()
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	end = sync.OnceFunc(func() { _ = c.Process.Kill(); _ = c.Wait() })
	b.Cleanup(end)
	return end
}

// freePorts gives some that were free a moment ago.
func freePorts(b *testing.B, n int) (ports []int) {
	b.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}
