package smpp_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/channelstest"
	"github.com/govcrier/crier/channels/smpp"
	"github.com/govcrier/crier/rooms"
)

const peers = "../../deploy/testpeers"

// npmCentre is the SMS centre of deploy/testpeers/smsc.mjs, which another codec than ours speaks for.
type npmCentre struct {
	port int
	in   io.Writer
	out  *bufio.Scanner
}

func startNPM(t *testing.T) *npmCentre {
	t.Helper()
	if _, err := os.Stat(peers + "/node_modules/smpp"); err != nil {
		t.Fatalf("make deps: %v", err)
	}
	c := exec.CommandContext(t.Context(), "node", peers+"/smsc.mjs")
	c.Stderr = t.Output()
	in, errIn := c.StdinPipe()
	out, errOut := c.StdoutPipe()
	if errIn != nil || errOut != nil {
		t.Fatal(errIn, errOut)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	centre := &npmCentre{in: in, out: bufio.NewScanner(out)}
	centre.port = centre.says(t)["port"]
	return centre
}

func (c *npmCentre) says(t *testing.T) (what map[string]int) {
	t.Helper()
	if !c.out.Scan() {
		t.Fatal("the centre says nothing")
	}
	if err := json.Unmarshal(c.out.Bytes(), &what); err != nil {
		t.Fatal(err)
	}
	return what
}

func npmProvider(t *testing.T, c *npmCentre, bind string) *smpp.Provider {
	t.Helper()
	p, err := smpp.New("sms", smpp.Options{
		Host: "127.0.0.1", Port: c.port, SystemID: "crier", From: "GovCrier", Bind: bind, EnquireLink: 200 * time.Millisecond,
	}, logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func TestProviderOverNPM(t *testing.T) {
	c := startNPM(t)
	channelstest.Run(t, features(t), func(t *testing.T) channels.Provider { return npmProvider(t, c, smpp.BindSeparate) })
}

func TestPeopleWriteOverNPM(t *testing.T) {
	c := startNPM(t)
	p := npmProvider(t, c, smpp.BindTransceiver)
	turns(t, p, channels.Sent)
	var h heard[rooms.Inbound]
	go func() { _ = p.Inbound(t.Context(), h.take) }()
	for i, text := range []string{"STOP now", "Рахмат"} {
		if _, err := fmt.Fprintf(c.in, `{"from":"996555000100","to":"1212","text":%q}`+"\n", text); err != nil {
			t.Fatal(err)
		}
		if got := c.says(t); got["status"] != 0 {
			t.Errorf("answer %v", got)
		}
		if got := h.wait(t, i+1)[i]; got.From.Reveal() != accepted || got.To.Reveal() != "1212" || got.Text.Reveal() != text {
			t.Errorf("from %q to %q: %q", got.From.Reveal(), got.To.Reveal(), got.Text.Reveal())
		}
	}
}
