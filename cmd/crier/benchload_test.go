package main

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchText is 300 bytes of text, as every figure is stated for.
var benchText = strings.Repeat("Please come on Tuesday at nine. ", 10)[:300]

// measured is what a number of clients saw.
type measured struct {
	clients   int
	perSecond float64
	p50, p99  time.Duration
	count     int
}

func (m measured) String() string {
	return fmt.Sprintf("%8.0f/s   p50 %7.2f ms   p99 %7.2f ms", m.perSecond, ms(m.p50), ms(m.p99))
}

// rounds are what several rounds of the same have given.
type rounds []float64

func (r *rounds) add(x float64) { *r = append(*r, x) }

func (r rounds) median() float64 {
	sorted := slices.Sorted(slices.Values(r))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// over is how many times as much each round has given as the same round of another.
func (r rounds) over(other rounds) (ratios rounds) {
	for i := range r {
		ratios.add(r[i] / other[i])
	}
	return ratios
}

func (r rounds) String() string {
	var all []string
	for _, x := range r {
		if x < 100 {
			all = append(all, fmt.Sprintf("%.2f", x))
		} else {
			all = append(all, fmt.Sprintf("%.0f", x))
		}
	}
	return strings.Join(all, " ")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// clients runs a call from many clients at once until count calls were made or the time is over,
// and measures each. newClient gives every client its own call.
func clients(b *testing.B, n, count int, limit time.Duration, newClient func() func(call int) error) measured {
	b.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	var group sync.WaitGroup
	began := time.Now()
	for range n {
		call := newClient()
		group.Go(func() {
			var mine []time.Duration
			for i := int(next.Add(1)); i <= count && time.Since(began) < limit; i = int(next.Add(1)) {
				t := time.Now()
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(t))
			}
			mu.Lock()
			all = append(all, mine...)
			mu.Unlock()
		})
	}
	group.Wait()
	took := time.Since(began)
	if len(all) == 0 {
		b.Fatal("no call was made")
	}
	slices.Sort(all)
	return measured{n, float64(len(all)) / took.Seconds(), all[len(all)/2], all[len(all)*99/100], len(all)}
}

// wire is a kept-alive HTTP/1.1 connection that costs the machine little, so that what is
// measured is the server.
type wire struct {
	conn net.Conn
	r    *bufio.Reader
	head string
}

func dialWire(b *testing.B, address, path, token string) *wire {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: ", path, address, token)
	return &wire{conn, bufio.NewReader(conn), head}
}

// post sends a body and reads the whole answer. Only 202 is no error.
func (w *wire) post(body string) error {
	return w.exchange(w.head + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// exchange sends a request and reads the whole answer. Only 202 is no error.
func (w *wire) exchange(request string) error {
	if _, err := w.conn.Write([]byte(request)); err != nil {
		return err
	}
	status, err := w.r.ReadString('\n')
	if err != nil {
		return err
	}
	length := 0
	for {
		line, err := w.r.ReadString('\n')
		if err != nil {
			return err
		}
		if line == "\r\n" {
			break
		}
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	answer := make([]byte, length)
	for read := 0; read < length; {
		n, err := w.r.Read(answer[read:])
		if err != nil {
			return err
		}
		read += n
	}
	if !strings.HasPrefix(status, "HTTP/1.1 202") {
		return fmt.Errorf("%s%s", status, answer)
	}
	return nil
}
