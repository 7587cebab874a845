package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// durable is a gateway in a process of its own that is killed and started again on its store.
type durable struct {
	t              *testing.T
	program, store string
	sink           *arrivals
	*gateway
}

// start starts it, in place of the one before.
func (d *durable) start() {
	d.t.Helper()
	d.gateway = startGateway(d.t, d.program, d.store, "CRIER_TEST=", "--set", "sandbox.url="+d.sink.url, "--set", "log.ackWait=2s")
	if d.API == "" {
		d.t.Fatalf("it did not start:\n%s", d.log.String())
	}
}

func (d *durable) post(tx, text string) answer {
	d.t.Helper()
	return ask(d.t, http.MethodPost, d.API+"/v1/rooms/"+d.Room+"/messages", d.Token, durableBody(tx, text))
}

func durableBody(tx, text string) string {
	return fmt.Sprintf(`{"transactionId":%q,"type":"reminder","content":{"sms":%q},"recipients":[{"phone":"+99970000001"}]}`, tx, text)
}

// repeated wants a message to be known, and another under its transaction id to be refused.
func (d *durable) repeated(when string, first answer, tx string) {
	d.t.Helper()
	if a := d.post(tx, tx); a.status != http.StatusOK || !a.Duplicate || a.UMID != first.UMID || !a.ReceivedAt.Equal(first.ReceivedAt) {
		d.t.Errorf("%s: %s again: %d %s, the first was %s", when, tx, a.status, a.body, first.UMID)
	}
	if a := d.post(tx, "other"); a.status != http.StatusConflict || a.Code != "transaction_conflict" {
		d.t.Errorf("%s: %s with other content: %d %s", when, tx, a.status, a.body)
	}
}

// delivered waits until a message has been handed over.
func (d *durable) delivered(first answer) {
	d.t.Helper()
	await(d.t, busyFor, func() string {
		if len(d.sink.of(first.UMID)) == 0 {
			return first.UMID + " was not delivered"
		}
		return ""
	})
}

// TestKilledAfterTheAnswer kills the gateway the moment it has answered. What it said it had received is delivered, and
// known, whatever happens: also after the index has been deleted.
func TestKilledAfterTheAnswer(t *testing.T) {
	t.Parallel() // most of it is waiting
	d := &durable{t: t, program: buildProgram(t, ""), store: filepath.Join(t.TempDir(), "store"), sink: newArrivals(t, nil)}
	d.start()
	old := d.post("tx-old", "tx-old")
	d.delivered(old)
	d.repeated("at first", old, "tx-old")
	last := d.post("tx-last", "tx-last")
	d.kill()
	if old.status != http.StatusAccepted || last.status != http.StatusAccepted {
		t.Fatalf("answered %d and %d: %s", old.status, last.status, last.body)
	}

	d.start()
	d.delivered(last)
	for tx, first := range map[string]answer{"tx-old": old, "tx-last": last} {
		d.repeated("after the kill", first, tx)
	}
	d.kill()
	if err := os.RemoveAll(filepath.Join(d.store, "index")); err != nil {
		t.Fatal(err)
	}
	d.start()
	for tx, first := range map[string]answer{"tx-old": old, "tx-last": last} {
		d.repeated("without the index", first, tx)
		d.repeated("and later", first, tx)
	}
	d.manyAtOnce(50)
	if n := len(d.sink.of(old.UMID)); n != 1 { // it was settled long before the kill
		t.Errorf("tx-old was sent %d times", n)
	}
}

// manyAtOnce has so many clients send one request: it is one message, sent once.
func (d *durable) manyAtOnce(clients int) {
	d.t.Helper()
	answers := make([]answer, clients)
	var all sync.WaitGroup
	url, token := d.API+"/v1/rooms/"+d.Room+"/messages", d.Token
	for n := range answers {
		all.Go(func() {
			var err error
			if answers[n], err = try(d.t.Context(), http.MethodPost, url, token, durableBody("tx-many", "tx-many")); err != nil {
				d.t.Errorf("client %d: %v", n, err)
			}
		})
	}
	all.Wait()
	accepted := 0
	for n, a := range answers {
		if a.UMID != answers[0].UMID || a.UMID == "" || (a.status == http.StatusAccepted) == a.Duplicate {
			d.t.Errorf("client %d was answered %d %s, another %s", n, a.status, a.body, answers[0].UMID)
		}
		if a.status == http.StatusAccepted {
			accepted++
		}
	}
	if accepted != 1 {
		d.t.Errorf("%d of %d equal requests were accepted as new", accepted, clients)
	}
	d.delivered(answers[0])
	d.repeated("after many at once", answers[0], "tx-many")
	if n := len(d.sink.of(answers[0].UMID)); n != 1 {
		d.t.Errorf("tx-many was sent %d times", n)
	}
}
