package vault

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
)

// edit replaces the key file by a changed one; nobody else changes it meanwhile.
// A link is followed, so that what it points to is replaced, not the link.
func (o Options) edit(ctx context.Context, change func(*keys) error) error {
	if err := o.checkFile(); err != nil {
		return err
	}
	path, err := filepath.EvalSymlinks(o.KeysFile)
	if err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	d, err := newDraft(path)
	if err != nil {
		return err
	}
	k, err := o.changed(ctx, path, change)
	if err != nil {
		d.discard()
		return err
	}
	return o.save(ctx, k, d, d.replace)
}

// changed reads the keys at path and applies the change to them.
func (o Options) changed(ctx context.Context, path string, change func(*keys) error) (keys, error) {
	data, err := readPrivate(path, ownerOnly)
	if err != nil {
		return keys{}, err
	}
	k, err := o.decode(ctx, data)
	if err != nil {
		return keys{}, err
	}
	if err := change(&k); err != nil {
		return keys{}, err
	}
	return k, k.check()
}

// save writes the keys to the draft and publishes it, or leaves no trace of it.
func (o Options) save(ctx context.Context, k keys, d *draft, publish func() error) error {
	data, err := o.encode(ctx, k)
	if err == nil {
		err = d.write(data)
	}
	if err == nil {
		err = publish()
	}
	if err != nil {
		d.discard()
	}
	return err
}

func (o Options) checkFile() error {
	faults := o.Check()
	if o.KeysFile == "" {
		faults = append(faults, errors.New("vault: changing keys needs keysFile"))
	}
	return errors.Join(faults...)
}

func grow(h *keyset.Handle, template *tinkpb.KeyTemplate) (*keyset.Handle, uint32, error) {
	m := keyset.NewManagerFromHandle(h)
	id, err := m.Add(template)
	if err != nil {
		return nil, 0, fmt.Errorf("vault: new key: %w", err)
	}
	next, err := m.Handle()
	return next, id, err
}

// alter changes one key, in whichever keyset of the file holds it.
func (o Options) alter(ctx context.Context, id uint32, change func(*keyset.Manager, Key) error) error {
	return o.edit(ctx, func(k *keys) error {
		for _, known := range k.list() {
			if known.ID == id {
				return k.alter(known, change)
			}
		}
		return fmt.Errorf("%w: %d", ErrUnknownKey, id)
	})
}

func (k *keys) alter(known Key, change func(*keyset.Manager, Key) error) (err error) {
	set := &k.aead
	if known.Kind == Hashing {
		set = &k.hash
	}
	m := keyset.NewManagerFromHandle(*set)
	if err := change(m, known); err != nil {
		return fmt.Errorf("%w: %d", err, known.ID)
	}
	*set, err = m.Handle()
	return err
}
