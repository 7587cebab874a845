package oidctest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// nodePatience bounds each wait for the Node.js process, which takes a second or two to start on a busy machine.
const nodePatience = 60 * time.Second

// NodeConfig configures a NodeProvider. Its zero value is a provider without clients that signs with a fresh RS256 key.
type NodeConfig struct {
	// Keys sign the tokens, the first of them; all are published.
	Keys []*Key
	// Clients may ask for tokens.
	Clients []NodeClient
	// Accounts are the claims of people by login name; they win over those of the client.
	Accounts map[string]map[string]any
}

// NodeClient is a client of a NodeProvider. With RedirectURIs it uses the code flow, without them client credentials.
type NodeClient struct {
	ID string `json:"client_id"`
	// Secret is empty for a public client.
	Secret       string   `json:"client_secret,omitempty"`
	RedirectURIs []string `json:"redirect_uris,omitempty"`
	// Claims go into the client's access tokens.
	Claims map[string]any `json:"claims,omitempty"`
}

// NodeProvider is npm's oidc-provider in a process of its own.
type NodeProvider struct {
	issuer  string
	keyFile string
	process *os.Process
	started <-chan string // issuers, one at each start
}

// nodeFile is the configuration as the provider's script reads it.
type nodeFile struct {
	KeyFile    string                    `json:"jwks"`
	SigningAlg string                    `json:"signingAlg"`
	Clients    []NodeClient              `json:"clients,omitempty"`
	Accounts   map[string]map[string]any `json:"accounts,omitempty"`
}

// StartNode runs npm's oidc-provider on a free loopback port until the test ends.
func StartNode(tb testing.TB, config NodeConfig) *NodeProvider {
	tb.Helper()
	if len(config.Keys) == 0 {
		config.Keys = []*Key{NewKey(tb, "first", "RS256")}
	}
	folder := tb.TempDir()
	p := &NodeProvider{keyFile: filepath.Join(folder, "jwks.json")}
	writeJSON(tb, p.keyFile, privateSet(config.Keys))
	configFile := filepath.Join(folder, "config.json")
	writeJSON(tb, configFile, nodeFile{p.keyFile, config.Keys[0].Algorithm, config.Clients, config.Accounts})
	p.run(tb, configFile)
	p.issuer = p.awaitStart(tb)
	return p
}

// Issuer returns the issuer URL.
func (p *NodeProvider) Issuer() string { return p.issuer }

// Rotate starts the provider anew behind the same port with other keys of the same algorithm, and waits until it serves.
func (p *NodeProvider) Rotate(tb testing.TB, keys ...*Key) {
	tb.Helper()
	writeJSON(tb, p.keyFile, privateSet(keys))
	if err := p.process.Signal(syscall.SIGHUP); err != nil {
		tb.Fatalf("oidctest: restart oidc-provider: %v", err)
	}
	p.awaitStart(tb)
}

// run starts the process. It ends when its standard input does, at the latest with this process.
func (p *NodeProvider) run(tb testing.TB, configFile string) {
	tb.Helper()
	node, script := needNode(tb)
	command := exec.Command(node, script, configFile)
	command.Stderr = tb.Output()
	stdin, err := command.StdinPipe()
	must(tb, err)
	stdout, err := command.StdoutPipe()
	must(tb, err)
	must(tb, command.Start())
	p.process, p.started = command.Process, readIssuers(stdout)
	tb.Cleanup(func() {
		stdin.Close()
		_ = command.Process.Kill() // it may have ended
		for range p.started {      // until the process has closed its output
		}
		_ = command.Wait() // killed
	})
}

// needNode returns the paths of Node.js and of the provider's script, or fails the test.
func needNode(tb testing.TB) (node, script string) {
	tb.Helper()
	node, script, err := findNode(filepath.Join(repositoryRoot(tb), "deploy", "testpeers"))
	must(tb, err)
	return node, script
}

// findNode looks for what the provider needs; the error names the command that installs it.
func findNode(folder string) (node, script string, err error) {
	if node, err = exec.LookPath("node"); err != nil {
		return "", "", fmt.Errorf("program node is missing; install Node.js, then run `make deps`: %w", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "oidc-provider")); err != nil {
		return "", "", fmt.Errorf("npm's oidc-provider is missing; run `make deps`: %w", err)
	}
	return node, filepath.Join(folder, "oidc-provider.mjs"), nil
}

func repositoryRoot(tb testing.TB) string {
	tb.Helper()
	folder, err := os.Getwd()
	must(tb, err)
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
	}
	tb.Fatal("oidctest: not inside a Go module")
	return ""
}

// readIssuers passes on the issuer of each line that the provider prints when it serves.
func readIssuers(stdout io.Reader) <-chan string {
	issuers := make(chan string, 1)
	go func() {
		defer close(issuers)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var line struct{ Issuer string }
			if json.Unmarshal(lines.Bytes(), &line) == nil {
				issuers <- line.Issuer
			}
		}
	}()
	return issuers
}

func (p *NodeProvider) awaitStart(tb testing.TB) string {
	tb.Helper()
	select {
	case issuer, ok := <-p.started:
		if !ok {
			tb.Fatal("oidctest: oidc-provider ended, see its output above; are the packages of `make deps` there?")
		}
		return issuer
	case <-time.After(nodePatience):
		tb.Fatalf("oidctest: oidc-provider did not serve within %v", nodePatience)
	}
	return ""
}

func writeJSON(tb testing.TB, file string, document any) {
	tb.Helper()
	text, err := json.Marshal(document)
	must(tb, err)
	must(tb, os.WriteFile(file, text, 0o600))
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatalf("oidctest: %v", err)
	}
}
