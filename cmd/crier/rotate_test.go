package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/govcrier/crier/rooms/vault"
)

// rotation is a gateway under load whose keys are changed by an operator, who has the file and what the node tells.
type rotation struct {
	*gateway
	t    *testing.T
	file string
	keys vault.Options
	sink *sink
	load *load

	mu   sync.Mutex
	want []delivery // of messages to the whole room
}

// rotationRoom has rotationPeople subscribers; to the first of them, delivery succeeds at the second attempt only.
const (
	rotationRoom   = "newborn"
	rotationPeople = 60
)

func person(n int) string {
	if n == 0 {
		return "+9990000101"
	}
	return fmt.Sprintf("+9995550%05d", n)
}

func startRotation(t *testing.T) *rotation {
	t.Helper()
	store := filepath.Join(t.TempDir(), "store")
	r := &rotation{t: t, file: store + ".keys.json", sink: newSink(t), load: newLoad(t, 3)}
	r.keys = vault.Options{KeysFile: r.file}
	r.gateway = startGateway(t, buildProgram(t, ""), store, "CRIER_TEST=", "--set", "sandbox.url="+r.sink.url,
		"--set", "vault.rekeyAfter=300ms", "--set", "policy.retry=4s,4s")
	if r.API == "" {
		t.Fatalf("it did not start:\n%s", r.log.String())
	}
	room := fmt.Sprintf(`{"name":%q,"publishers":[{"client":%q}]}`, rotationRoom, r.ClientID)
	if a := ask(t, http.MethodPost, r.API+"/v1/rooms", r.AdminToken, room); a.status != http.StatusCreated {
		t.Fatalf("create the room: %d %s", a.status, a.body)
	}
	for n := range rotationPeople {
		if a := r.subscribe(n); a.status != http.StatusCreated {
			t.Fatalf("subscribe: %d %s", a.status, a.body)
		}
	}
	r.load.at(r.gateway)
	return r
}

func (r *rotation) subscribe(n int) answer {
	r.t.Helper()
	return ask(r.t, http.MethodPost, r.API+"/v1/rooms/"+rotationRoom+"/subscribers", r.AdminToken, fmt.Sprintf(`{"phone":%q}`, person(n)))
}

// toAll publishes to the whole room.
func (r *rotation) toAll(tx string) answer {
	r.t.Helper()
	a, err := try(r.t.Context(), http.MethodPost, r.API+"/v1/rooms/"+rotationRoom+"/messages", r.Token,
		fmt.Sprintf(`{"transactionId":%q,"type":"reminder","content":{"sms":"hello"}}`, tx))
	if err != nil || a.status != http.StatusAccepted {
		r.t.Errorf("publish to all: %d %s, %v", a.status, a.body, err)
		return a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := range rotationPeople {
		r.want = append(r.want, delivery{a.UMID, person(n)})
	}
	return a
}

// background publishes to the whole room every so often, until it is told to stop.
func (r *rotation) background() (stop func()) {
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-end:
				return
			case <-time.After(150 * time.Millisecond):
				r.toAll("room-" + strconv.Itoa(n))
			}
		}
	})
	return sync.OnceFunc(func() { close(end); done.Wait() })
}

// change alters the key file as an operator does.
func (r *rotation) change(ids []uint32, alter func(vault.Options, uint32) error) {
	r.t.Helper()
	for _, id := range ids {
		if err := alter(r.keys, id); err != nil {
			r.t.Fatal(err)
		}
	}
}

// shows waits until the node's metrics show a line for each key.
func (r *rotation) shows(ids []uint32, line string) {
	r.t.Helper()
	await(r.t, busyFor, func() string {
		text := ask(r.t, http.MethodGet, r.API+"/metrics", "", "").body
		for _, id := range ids {
			if want := fmt.Sprintf(line, id); !strings.Contains(text, want) {
				return want + " is not shown"
			}
		}
		return ""
	})
}

// recognised sends some of the load's messages once more.
func (r *rotation) recognised(when string, from, to int) {
	r.t.Helper()
	for n := from; n <= to; n += 1 + (to-from)/25 {
		tx := fmt.Sprintf("tx-%d", n)
		r.load.mu.Lock()
		umid := r.load.receipts[tx]
		r.load.mu.Unlock()
		if umid == "" {
			continue // not acknowledged yet
		}
		a := ask(r.t, http.MethodPost, r.API+"/v1/rooms/"+r.Room+"/messages", r.Token, string(publishBody(tx, recipientsOf(n))))
		if a.status != http.StatusOK || a.UMID != umid || !a.Duplicate {
			r.t.Errorf("%s: %s again: %d %s, the first was %s", when, tx, a.status, a.body, umid)
		}
	}
}

