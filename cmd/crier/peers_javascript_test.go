package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// nodePeer is nats.js in a process of its own, which deploy/testpeers/nats-client.mjs explains.
type nodePeer struct {
	in       io.WriteCloser
	ended    chan struct{}
	answers  chan nodeLine
	heard    chan natsMessage
	followed chan natsMessage
}

// nodeLine is what it says.
type nodeLine struct {
	Error    string
	Message  natsMessage
	Messages []natsMessage
	Heard    *natsMessage
	Followed *natsMessage
}

func newNodePeer(t *testing.T, token, caFile string, urls ...string) *nodePeer {
	t.Helper()
	tokenFile := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(tokenFile, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	peerFile(t, peersFolder+"/node_modules/@nats-io")
	c := exec.Command("node", append([]string{peerFile(t, peersFolder+"/nats-client.mjs")}, urls...)...)
	c.Env = append(os.Environ(), "NATS_TOKEN_FILE="+tokenFile, "NATS_CA="+caFile)
	c.Stderr = t.Output()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &nodePeer{in: in, ended: make(chan struct{}), answers: make(chan nodeLine, 1), heard: make(chan natsMessage, 10_000), followed: make(chan natsMessage, 10_000)}
	go func() { p.listenTo(out); _ = c.Wait(); close(p.ended) }()
	t.Cleanup(func() { _ = c.Process.Kill(); <-p.ended })
	if _, err := p.answer(); err != nil {
		t.Fatal(err)
	}
	return p
}

// listenTo sorts what it says.
func (p *nodePeer) listenTo(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var l nodeLine
		if err := json.Unmarshal(lines.Bytes(), &l, json.MatchCaseInsensitiveNames(true)); err != nil {
			l.Error = err.Error()
		}
		switch {
		case l.Heard != nil:
			p.heard <- *l.Heard
		case l.Followed != nil:
			p.followed <- *l.Followed
		default:
			p.answers <- l
		}
	}
	close(p.answers)
}

func (p *nodePeer) answer() (nodeLine, error) {
	select {
	case l, ok := <-p.answers:
		switch {
		case !ok:
			return l, fmt.Errorf("node has ended")
		case strings.Contains(l.Error, "Permissions Violation"):
			return l, errRefused
		case l.Error != "":
			return l, fmt.Errorf("%s", l.Error)
		}
		return l, nil
	case <-time.After(peerPatience):
		return nodeLine{}, fmt.Errorf("node does not answer")
	}
}

func (p *nodePeer) ask(what map[string]any) (nodeLine, error) {
	if err := json.MarshalWrite(p.in, what); err != nil {
		return nodeLine{}, err
	}
	if _, err := fmt.Fprintln(p.in); err != nil {
		return nodeLine{}, err
	}
	return p.answer()
}

func (p *nodePeer) listen(subject string) error {
	_, err := p.ask(map[string]any{"do": "listen", "subject": subject})
	return err
}

func (p *nodePeer) hear() (natsMessage, error) {
	select {
	case m := <-p.heard:
		return m, nil
	case <-time.After(peerPatience):
		return natsMessage{}, fmt.Errorf("node hears nothing")
	}
}

func (p *nodePeer) request(subject, body string) (natsMessage, error) {
	l, err := p.ask(map[string]any{"do": "request", "subject": subject, "body": body})
	return l.Message, err
}

func (p *nodePeer) read(way, consumer string, n int) ([]natsMessage, error) {
	l, err := p.ask(map[string]any{"do": way, "consumer": consumer, "count": n, "wait": peerPause.Milliseconds()})
	return l.Messages, err
}

// close lets it end by itself.
func (p *nodePeer) close() {
	_ = p.in.Close()
	<-p.ended
}
