package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/config"
)

const unitFile = root + "/deploy/systemd/crier.service"

// unit is what a systemd unit sets, by key; one that may stand several times has its values in order.
type unit map[string][]string

func readUnit(t *testing.T) unit {
	t.Helper()
	data, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	u := unit{}
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			u[key] = append(u[key], value)
		}
	}
	return u
}

func (u unit) one(t *testing.T, key string) string {
	t.Helper()
	if len(u[key]) != 1 {
		t.Fatalf("%s stands %d times in the unit, want once", key, len(u[key]))
	}
	return u[key][0]
}

// A stop that systemd cuts short is a kill: it has to wait for as long as the defaults let things take, and for one part
// that takes all its patience besides.
func TestUnitWaitsForAStop(t *testing.T) {
	given := strings.ReplaceAll(readUnit(t).one(t, "TimeoutStopSec"), "min", "m")
	stop, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal(err)
	}
	c := config.New().Complete()
	least := c.API.DrainTimeout + c.API.CancelTimeout + c.Bridge.DrainTimeout + patience
	if stop < least || stop > least+patience {
		t.Errorf("TimeoutStopSec is %s, and a stop may take %s", stop, least)
	}
}

// The unit, the command's defaults and the example of a configuration speak of the same files.
func TestUnitFitsTheConfiguration(t *testing.T) {
	u := readUnit(t)
	const program = "/usr/local/bin/crier "
	args, ok := strings.CutPrefix(u.one(t, "ExecStart"), program)
	if !ok {
		t.Fatalf("ExecStart does not begin with %s", program)
	}
	serve, rest, err := terminal{}.root().Find(strings.Fields(args))
	if err != nil || serve.Name() != "serve" {
		t.Fatalf("ExecStart runs %v, %v", serve, err)
	}
	file := serve.Flags().Lookup("config").DefValue
	if err := serve.ParseFlags(rest); err != nil || serve.Flags().Lookup("config").Value.String() != file {
		t.Errorf("ExecStart reads another configuration than %s: %v", file, err)
	}
	var example struct{ Broker struct{ Store string } }
	readYAML(t, root+"/deploy/crier.example.yaml", &example)
	if kept := "/var/lib/" + u.one(t, "StateDirectory"); example.Broker.Store != kept {
		t.Errorf("the unit may write to %s, the example to %s", kept, example.Broker.Store)
	}
}

// systemd itself reads the unit, and says how much the service could still do to the machine: 0 nothing, 10 everything.
func TestUnitIsGood(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("systemd-analyze is missing; make deps installs it on Debian")
		}
		return // a system without systemd
	}
	data, err := os.ReadFile(unitFile)
	if err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("crier")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "crier.service")
	if err := os.WriteFile(copied, bytes.ReplaceAll(data, []byte("/usr/local/bin/crier"), []byte(program)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"verify", copied}, {"security", "--offline=true", "--threshold=20", copied}} {
		out, err := exec.Command(analyze, args...).CombinedOutput()
		if err != nil || args[0] == "verify" && len(out) > 0 {
			t.Errorf("systemd-analyze %s: %v\n%s", args[0], err, out)
		}
	}
}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// exampleNodes are the nodes of the example of a cluster.
var exampleNodes = []string{"n1", "n2", "witness"}

// The examples have no fault, and agree in what must be alike on all nodes.
func TestClusterExamplesAgree(t *testing.T) {
	var first config.Config
	listening := map[string]bool{}
	for _, node := range exampleNodes {
		c, err := config.Load(root+"/deploy/cluster/"+node+".yaml", func(string) string { return "" })
		if err != nil {
			t.Fatalf("%s: %v", node, err)
		}
		b := c.Broker
		if b.Node != node || b.Topology != "cluster" || (b.Role == "witness") != (node == "witness") {
			t.Errorf("%s is called %s, a %s of topology %s", node, b.Node, b.Role, b.Topology)
		}
		if listening[b.Cluster.Listen] || !slices.Contains(b.Cluster.Routes, b.Cluster.Listen) {
			t.Errorf("%s listens on %s, which is taken or in no route", node, b.Cluster.Listen)
		}
		listening[b.Cluster.Listen] = true
		if node == exampleNodes[0] {
			first = c
		}
		if b.Cluster.Name != first.Broker.Cluster.Name || b.Raft != first.Broker.Raft || !slices.Equal(b.Cluster.Routes, first.Broker.Cluster.Routes) {
			t.Errorf("%s and %s differ in what must be alike", exampleNodes[0], node)
		}
		if len(b.Cluster.Routes) != len(exampleNodes) {
			t.Errorf("%s knows %d nodes", node, len(b.Cluster.Routes))
		}
	}
}

// The page for operators names the files, commands and metrics that there are.
func TestDeployPage(t *testing.T) {
	page, err := os.ReadFile(root + "/deploy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllSubmatch(page, -1) {
		if _, err := os.Stat(filepath.Join(root, "deploy", string(m[1]))); err != nil {
			t.Errorf("a link leads nowhere: %v", err)
		}
	}
	commands := regexp.MustCompile("(?m)(?:^ *[$#] |`)crier ((?:[a-z]+ ?)+)").FindAllSubmatch(page, -1)
	for _, m := range commands {
		c, _, err := (terminal{}).root().Find(strings.Fields(string(m[1])))
		if err != nil || !c.Runnable() && c.Name() != "keys" {
			t.Errorf("there is no command %q: %v", m[1], err)
		}
	}
	source := sources(t)
	for _, name := range regexp.MustCompile("`(crier_[a-z_]+)`").FindAllSubmatch(page, -1) {
		if !bytes.Contains(source, name[1]) {
			t.Errorf("nothing counts %s", name[1])
		}
	}
	if len(commands) < 5 {
		t.Errorf("only %d commands found on the page", len(commands))
	}
}

// sources is all that is written in Go, but tests.
func sources(t *testing.T) []byte {
	t.Helper()
	var all []byte
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && skipped(d.Name()):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		all = append(all, text...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
