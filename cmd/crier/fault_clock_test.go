//go:build linux && amd64

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// TestNothingIsLostWhenAClockIsSet sets the clock of one node forward and back by an hour under load, while it leads
// everything. It ends before that does harm, and does not begin with such a clock; what expires within the hour is delivered.
func TestNothingIsLostWhenAClockIsSet(t *testing.T) {
	t.Parallel() // most of it is waiting
	o := newOrdealOf(t, withClocks(t), newSink(t), nil)
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

// withClocks builds the program with a clock that can be set.
func withClocks(t *testing.T) string {
	t.Helper()
	folder, here := t.TempDir(), workingFolder(t)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(here, "clock_ahead.go"):      writeIn(t, folder, "go.txt", clockGo),
		filepath.Join(here, "clock_ahead_amd64.s"): writeIn(t, folder, "s.txt", clockAssembly),
	}})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(folder, "crier")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-overlay", writeIn(t, folder, "overlay.json", string(overlay)),
		"-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func workingFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
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

// clockGo looks, many times a second, into the file beside the one that the last argument names.
const clockGo = `package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

var aheadSeconds int64

func installClock()

func init() {
	file := os.Args[len(os.Args)-1] + ".clock"
	look := func() {
		text, _ := os.ReadFile(file)
		seconds, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		atomic.StoreInt64(&aheadSeconds, seconds)
	}
	look()
	installClock()
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			look()
		}
	}()
}
`

// clockAssembly takes the place of the function of the kernel's by which the runtime reads clocks. That has the calling
// convention of C: the clock is in DI, SI points to the answer. Clock 0 is that of the machine, which can be set.
const clockAssembly = `#include "textflag.h"

TEXT ·installClock(SB),NOSPLIT,$0-0
	LEAQ readClock<>(SB), AX
	MOVQ AX, runtime·vdsoClockgettimeSym(SB)
	RET

TEXT readClock<>(SB),NOSPLIT|NOFRAME,$0-0
	MOVL $228, AX
	SYSCALL
	CMPL DI, $0
	JNE  done
	MOVQ ·aheadSeconds(SB), DX
	ADDQ DX, 0(SI)
done:
	RET
`
