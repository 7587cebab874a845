package emailtest_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/email/emailtest"
)

const childEnv = "CRIER_EMAILTEST_CHILD"

// A Postfix is gone when the process that started it is, even if no cleanup could run.
func TestPostfixDiesWithItsTest(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		startAndStay(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestPostfixDiesWithItsTest$", "-test.v")
	child.Env = append(os.Environ(), childEnv+"=1", "TMPDIR="+openTemp(t))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		_, address, _ = strings.Cut(lines.Text(), "Postfix on ")
	}
	if _, err := net.Dial("tcp", address); err != nil {
		t.Fatalf("Postfix does not listen on %q: %v", address, err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(20 * time.Millisecond) {
		if _, err := net.DialTimeout("tcp", address, time.Second); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("Postfix still listens on %s", address)
		}
	}
}

func startAndStay(t *testing.T) {
	sink := emailtest.StartSink(t, emailtest.SinkOptions{})
	p := emailtest.StartPostfix(t, emailtest.PostfixOptions{Relay: sink.Address()})
	t.Logf("Postfix on %s", net.JoinHostPort(p.Host, strconv.Itoa(p.Port)))
	select {} // until it is killed
}

// openTemp is a temporary folder through which the user postfix may pass.
func openTemp(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "crier-emailtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}
