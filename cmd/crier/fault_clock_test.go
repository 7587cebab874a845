package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// TestNothingIsLostWhenAClockIsSet sets the clock of one node forward and back by an hour under load, while it leads
// everything. It ends before that does harm, and does not begin with such a clock; what expires within the hour is delivered.
func TestNothingIsLostWhenAClockIsSet(t *testing.T) {
	t.Setenv("PATH", withClocks(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	o := newOrdeal(t, newSink(t), nil)
	o.suffer([]fault{
		{"leader-ahead", 1, clockSet(fleet.N1, time.Hour)},
		{"leader-behind", 1, clockSet(fleet.N1, -time.Hour)},
		{"witness-ahead", 1, clockSet(fleet.Witness, time.Hour)},
	})
}

// clockSet sets the clock of a node while n1 leads everything, and sets it right when that has had its effect.
func clockSet(node string, by time.Duration) func(*ordeal) {
	return func(o *ordeal) {
		o.lead(fleet.N1)
		o.urgent("before")
		n := o.Node(node)
		o.setClock(n, by)
		o.urgent("after")
		o.endsWith(n, broker.ErrClock)
		o.must(n.Start())
		o.endsWith(n, broker.ErrClock)
		o.setClock(n, 0)
		o.must(n.Start())
	}
}

// urgent publishes what must be delivered within half an hour.
func (o *ordeal) urgent(when string) {
	o.t.Helper()
	gateway := o.Client(fleet.Publisher)
	for i := range 20 {
		p := notice(fmt.Sprintf("urgent-%d-%s-%d", o.rounds, when, i))
		p.ExpiresAt = time.Now().Add(30 * time.Minute)
		r, err := gateway.Publish(o.t.Context(), fleet.Room, p)
		o.must(err)
		o.told = append(o.told, delivery{r.UMID, addressOf(p.TransactionID)})
	}
}

// setClock sets the clock of a node that runs a program of withClocks.
func (o *ordeal) setClock(n *fleet.Node, by time.Duration) {
	o.t.Helper()
	file := n.Config() + clockSuffix
	o.must(os.WriteFile(file+".new", fmt.Append(nil, int(by.Seconds()), "\n"), 0o600))
	o.must(os.Rename(file+".new", file))
}

// clockSuffix is that of a file beside a node's configuration: how many seconds its clock is ahead.
const clockSuffix = ".clock"

// withClocks builds the program with a clock that can be set, and gives its folder.
func withClocks(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	const reads = "	sec, nsec, mono := runtimeNow()\n	if mono == 0 {"
	changed := strings.Replace(string(source), reads, strings.Replace(reads, "\n", "\n	sec += ahead(mono)\n", 1), 1)
	if changed == string(source) {
		t.Fatal("time.Now is not as it was: the overlay must follow it")
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		original:                             writeIn(t, folder, "time.go.txt", changed),
		filepath.Dir(original) + "/ahead.go": writeIn(t, folder, "ahead.go.txt", aheadSource),
	}})
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-overlay", writeIn(t, folder, "overlay.json", string(overlay)), "-o", filepath.Join(folder, "crier"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

func writeIn(t *testing.T, folder, name, text string) string {
	t.Helper()
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// aheadSource looks, some times a second, into the file beside what the last argument of the process names.
const aheadSource = `package time

import "sync/atomic"

var aheadSeconds, aheadRead atomic.Int64

func ahead(mono int64) int64 {
	last := aheadRead.Load()
	if (last == 0 || mono-last > 5e7) && aheadRead.CompareAndSwap(last, mono) {
		aheadSeconds.Store(aheadIn(aheadFile()))
	}
	return aheadSeconds.Load()
}

func aheadFile() string {
	line := aheadText("/proc/self/cmdline")
	for len(line) > 0 && line[len(line)-1] == 0 {
		line = line[:len(line)-1]
	}
	for i := len(line) - 1; i >= 0; i-- {
		if line[i] == 0 {
			return line[i+1:] + ".clock"
		}
	}
	return ""
}

func aheadText(name string) string {
	fd, err := open(name)
	if err != nil {
		return ""
	}
	defer closefd(fd)
	buf := make([]byte, 4096)
	n, err := read(fd, buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

func aheadIn(name string) (n int64) {
	sign := int64(1)
	for _, c := range aheadText(name) {
		switch {
		case c == '-':
			sign = -1
		case '0' <= c && c <= '9':
			n = 10*n + int64(c-'0')
		}
	}
	return sign * n
}
`
