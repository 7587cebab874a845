package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// TestMessageThatWaitsSurvivesAKill kills the gateway once at each point on the way of a message that waits, from the moment
// in which it stands in the log until its entry is erased. It goes once all the same, at its time.
func TestMessageThatWaitsSurvivesAKill(t *testing.T) {
	t.Parallel() // most of it is waiting
	program := buildProgram(t, "crashpoints")
	for _, point := range []string{"after-append", "release-appended", "release-recorded"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel() // most of it is waiting
			killWaiting(t, program, point)
		})
	}
}

func killWaiting(t *testing.T, program, point string) {
	s, store := newSink(t), filepath.Join(t.TempDir(), "store")
	args := []string{"--set", "sandbox.url=" + s.url, "--set", "log.ackWait=1s", "--set", "release.sweep=1s", "--set", "release.again=1s"}
	g := startGateway(t, program, store, "CRIER_CRASH="+point, args...)
	l := &load{}
	l.at(g)
	at := time.Now().Add(2 * time.Second).UTC()
	const phone = "+99950000001"
	body := fmt.Appendf(nil, `{"transactionId":"tx-1","type":"reminder","content":{"sms":"hello"},"recipients":[{"phone":%q}],"sendAt":%q}`,
		phone, at.Format(time.RFC3339Nano))
	umid, _, _ := l.try(body) // no answer if it dies before
	if !g.exited(busyFor) {
		t.Fatalf("the process lives on:\n%s", g.log.String())
	}
	g = startGateway(t, program, store, "CRIER_CRASH=", args...)
	l.at(g)
	again, _, fault := l.try(body)
	if fault != "" || again == "" || umid != "" && umid != again {
		t.Fatalf("accepted as %q, then as %q, %s", umid, again, fault)
	}
	sent := []delivery{{again, phone}}
	s.await(t, sent, time.Minute)
	if time.Now().Before(at) {
		t.Error("it went before its time")
	}
	eventually(t, busyFor, func() string {
		var m struct{ State string }
		a := ask(t, "GET", g.API+"/v1/messages/"+again, g.Token, "")
		if err := json.Unmarshal([]byte(a.body), &m); err != nil || m.State != "finished" {
			return a.body
		}
		return ""
	})
	if _, doubled, foreign := s.compare(sent); doubled > 0 || len(foreign) > 0 {
		t.Errorf("%d came twice, and %v", doubled, foreign)
	}
}
