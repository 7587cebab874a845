package index

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv holds the path of the index that this program folds until it is killed.
const childEnv = "CRIER_INDEX_TEST_PATH"

const killedMessages = 800

// foldUntilKilled folds small batches of one story again and again, and tells after each where
// the index stands.
func foldUntilKilled(path string) {
	x, err := Open(Options{Path: path, BatchSize: 50, Now: clock})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go func() { _ = x.Run(context.Background(), killedLog()) }()
	for events := uint64(0); ; {
		if err := x.WaitFor(context.Background(), 0, events+1); err != nil {
			os.Exit(1)
		}
		_, events = x.Position()
		fmt.Fprintln(os.Stdout, "folded")
	}
}

func killedLog() *fakeLog {
	l := newFakeLog()
	headers, events := story(killedMessages, 5)
	l.add(headers, events)
	return l
}

// kill runs the child until it has folded so many batches, and kills it without notice. With
// a point it is left to die there.
func kill(t *testing.T, path string, batches int, point string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"="+path, "CRIER_CRASH="+point)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for point != "" || batches > 0 {
		if !lines.Scan() {
			break
		}
		batches--
	}
	if point == "" {
		_ = child.Process.Kill()
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child ended with %v, not by being killed", err)
	}
}

func TestKilledIndexGoesOn(t *testing.T) {
	o := testOptions(t)
	for _, batches := range []int{1, 7, 20} {
		kill(t, o.Path, batches, "")
	}
	checkGoesOn(t, o)
}

// checkGoesOn holds that what a killed process left is whole, and leads to the same answers.
func checkGoesOn(t *testing.T, o Options) {
	t.Helper()
	l := killedLog()
	x := open(t, o)
	if _, events := x.Position(); events == 0 {
		t.Fatal("the index began anew, or never began")
	}
	run(t, x, l)
	await(t, x, l)
	fresh := open(t, testOptions(t))
	run(t, fresh, l)
	await(t, fresh, l)
	same(t, answers(t, fresh, killedMessages), answers(t, x, killedMessages))
}
