package main

import (
	"bufio"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// The first signal lets what is in hand finish, here a delivery that gets no answer; a second one means now.
func TestSecondSignalMeansNow(t *testing.T) {
	log := new(tail)
	cmd := exec.Command("crier", "dev", "--json", "--api", "127.0.0.1:0", "--store", filepath.Join(t.TempDir(), "store"))
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadBytes('\n')
	var s session
	if err != nil || json.Unmarshal(line, &s) != nil {
		t.Fatalf("not ready: %v\n%s", err, log.String())
	}
	holdDelivery(t, s)

	began := time.Now()
	terminate(t, cmd, "stopping")
	logged(t, log, "msg=stopping")
	terminate(t, cmd, "now")
	err = cmd.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("ended after %s", took)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("ended with %v, want by the signal", err)
	}
}

// holdDelivery publishes to a recipient whose delivery gets no answer, and waits until it is with the provider.
func holdDelivery(t *testing.T, s session) {
	t.Helper()
	c := client.New(client.Options{Servers: []string{s.API}, Token: client.Static(rooms.NewSecret(s.Token))})
	r, err := c.Publish(t.Context(), s.Room, v1.Publish{
		TransactionID: "held", Type: "reminder", Content: v1.Text{Text: "x"}, Recipients: []v1.Contact{{Email: "timeout@example.com"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	metrics := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if metrics = fetch(t, s.API+"/metrics"); strings.Contains(metrics, `crier_channel_in_flight{lane="normal",channel="email"} 1`) {
			return
		}
	}
	t.Fatalf("message %s never came to the provider:\n%s", r.UMID, metrics)
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func terminate(t *testing.T, cmd *exec.Cmd, what string) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("signal for %s: %v", what, err)
	}
}
