package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What crier dev prints works when it is pasted into a shell.
func TestWhatIsToldWorks(t *testing.T) {
	out, log := new(tail), new(tail)
	cmd := exec.Command("crier", "dev", "--api", "127.0.0.1:0", "--store", filepath.Join(t.TempDir(), "store"))
	cmd.Stdout, cmd.Stderr = out, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	logged(t, out, "dev --help\n")

	_, steps, _ := strings.Cut(out.String(), "In another terminal:")
	var script []string
	for line := range strings.Lines(steps) {
		if strings.HasPrefix(line, "  ") {
			script = append(script, line)
		}
	}
	shell := exec.Command("bash", "-eu", "-o", "pipefail", "-c", strings.Join(script, ""))
	shell.Env = append(os.Environ(), "CRIER_TOKEN=")
	answer, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, answer)
	}
	for _, want := range []string{"recipients 4: pending 0, queued 0, sent 2, delivered 2,", `"response":"Message received"`} {
		if !strings.Contains(string(answer), want) {
			t.Errorf("no %q in\n%s", want, answer)
		}
	}
	terminate(t, cmd, "stopping")
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v\n%s", err, log.String())
	}
}
