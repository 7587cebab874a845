package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// pauseWorkers is how many bulk deliveries may be at the provider at once.
const pauseWorkers = 32

// pausing is a gateway with a message to very many that is paused.
type pausing struct {
	*testing.T
	program, store string
	sink           *sink
	gateway        *gateway
	umid           string
}

// start runs the gateway, until it passes a crash point if one is given.
func (p *pausing) start(crash string) {
	p.Helper()
	p.gateway = startGateway(p.T, p.program, p.store, "CRIER_CRASH="+crash, "--set", "sandbox.url="+p.sink.url, "--set", "sandbox.receipts=none",
		"--set", "log.ackWait=5s", "--set", fmt.Sprintf("bridge.workers.bulk=%d", pauseWorkers))
	if p.gateway.API == "" {
		p.Fatalf("the gateway did not start:\n%s", p.gateway.log.String())
	}
}

func (p *pausing) client() *client.Client { return asClient(p.gateway.API, p.gateway.Token) }

// came is how many people a message has reached.
func (p *pausing) came(umid string) (n int) {
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	for d := range p.sink.got {
		if d.UMID == umid {
			n++
		}
	}
	return n
}

func (p *pausing) awaitSome(umid string, n int) {
	p.Helper()
	eventually(p, busyFor, func() string {
		if came := p.came(umid); came < n {
			return fmt.Sprintf("%d of %d came", came, n)
		}
		return ""
	})
	if p.Failed() {
		p.FailNow()
	}
}

// state waits until the message is in a state.
func (p *pausing) state(want v1.MessageState) {
	p.Helper()
	eventually(p, busyFor, func() string {
		m, err := p.client().Message(p.Context(), p.umid)
		if err != nil || m.State != want {
			return fmt.Sprintf("state %s, want %s: %v", m.State, want, err)
		}
		return ""
	})
}

// TestPausedMidway pauses a message to 10,000 people midway. Nothing of it goes out when the pause has settled, another one
// overtakes it, and when it is resumed everybody is reached, though the process is killed while jobs are set aside and again
// while they go on; twice are reached those at most who were at the provider in these moments.
func TestPausedMidway(t *testing.T) {
	t.Parallel() // most of it is waiting
	const people = 10_000
	p := &pausing{T: t, program: buildProgram(t, "crashpoints"), store: filepath.Join(t.TempDir(), "store"), sink: newSink(t)}
	p.start("after-suspend:3000")
	admin := asClient(p.gateway.API, p.gateway.AdminToken)
	if _, err := admin.CreateRoom(t.Context(), v1.NewRoom{Name: "flood", Publishers: []v1.Publisher{{Client: demoPublisher, Direct: true}}}); err != nil {
		t.Fatal(err)
	}
	subscribe(t, admin, "flood", people)
	p.umid = lanesPublish(t, p.client(), "flood", "to-all", v1.Bulk).UMID
	p.awaitSome(p.umid, people/5)

	if _, err := p.client().PauseMessage(t.Context(), p.umid); err != nil {
		t.Fatal(err)
	}
	paused := p.came(p.umid)
	if !p.gateway.exited(busyFor) {
		t.Fatalf("the process lives on: so many jobs were not set aside\n%s", p.gateway.log.String())
	}
	p.start("")
	p.state(v1.MessageStatePaused)
	var to []v1.Contact
	for n := range 100 {
		to = append(to, v1.Contact{Phone: fmt.Sprintf("+9998%08d", n)})
	}
	behind := lanesPublish(t, p.client(), "flood", "behind", v1.Bulk, to...)
	p.awaitSome(behind.UMID, len(to))
	p.quiet(paused)

	if _, err := p.client().ResumeMessage(t.Context(), p.umid); err != nil {
		t.Fatal(err)
	}
	p.awaitSome(p.umid, people/2)
	p.gateway.kill()
	p.start("")
	p.awaitSome(p.umid, people)
	p.state(v1.MessageStateFinished)
	m, err := p.client().Message(t.Context(), p.umid)
	if err != nil || m.Recipients != people || m.Status.Sent != people {
		t.Errorf("%+v, %v", m, err)
	}
	p.once(p.umid, people, 2*pauseWorkers)
}

// quiet wants no more to have gone out than was at the provider when the message was paused.
func (p *pausing) quiet(paused int) {
	p.Helper()
	if came := p.came(p.umid); came > paused+2*pauseWorkers {
		p.Fatalf("%d had come when it was paused, and now %d", paused, came)
	}
}

// once wants everybody to be reached, and few twice.
func (p *pausing) once(umid string, people, twice int) {
	p.Helper()
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	reached, doubled := 0, 0
	for d, times := range p.sink.got {
		if d.UMID == umid {
			reached++
			doubled += times - 1
		}
	}
	p.Logf("%d reached, %d of them twice (at most %d were at the provider)", reached, doubled, twice)
	if reached != people || doubled > twice {
		p.Errorf("%d of %d were reached, %d twice, want %d at most", reached, people, doubled, twice)
	}
}