// complete fails unless every delivery that was ever asked for comes once.
func (r *rotation) complete() {
	r.t.Helper()
	r.mu.Lock()
	expected := append(r.load.expected(), r.want...)
	r.mu.Unlock()
	r.sink.await(r.t, expected, 2*time.Minute)
	lost, doubled, foreign := r.sink.compare(expected)
	r.t.Logf("%d messages of named recipients, %d deliveries, %d lost, %d doubled", r.load.acknowledged(), len(expected), len(lost), doubled)
	if len(lost) > 0 || doubled > 0 || len(foreign) > 0 || len(r.load.refused()) > 0 {
		r.t.Errorf("lost %v, doubled %d, never asked for %v, refused %v\n%s", lost, doubled, foreign, r.load.refused(), r.log.String())
	}
}

// TestKeysRotateUnderLoad changes all keys twice while messages are published, planned, sent and tried again. Nothing is
// lost, nothing comes twice, a repeat is recognised as long as its key is in use, and nobody waits.
func TestKeysRotateUnderLoad(t *testing.T) {
	r := startRotation(t)
	stop := r.background()
	t.Cleanup(stop)
	begin := 1
	for round := range 2 {
		before := r.held(true)
		queued := r.toAll(fmt.Sprintf("before-%d", round)) // its first recipient's job waits through all that follows
		added, err := vault.AddKey(r.file)
		if err != nil {
			t.Fatal(err)
		}
		next := []uint32{added.AEAD, added.Hash}
		r.shows(next, `id="%d",primary="false",enabled="true"} 1`)
		r.recognised("added", begin, int(r.load.next.Load()))
		r.change(next, func(o vault.Options, id uint32) error { return o.Promote(t.Context(), id) })
		r.shows(next, `id="%d",primary="true",enabled="true"} 1`)
		promoted := int(r.load.next.Load()) + 1
		r.recognised("promoted", begin, promoted)
		r.shows(before, `crier_vault_key_subscribers{id="%d"} 0`+"\n")
		r.everybodyIsKnown()
		r.recognised("moved", begin, int(r.load.next.Load()))
		r.got(queued.UMID, person(0))
		after := r.toAll(fmt.Sprintf("after-%d", round))
		r.got(after.UMID, person(0)) // all that was sealed before has been sent
		r.change(before, func(o vault.Options, id uint32) error { return o.Disable(t.Context(), id) })
		r.shows(before, `id="%d",primary="false",enabled="false"} 1`)
		r.recognised("disabled", promoted+3, int(r.load.next.Load()))
		r.everybodyIsKnown()
		r.change(before, func(o vault.Options, id uint32) error { return o.Delete(t.Context(), id) })
		begin = promoted + 3
	}
	stop()
	r.load.finish()
	r.complete()
}

// held are the ids of the keys in the file that are primary, or that are not.
func (r *rotation) held(primary bool) (ids []uint32) {
	r.t.Helper()
	v, err := vault.Open(r.t.Context(), r.keys)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, k := range v.Keys() {
		if k.Primary == primary {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// everybodyIsKnown: who subscribes again is there already.
func (r *rotation) everybodyIsKnown() {
	r.t.Helper()
	for n := range rotationPeople {
		if a := r.subscribe(n); a.status != http.StatusOK {
			r.t.Errorf("person %d is subscribed anew: %d %s", n, a.status, a.body)
		}
	}
}

// got waits until somebody has a message.
func (r *rotation) got(umid, who string) {
	r.t.Helper()
	await(r.t, busyFor, func() string {
		r.sink.mu.Lock()
		defer r.sink.mu.Unlock()
		if r.sink.got[delivery{umid, who}] == 0 {
			return umid + " has not come to " + who
		}
		return ""
	})
}

// TestBadKeysAreRefused: the node says so, and goes on with those that it has.
func TestBadKeysAreRefused(t *testing.T) {
	r := startRotation(t)
	good, err := os.ReadFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"half": string(good[:len(good)/2]), "another gateway's": generatedKeys(t)} {
		if err := os.WriteFile(r.file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		told := strings.Count(r.log.String(), "keys not read again")
		if err := r.process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		await(t, busyFor, func() string {
			if strings.Count(r.log.String(), "keys not read again") == told {
				return name + ": nothing is said"
			}
			return ""
		})
		r.toAll(name)
	}
	if err := os.WriteFile(r.file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	logged(t, &r.log, "keys read again")
	r.load.finish()
	r.complete()
	if text := r.log.String(); strings.Contains(text, "keyData") || strings.Contains(text, "typeUrl") {
		t.Error("keys are in the log")
	}
}

func generatedKeys(t *testing.T) string {
	t.Helper()
	keys, err := vault.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return string(keys)
}
