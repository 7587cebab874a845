package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/broker"
)

// socketFile is the socket's name in the store.
const socketFile = "control.sock"

// Node is the node that is looked at and changed.
type Node interface {
	Status(ctx context.Context) (broker.Status, error)
	Copies(ctx context.Context) ([]broker.Copy, error)
	StepDown(ctx context.Context, from, to string) (int, error)
	Remove(ctx context.Context, name string) error
	Await(ctx context.Context, name string, say func(string)) error
	Promote(ctx context.Context, peer string, say func(string)) error
}

// Change is something that a person has a node do.
type Change struct {
	By     string // the user, as the kernel says
	Action string // stepdown, remove, promote
	Target string // the node that it is about
	Ended  bool
	Err    error // why it failed, once it has ended
}

// Deps are what the socket serves.
type Deps struct {
	Node    Node
	Changed func(Change)
}

// Serve answers on the socket of a store until ctx ends.
func Serve(ctx context.Context, store string, d Deps) error {
	path := filepath.Join(store, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // one of a process that was killed
		return fmt.Errorf("control: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("control: %w", err), l.Close())
	}
	s := &http.Server{Handler: d.routes(), ConnContext: withUser, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("control: %w", err)
	}
	return ctx.Err()
}

func (d Deps) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", d.status)
	mux.HandleFunc("GET /copies", d.copies)
	mux.HandleFunc("POST /stepdown", d.stepDown)
	mux.HandleFunc("POST /remove", d.remove)
	mux.HandleFunc("POST /await", d.await)
	mux.HandleFunc("POST /promote", d.promote)
	return mux
}

func (d Deps) status(w http.ResponseWriter, r *http.Request) {
	st, err := d.Node.Status(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_ = json.MarshalWrite(w, st) // the reader is gone
}

func (d Deps) copies(w http.ResponseWriter, r *http.Request) {
	copies, err := d.Node.Copies(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_ = json.MarshalWrite(w, copies)
}

func (d Deps) stepDown(w http.ResponseWriter, r *http.Request) {
	from, to := r.FormValue("from"), r.FormValue("to")
	d.change(w, r, "stepdown", from+" to "+to, func(ctx context.Context, say func(string)) error {
		moved, err := d.Node.StepDown(ctx, from, to)
		say(fmt.Sprintf("%d leaders moved", moved))
		return err
	})
}

func (d Deps) remove(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("node")
	d.change(w, r, "remove", name, func(ctx context.Context, say func(string)) error {
		say("removing " + name)
		return d.Node.Remove(ctx, name)
	})
}

func (d Deps) promote(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("node")
	d.change(w, r, "promote", name, func(ctx context.Context, say func(string)) error {
		return d.Node.Promote(ctx, name, say)
	})
}

func (d Deps) await(w http.ResponseWriter, r *http.Request) {
	t := newTeller(w)
	t.end(d.Node.Await(r.Context(), r.FormValue("node"), t.say))
}

// change does something, tells of each step, and has it noted who wanted it.
func (d Deps) change(w http.ResponseWriter, r *http.Request, action, target string, do func(context.Context, func(string)) error) {
	c := Change{By: userOf(r.Context()), Action: action, Target: target}
	d.Changed(c)
	t := newTeller(w)
	c.Err = do(context.WithoutCancel(r.Context()), t.say) // once begun, it is not left half done because somebody hangs up
	c.Ended = true
	d.Changed(c)
	t.end(c.Err)
}
