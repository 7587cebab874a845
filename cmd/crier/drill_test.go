package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/cmd/crier/drill"
)

// drilling is a running `crier drill`.
type drilling struct {
	cmd       *exec.Cmd
	out       bytes.Buffer
	log       tail
	temporary string // where it makes its cluster
}

func startDrill(t *testing.T, args ...string) *drilling {
	t.Helper()
	d := &drilling{cmd: exec.Command(buildProgram(t, ""), append([]string{"drill"}, args...)...), temporary: t.TempDir()}
	d.cmd.Env = append(os.Environ(), "TMPDIR="+d.temporary)
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.log
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	return d
}

// The leader of everything is killed under load: nothing is lost, and the figures are those of the lists.
func TestDrillKillsTheLeader(t *testing.T) {
	evidence := t.TempDir()
	d := startDrill(t, "--fault", "kill-leader", "--rate", "50", "--publishers", "8", "--down", "3s", "--before", "3s",
		"--linger", "8s", "--set", "log.ackWait=5s", "--json", "--evidence", evidence)
	if err := d.cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, d.log.String())
	}
	var r drill.Result
	if err := json.Unmarshal(d.out.Bytes(), &r); err != nil {
		t.Fatalf("not one line of JSON: %v\n%s", err, d.out.String())
	}
	t.Logf("%+v", r)
	if r.Fault != "kill-leader" || r.Acked < 100 || r.Lost != 0 || r.Duplicated == nil || r.Redelivered == nil {
		t.Errorf("%+v", r)
	}
	if r.PublishSilence > 20_000 || r.DeliverySilence > 20_000 || r.Healed > 120_000 {
		t.Errorf("that took long: %+v", r)
	}
	recount(t, filepath.Join(evidence, "run-1-kill-leader"), r)
	if !strings.Contains(d.log.String(), "| kill-leader | 1 |") {
		t.Errorf("no report:\n%s", d.log.String())
	}
	nothingLeft(t, d.temporary)
}

// recount counts anew from the evidence.
func recount(t *testing.T, folder string, r drill.Result) {
	t.Helper()
	got := map[string]int{}
	for _, d := range readLines[drill.Delivery](t, filepath.Join(folder, "deliveries.ndjson")) {
		got[d.Tx]++
	}
	receipts := readLines[drill.Receipt](t, filepath.Join(folder, "receipts.ndjson"))
	lost, again := 0, 0
	for _, one := range receipts {
		if got[one.Tx] == 0 {
			lost++
		}
		again += max(got[one.Tx]-1, 0)
	}
	if len(receipts) != r.Acked || lost != r.Lost || again != *r.Duplicated {
		t.Errorf("by the evidence %d acknowledged, %d lost, %d duplicated; said were %+v", len(receipts), lost, again, r)
	}
}

func readLines[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func nothingLeft(t *testing.T, folder string) {
	t.Helper()
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// With --nodes a gateway of somebody else is measured, here one node without a fault.
func TestDrillOfAnotherGateway(t *testing.T) {
	h := newLocal(t)
	for _, sink := range []string{"", "127.0.0.1:0"} {
		var out, log bytes.Buffer
		args := []string{"drill", "--nodes", h.API, "--room", h.Room, "--to", "a@example.com", "--to", "+9991000001", "--fault", "hang",
			"--rate", "50", "--publishers", "4", "--before", "200ms", "--linger", "1s", "--grace", "5s", "--json"}
		if sink != "" {
			args = append(args, "--sink", sink) // where nothing comes, so everything seems to be lost
		}
		term := terminal{in: strings.NewReader("\n\n"), out: &out, err: &log, env: func(name string) string {
			return map[string]string{"CRIER_TOKEN": h.Token}[name]
		}}
		status := term.execute(t.Context(), args)
		var r drill.Result
		if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Acked == 0 {
			t.Fatalf("%v\n%s\n%s", err, out.String(), log.String())
		}
		if sink == "" && (status != 0 || r.Lost != 0 || r.Duplicated != nil || r.Redelivered != nil) {
			t.Errorf("by status: ended with %d, %+v\n%s", status, r, log.String())
		}
		if sink != "" && (status != 1 || r.Lost != 2*r.Acked || r.Duplicated == nil) {
			t.Errorf("with a sink: ended with %d, %+v\n%s", status, r, log.String())
		}
	}
}
