package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/cmd/crier/drill/fleet"
)

// TestNothingIsLostWhenStorageKeysChange gives each node another storage key in turn, under load: with an empty store, which
// the others fill. One is killed again and again meanwhile. The old key opens nothing then.
func TestNothingIsLostWhenStorageKeysChange(t *testing.T) {
	t.Parallel() // most of it is waiting
	o := newOrdeal(t, newSink(t), nil)
	o.suffer([]fault{{"new-keys", 4, newKeys}})
	for _, n := range o.Nodes() {
		o.sealed(n)
	}
}

func newKeys(o *ordeal) {
	for _, n := range o.Nodes() {
		o.within(ending, n.Terminate)
		old := o.setting(n, "keyFile").(string)
		o.must(writeNew(old+".new", newStoreKey()))
		o.configure(n, "keyFile", old+".new")
		o.replace(n)
		if n.Name == fleet.N2 {
			o.killedEarly(n)
		}
		o.joined(n)
		o.within(ending, n.Terminate)
		o.refused(n, old)
		o.must(n.Start())
		o.whole()
	}
}

// killedEarly kills a node that takes its copies from the others, each time when it has come a little further.
func (o *ordeal) killedEarly(n *fleet.Node) {
	o.t.Helper()
	for after := time.Second; after <= 4*time.Second; after += time.Second {
		o.lasts(after)
		o.must(n.Kill())
		o.must(n.Start())
	}
}

// refused starts a node with the key that it had before, which is none any more.
func (o *ordeal) refused(n *fleet.Node, old string) {
	o.t.Helper()
	key := o.setting(n, "keyFile")
	o.configure(n, "keyFile", old)
	o.must(n.Start())
	o.endsWith(n, broker.ErrWrongKey)
	o.configure(n, "keyFile", key)
}

// sealed wants no text of a message in any file of a node's store.
func (o *ordeal) sealed(n *fleet.Node) {
	o.t.Helper()
	files := 0
	o.must(filepath.WalkDir(n.Store(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, plain := range []string{"fault-0-", "@example.com"} {
			if bytes.Contains(b, []byte(plain)) {
				o.t.Errorf("%s holds %q", path, plain)
			}
		}
		return err
	}))
	if files < 20 {
		o.t.Errorf("%s has %d files: nothing is proved", n.Name, files)
	}
}

// configuration is that of a node.
func (o *ordeal) configuration(n *fleet.Node) map[string]any {
	o.t.Helper()
	file, err := os.ReadFile(n.Config())
	o.must(err)
	var all map[string]any
	o.must(json.Unmarshal(file, &all))
	return all
}

// setting is a key of a node's broker.
func (o *ordeal) setting(n *fleet.Node, key string) any {
	o.t.Helper()
	return o.configuration(n)["broker"].(map[string]any)[key]
}

// configure changes a key of a node's broker, for its next start; nil takes it out.
func (o *ordeal) configure(n *fleet.Node, key string, value any) {
	o.t.Helper()
	all := o.configuration(n)
	settings := all["broker"].(map[string]any)
	if settings[key] = value; value == nil {
		delete(settings, key)
	}
	file, err := json.Marshal(all)
	o.must(err)
	o.must(os.WriteFile(n.Config(), file, 0o600))
}

// joined waits until all is well with a node that has begun with an empty store. It may hear of its removal once more and end
// by that; then it is started again, as a service manager would.
func (o *ordeal) joined(n *fleet.Node) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), healing)
	defer cancel()
	if err := o.Healed(ctx); err != nil {
		if n.Alive() {
			o.t.Fatal(err)
		}
		o.t.Logf("%s is started again: %v", n.Name, err)
		o.must(n.Start())
		o.whole()
	}
}
