package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func here(fn func()) { fn() }

func launched(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "log")
	log, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p, err := launch(here, log, args[0], args[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.signal(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		<-p.done
	})
	return p, file
}

func TestProcessIsKilledEvenWhenItHangs(t *testing.T) {
	p, _ := launched(t, "sleep", "600")
	for _, s := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGKILL} {
		if !p.alive() {
			t.Fatal("not alive")
		}
		if err := p.signal(s); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatal("it lives on")
	}
	if p.alive() || p.signal(syscall.SIGTERM) != nil {
		t.Error("a process that has ended must seem so, and take signals as nothing")
	}
}

func TestProcessWritesItsLog(t *testing.T) {
	p, file := launched(t, "sh", "-c", "echo out; echo err >&2")
	<-p.done
	if text, err := os.ReadFile(file); err != nil || string(text) != "out\nerr\n" {
		t.Errorf("the log is %q, %v", text, err)
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	p, err := launch(here, os.Stderr, filepath.Join(t.TempDir(), "nothing"))
	if err == nil {
		t.Fatal("started")
	}
	if <-p.done; p.signal(syscall.SIGKILL) != nil {
		t.Error("what never ran must take signals as nothing")
	}
}

func TestSettingsAreNested(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.yaml")
	s := settings{"a.b.c": 1, "a.b.d": []string{"x"}, "a.e": true, "f": "y"}
	if err := s.write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(string(text)), "")
	if want := `{"a":{"b":{"c":1,"d":["x"]},"e":true},"f":"y"}`; got != want {
		t.Errorf("written as %s, want %s", got, want)
	}
}

func TestPortsAreFreeAndDifferent(t *testing.T) {
	ports, err := freePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if port >= 32768 || seen[port] || !isFree(port) {
			t.Errorf("port %d", port)
		}
		seen[port] = true
	}
}
