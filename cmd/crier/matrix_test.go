package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/config"
	"github.com/govcrier/crier/rooms"
)

// TestMatrix is a message's way through the whole gateway to a person in Matrix, back by his read receipt, and his answer's way
// to the publisher.
func TestMatrix(t *testing.T) {
	server := matrixtest.New(t, "@clinic", "@aidacanary", "@bakytcanary", "@carolcanary")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(matrixtest.Token("@clinic")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const matrix = "providers.matrix."
	s := newStand(t, []string{
		matrix + "kind=matrix", matrix + "homeserver=" + server.URL, matrix + "userId=" + matrixtest.ID("@clinic"), matrix + "accessTokenFile=" + token,
	}, func(c *config.Config) { c.Policy.Retry = []time.Duration{time.Hour} })
	s.inboxOf("clinic", rooms.Inbox{Addresses: []string{matrixtest.ID("@clinic")}})
	aida, bakyt := server.Person("@aidacanary"), server.Person("@bakytcanary")
	r := s.publish("clinic", v1.Publish{TransactionID: "matrix-1", Content: v1.Text{Text: "Qzcanary: please come."}, Recipients: []v1.Contact{
		{Matrix: aida.ID}, {Matrix: bakyt.ID}, {Matrix: matrixtest.ID("@nobodycanary")},
	}})
	await(t, busyFor, func() string {
		if m, all := s.message(r.UMID); m.Status.Sent != 2 || m.Status.Failed != 1 {
			return fmt.Sprintf("%+v %+v", m.Status, all)
		}
		return ""
	})
	at, event := aida.Find("Qzcanary")
	aida.Enter(at)
	aida.Read(at, event)
	aida.Answer(at, event, "Qzanswer: on Wednesday?")
	refused, _ := bakyt.Find("Qzcanary")
	bakyt.Leave(refused)
	await(t, busyFor, func() string {
		m, all := s.message(r.UMID)
		if m.Status.Delivered != 1 || m.Status.Failed != 2 {
			return fmt.Sprintf("%+v %+v", m.Status, all)
		}
		return ""
	})
	_, all := s.message(r.UMID)
	for i, want := range []string{"delivered", "failed suppressed", "failed no-mailbox"} {
		if got := strings.TrimSpace(string(all[i].Status) + " " + string(all[i].Reason)); got != want {
			t.Errorf("delivery %d is %s, want %s", i, got, want)
		}
	}
	await(t, busyFor, func() string {
		for reply, err := range s.as(s.token(demoPublisher)).Replies(t.Context(), "clinic") {
			if err != nil || reply.UMID != r.UMID || reply.Text != "Qzanswer: on Wednesday?" || reply.From != aida.ID {
				return fmt.Sprintf("%+v, %v", reply, err)
			}
			return ""
		}
		return "no reply"
	})
	aida.Answer(at, event, "stop")
	carol := server.Person("@carolcanary")
	carol.Say(carol.Begin("@clinic", true), "Qzbegins: is anybody there?")
	await(t, busyFor, func() string {
		for reply, err := range s.as(s.token(demoPublisher)).Replies(t.Context(), "clinic") {
			if err == nil && reply.UMID == "" && reply.From == carol.ID {
				return ""
			}
		}
		return "no beginning"
	})
	for _, secret := range []string{"canary", "Qz", matrixtest.Token("@clinic"), at} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
