package vault_test

import (
	"errors"
	"testing"

	"github.com/govcrier/crier/rooms/vault"
)

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeysOfOneKind(t *testing.T) {
	path := created(t)
	o := vault.Options{KeysFile: path}
	a, err := o.AddKey(t.Context(), vault.AEAD)
	if err != nil || a.AEAD == 0 || a.Hash != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	h, err := o.AddKey(t.Context(), vault.Hashing)
	if err != nil || h.AEAD != 0 || h.Hash == 0 {
		t.Errorf("%+v, %v", h, err)
	}
	want := []vault.Key{
		{Kind: vault.AEAD, Primary: true, Enabled: true}, {ID: a.AEAD, Kind: vault.AEAD, Enabled: true},
		{Kind: vault.Hashing, Primary: true, Enabled: true}, {ID: h.Hash, Kind: vault.Hashing, Enabled: true},
	}
	got := opened(t, o).Keys()
	for i := range got {
		if want[i].Primary {
			want[i].ID = got[i].ID
		}
		if got[i] != want[i] {
			t.Errorf("key %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestLifeOfAKey: each step is refused out of turn and leaves the file as it was.
func TestLifeOfAKey(t *testing.T) {
	path := created(t)
	o, ctx := vault.Options{KeysFile: path}, t.Context()
	first := opened(t, o).Keys()
	ids := added(t, path)
	promoted(t, path, ids.AEAD, ids.Hash)
	for i, next := range []uint32{ids.AEAD, ids.Hash} {
		old := first[i].ID
		refused(t, path, vault.ErrPrimary, o.Disable(ctx, next))
		refused(t, path, vault.ErrPrimary, o.Delete(ctx, next))
		refused(t, path, vault.ErrEnabled, o.Delete(ctx, old))
		done(t, o.Disable(ctx, old))
		refused(t, path, vault.ErrUnknownKey, o.Promote(ctx, old))
		done(t, o.Enable(ctx, old))
		done(t, o.Promote(ctx, old))
		done(t, o.Promote(ctx, next))
		done(t, o.Disable(ctx, old))
		done(t, o.Delete(ctx, old))
		for _, err := range []error{o.Delete(ctx, old), o.Disable(ctx, old), o.Enable(ctx, old), o.Promote(ctx, old)} {
			refused(t, path, vault.ErrUnknownKey, err)
		}
	}
	if got := opened(t, o).Keys(); len(got) != 2 || got[0].ID != ids.AEAD || got[1].ID != ids.Hash {
		t.Errorf("%+v", got)
	}
}

func refused(t *testing.T, path string, want, err error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
	alone(t, path)
}

func TestWhoMadeIt(t *testing.T) {
	v := fresh(t)
	keys := v.Keys()
	if id, ok := vault.SealedBy(sealed(t, v, "x")); !ok || id != keys[0].ID {
		t.Errorf("sealed by %d, want %d", id, keys[0].ID)
	}
	if id, ok := v.Hash("p", "x").Key(); !ok || id != keys[1].ID {
		t.Errorf("hashed by %d, want %d", id, keys[1].ID)
	}
	if _, ok := vault.SealedBy([]byte{1, 0, 1}); ok {
		t.Error("three bytes are sealed by somebody")
	}
	for _, h := range []vault.Hash{"", "short", "****", vault.Hash(v.MAC("p", nil))} {
		if _, ok := h.Key(); ok {
			t.Errorf("%q is a hash", h)
		}
	}
}
