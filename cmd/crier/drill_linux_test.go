package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// procOf gives the state and the parent of a process, nothing if it has ended.
func procOf(pid int) (state, parent string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", ""
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name
	if fields := strings.Fields(rest); len(fields) > 1 {
		return fields[0], fields[1]
	}
	return "", ""
}

// runs says whether a process has not ended; one that waits to be collected has.
func runs(pid int) bool {
	state, _ := procOf(pid)
	return state != "" && state != "Z" && state != "X"
}

// nodes are the processes that the drill has started.
func (d *drilling) nodes(t *testing.T) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		if _, parent := procOf(pid); parent == strconv.Itoa(d.cmd.Process.Pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// However a drill ends, its nodes end with it.
func TestDrillLeavesNoNode(t *testing.T) {
	for name, s := range map[string]syscall.Signal{"interrupted": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			d := startDrill(t, "--fault", "hang", "--rate", "20")
			var nodes []int
			await(t, time.Minute, func() string {
				if nodes = d.nodes(t); len(nodes) < 3 {
					return fmt.Sprintf("%d nodes run\n%s", len(nodes), d.log.String())
				}
				return ""
			})
			if err := d.cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			if err := d.cmd.Wait(); err == nil {
				t.Error("a drill that is cut short must not end well")
			}
			eventually(t, 10*time.Second, func() string {
				for _, pid := range nodes {
					if runs(pid) {
						return fmt.Sprintf("process %d runs", pid)
					}
				}
				return ""
			})
			if s == syscall.SIGINT {
				nothingLeft(t, d.temporary)
			}
		})
	}
}
