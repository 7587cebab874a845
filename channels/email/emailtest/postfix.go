package emailtest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PostfixOptions say how a Postfix treats mail.
type PostfixOptions struct {
	Relay       string            // host:port to which everything accepted goes
	Refuse      map[string]string // replies by recipient, such as "451 4.7.1 try again in 300 seconds"
	Certificate *Certificate      // STARTTLS is offered if set
	Transports  map[string]string // where mail for a domain goes instead, such as "lmtp:inet:127.0.0.1:2400"
	Hold        bool              // what is accepted stays in the queue until Release
}

// Postfix is one that runs for a test alone.
type Postfix struct {
	Host string
	Port int

	folder string
	name   string // by which its greeting is told from that of another server
}

const (
	startTime  = 30 * time.Second // within which Postfix must answer
	portsTried = 5                // a free port may be taken before Postfix has it
)

// StartPostfix starts a Postfix that ends with the test.
func StartPostfix(tb testing.TB, o PostfixOptions) *Postfix {
	tb.Helper()
	program := findPostfix(tb)
	var failed []string
	for range portsTried {
		p := newPostfix(tb, o)
		err := p.start(tb, program)
		if err == nil {
			return p
		}
		failed = append(failed, err.Error())
	}
	tb.Fatalf("Postfix does not start:\n%s", strings.Join(failed, "\n"))
	return nil
}

// Log is what it has written to its log.
func (p *Postfix) Log() string {
	text, err := os.ReadFile(p.path("log", "mail.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Release has it relay what it holds.
func (p *Postfix) Release(tb testing.TB) {
	tb.Helper()
	name := p.path("conf", "main.cf")
	text, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, []byte(strings.Replace(string(text), holding, "", 1)), 0o644)
	}
	if err != nil {
		tb.Fatal(err)
	}
	for _, command := range [][]string{{findPostfix(tb), "-c", p.path("conf"), "reload"}, {filepath.Join(filepath.Dir(findPostfix(tb)), "postqueue"), "-c", p.path("conf"), "-f"}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			tb.Fatalf("%v: %v: %s", command, err, out)
		}
	}
}

// findPostfix looks where Debian puts it too, which is on root's path only.
func findPostfix(tb testing.TB) string {
	tb.Helper()
	program, err := exec.LookPath("postfix")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/postfix")
	}
	if err != nil {
		tb.Fatal("this test sends through a real Postfix, and there is none here: run `make deps`, or install the package postfix")
	}
	if os.Getuid() != 0 {
		tb.Fatal("this test starts a real Postfix of its own, which only root may: run it as root, in a container for instance")
	}
	return program
}

func newPostfix(tb testing.TB, o PostfixOptions) *Postfix {
	tb.Helper()
	// Not tb.TempDir, which is closed to the user postfix.
	folder, err := os.MkdirTemp("", "crier-postfix-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(folder) })
	p := &Postfix{Host: "127.0.0.1", Port: freePort(tb), folder: folder, name: filepath.Base(folder) + ".test"}
	p.write(tb, o)
	return p
}

// start returns when Postfix has greeted. A shell beside it stops it as soon as its standard
// input ends: at the end of the test, or when the test's process is gone.
func (p *Postfix) start(tb testing.TB, program string) error {
	tb.Helper()
	conf := p.path("conf")
	watchdog := exec.Command("sh", "-c", `cat >/dev/null; exec "$0" -c "$1" stop`, program, conf)
	input, err := watchdog.StdinPipe()
	if err != nil {
		return err
	}
	if err := watchdog.Start(); err != nil {
		return err
	}
	stop := func() { input.Close(); _ = watchdog.Wait() }
	if out, err := exec.Command(program, "-c", conf, "start").CombinedOutput(); err != nil {
		stop()
		return fmt.Errorf("%w: %s%s", err, out, p.Log())
	}
	if err := p.greets(); err != nil {
		stop()
		return fmt.Errorf("%w: %s", err, p.Log())
	}
	tb.Cleanup(stop)
	return nil
}

// greets waits until this Postfix, and no other, answers on the port.
func (p *Postfix) greets() error {
	deadline := time.Now().Add(startTime)
	for {
		err := p.greeting(deadline)
		if err == nil || time.Now().After(deadline) || strings.Contains(p.Log(), "fatal:") {
			return err
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (p *Postfix) greeting(deadline time.Time) error {
	conn, err := net.Dial("tcp", net.JoinHostPort(p.Host, strconv.Itoa(p.Port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(deadline); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, "220 "+p.name) {
		return fmt.Errorf("another server answers on port %d", p.Port)
	}
	return nil
}

func (p *Postfix) path(parts ...string) string {
	return filepath.Join(append([]string{p.folder}, parts...)...)
}

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
