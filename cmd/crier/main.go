// Crier is an open messaging gateway between a government and its people: the server, and the commands that talk to it.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // so that policies may name time zones on every machine
)

// version is set at build time.
var version = "dev"

func main() { os.Exit(run()) }

// run is the program: it gives the exit status, 0 for success.
func run() int {
	useCores(os.Getenv)
	useMemory(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal has its usual effect: the process ends at once
	}()
	t := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv}
	return t.execute(ctx, os.Args[1:])
}

// waitingForDisk is how many threads may wait for the disk without keeping a core from those who could work: a thread in
// fsync holds its place for a while.
const waitingForDisk = 2

// garbage is how much may lie about before it is collected, in percent of what is in use. The runtime's 100 has a fan-out to a
// million people take 750 MB where 50 has it take 600.
const garbage = 50

// useMemory keeps less garbage than the runtime would, unless GOGC says otherwise.
func useMemory(env func(string) string) {
	if env("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
}

// useCores lets more threads run Go code than there are cores, unless GOMAXPROCS says otherwise.
func useCores(env func(string) string) {
	if env("GOMAXPROCS") == "" {
		runtime.SetDefaultGOMAXPROCS()
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + waitingForDisk)
	}
}

// terminal is where the commands read and write.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	env func(string) string
}

func (t terminal) execute(ctx context.Context, args []string) int {
	root := t.root()
	root.SetArgs(args)
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	if err := root.ExecuteContext(ctx); err != nil {
		t.complain(err)
		return 1
	}
	return 0
}
