package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
)

// natsCommand is the nats command, which `make deps` builds.
const natsCommand = root + "/bin/tools/nats"

// commandPeer is the nats command, run once for each step.
type commandPeer struct {
	t       *testing.T
	admin   *client.Client // sees who has subscribed
	program string
	env     []string
	heard   chan natsMessage
	stops   []func()
}

func newCommandPeer(t *testing.T, admin *client.Client, url, token string) *commandPeer {
	t.Helper()
	return &commandPeer{
		t: t, admin: admin, program: peerFile(t, natsCommand), heard: make(chan natsMessage, 10_000),
		env: append(os.Environ(), "NATS_URL="+url, "NATS_TOKEN="+token, "XDG_CONFIG_HOME="+t.TempDir()),
	}
}

func (p *commandPeer) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(p.t.Context(), p.program, args...)
	c.Env = p.env
	return c
}

// listen leaves `nats sub` behind. It does not say when the server has heard of it, so the server is asked.
func (p *commandPeer) listen(subject string) error {
	before, err := p.subscribed()
	if err != nil {
		return err
	}
	c := p.command("sub", subject, "--dump=-")
	var errs tail
	c.Stderr = &errs
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { defer close(ended); p.listenTo(out); _ = c.Wait() }()
	stop := func() { _ = c.Process.Kill(); <-ended }
	p.stops = append(p.stops, stop)
	p.t.Cleanup(stop)
	for deadline := time.Now().Add(peerPatience); time.Now().Before(deadline); {
		if now, err := p.subscribed(); err != nil || now > before {
			return err
		}
		select {
		case <-ended:
			return refusal(errs.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("nats sub has not subscribed: %s", errs.String())
}

// subscribed is how many connections have subscribed to something.
func (p *commandPeer) subscribed() (n int, err error) {
	all, err := p.admin.Connections(p.t.Context())
	for _, c := range all {
		if c.Subscriptions > 0 {
			n++
		}
	}
	return n, err
}

func refusal(said string) error {
	if strings.Contains(said, "Permissions Violation") {
		return errRefused
	}
	return errors.New(said)
}

// listenTo reads messages, each ended by a zero byte.
func (p *commandPeer) listenTo(out io.Reader) {
	for r := bufio.NewReader(out); ; {
		text, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m natsMessage
		if err := json.Unmarshal(bytes.TrimSuffix(text, []byte{0}), &m); err == nil {
			p.heard <- m
		}
	}
}

func (p *commandPeer) hear() (natsMessage, error) {
	select {
	case m := <-p.heard:
		return m, nil
	case <-time.After(peerPatience):
		return natsMessage{}, errors.New("nats sub hears nothing")
	}
}

// request reads the headers of the answer from what is told beside it. Who may not ask gets no answer, and is not told why.
func (p *commandPeer) request(subject, body string) (natsMessage, error) {
	c := p.command("request", subject, body, "--no-templates", "--timeout=3s")
	var told bytes.Buffer
	c.Stderr = &told
	out, err := c.Output()
	if err != nil {
		return natsMessage{}, refusal(told.String())
	}
	if !strings.Contains(told.String(), "Received with rtt") {
		return natsMessage{}, errRefused
	}
	return natsMessage{Subject: subject, Header: headersIn(told.String()), Data: bytes.TrimSpace(out)}, nil
}

// headersIn finds the lines that are headers, after the time of day that some begin with.
func headersIn(text string) map[string][]string {
	found := map[string][]string{}
	for _, h := range regexp.MustCompile(`(?m)^(?:\d\d:\d\d:\d\d| ) *([A-Za-z-]+): (.*)$`).FindAllStringSubmatch(text, -1) {
		found[h[1]] = append(found[h[1]], h[2])
	}
	return found
}

// read knows one way only.
func (p *commandPeer) read(_, consumer string, n int) ([]natsMessage, error) {
	c := p.command("consumer", "next", "ROOMS", consumer, "--js-api-prefix=JS.crier.API", "--count="+strconv.Itoa(n), "--timeout="+peerPause.String())
	var told bytes.Buffer
	c.Stderr = &told
	out, err := c.Output() // fails also when there is nothing more
	all := handedOut(string(out))
	switch {
	case strings.Contains(told.String(), "could not load consumer"):
		return nil, errRefused
	case err == nil && len(all) < n:
		return nil, fmt.Errorf("nats consumer next shows something else:\n%s%s", out, told.String())
	}
	return all, nil
}

// handedOut reads what `nats consumer next` shows.
func handedOut(text string) (all []natsMessage) {
	e := regexp.MustCompile(`(?sm)^\[[\d:]{8}\] subj: (\S+) / .*?str seq: (\d+) / pending: \S+\n\nHeaders:\n\n(.*?)\n\nData:\n\n\n(.*?)\n\nAcknowledged message$`)
	for _, m := range e.FindAllStringSubmatch(text, -1) {
		sequence, _ := strconv.ParseUint(m[2], 10, 64) // digits
		all = append(all, natsMessage{Subject: m[1], Sequence: sequence, Header: headersIn(m[3]), Data: []byte(m[4])})
	}
	return all
}

// close ends what listens.
func (p *commandPeer) close() {
	for _, stop := range p.stops {
		stop()
	}
}
