//go:build crashpoints

package crash

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// passed counts the passages through the point that CRIER_CRASH names.
var passed atomic.Int64 //nolint:gochecknoglobals // one process has one death

// Point kills the process if CRIER_CRASH asks for it here.
func Point(name string) {
	want, count, _ := strings.Cut(os.Getenv("CRIER_CRASH"), ":")
	if want != name {
		return
	}
	n, _ := strconv.ParseInt(count, 10, 64)
	if passed.Add(1) >= max(n, 1) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}
