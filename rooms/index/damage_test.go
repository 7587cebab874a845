package index

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/govcrier/crier/rooms"
)

// TestUnusableFileIsBegunAnew holds that whatever becomes of the file, the log gives all back.
func TestUnusableFileIsBegunAnew(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, *Options){
		"deleted": func(t *testing.T, o *Options) { rewrite(t, o, nil) },
		"not a database": func(t *testing.T, o *Options) {
			rewrite(t, o, func(b []byte) []byte { return slices.Repeat([]byte("crier "), 5000) })
		},
		"cut":           func(t *testing.T, o *Options) { rewrite(t, o, func(b []byte) []byte { return b[:len(b)/2+100] }) },
		"zeroes inside": func(t *testing.T, o *Options) { rewrite(t, o, zeroes) },
		"other source":  func(_ *testing.T, o *Options) { o.Source = "another log" },
		"other schema": func(t *testing.T, o *Options) {
			tamper(t, o, func(tx transaction) error { return tx.set(schemaKey, []byte("0 ")) })
		},
		"somebody else's": func(t *testing.T, o *Options) {
			tamper(t, o, func(tx transaction) error { return tx.remove([]string{schemaKey}) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, l := testOptions(t), toldLog()
			want := filled(t, o, l)
			spoil(t, &o)
			x := open(t, o)
			run(t, x, l)
			await(t, x, l)
			same(t, want, answers(t, x, toldMessages))
		})
	}
}

func zeroes(b []byte) []byte {
	clear(b[4096 : len(b)-4096])
	return b
}

func rewrite(t *testing.T, o *Options, change func([]byte) []byte) {
	t.Helper()
	if change == nil {
		if err := os.Remove(o.Path); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.Path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func tamper(t *testing.T, o *Options, fn func(transaction) error) {
	t.Helper()
	s, err := openStore(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.update(context.Background(), fn), s.close()); err != nil {
		t.Fatal(err)
	}
}

// TestDamageWhileRunning spoils a value under a running index, which begins anew by itself.
func TestDamageWhileRunning(t *testing.T) {
	x, l := open(t, testOptions(t)), toldLog()
	run(t, x, l)
	await(t, x, l)
	want := answers(t, x, toldMessages)
	err := x.store.Load().update(context.Background(), func(tx transaction) error {
		return tx.set(messageKey(umid(7)), []byte{1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Message(umid(7)); !errors.Is(err, errDamaged) {
		t.Fatalf("the damage is not seen: %v", err)
	}
	l.add(nil, []rooms.Event{accepted(header(7))}) // says nothing new, but wakes the writer
	await(t, x, l)
	same(t, want, answers(t, x, toldMessages))
}
