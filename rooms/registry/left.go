package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// LeftStore keeps who has left, under the id that the contact has in the room: a keyed hash, of which nobody can read whose
// it is. The latest entry of an id counts. MoveLeft says stream.ErrRevision if it has changed since it was found.
type LeftStore interface {
	PutLeft(ctx context.Context, room rooms.Room, left []rooms.Left) error
	MoveLeft(ctx context.Context, room rooms.Room, left []rooms.Left) error
	FindLeft(ctx context.Context, room rooms.Room, ids []rooms.SubscriberID) ([]rooms.Left, error)
	RemoveLeft(ctx context.Context, room rooms.Room) error
}

// noteLeft keeps that a subscriber leaves, under each of his contacts: a list that names him by another one does not bring
// him back either. It stays when he comes in again, since it binds only who is not there.
func (s *Subscribers) noteLeft(ctx context.Context, sub rooms.Subscriber) error {
	if sub.Channel == rooms.Webhook {
		return nil
	}
	left := []rooms.Left{{ID: sub.ID, At: s.moment()}}
	if c, err := openContact(s.vault, sub); err == nil { // of one that cannot be opened the id is known
		for _, e := range c.Endpoints() {
			if id := s.ids(sub.Room, rooms.Contact{Channel: e.Channel, Address: e.Address})[0]; id != sub.ID {
				left = append(left, rooms.Left{ID: id, At: left[0].At})
			}
		}
	}
	return putLeft(ctx, sub.Room, left, s.store.PutLeft)
}

// StayOut keeps a contact that is not subscribed from being subscribed by others, as if it had left now.
func (s *Subscribers) StayOut(ctx context.Context, room rooms.Room, e rooms.Endpoint) error {
	id := s.ID(room, rooms.Contact{Channel: e.Channel, Address: e.Address})
	return putLeft(ctx, room, []rooms.Left{{ID: id, At: s.moment()}}, s.store.PutLeft)
}

func putLeft(ctx context.Context, room rooms.Room, left []rooms.Left, put func(context.Context, rooms.Room, []rooms.Left) error) error {
	for part := range slices.Chunk(left, chunk) {
		if err := put(ctx, room, part); err != nil {
			return fmt.Errorf("registry: store who has left: %w", err)
		}
	}
	return nil
}

// stays says ErrLeft if a person has left and is not to come in.
func (s *Subscribers) stays(ctx context.Context, room rooms.Room, p rooms.Subscription) error {
	out, err := s.out(ctx, room, []candidate{{Subscription: p}})
	if err == nil && out[0] {
		return ErrLeft
	}
	return err
}

// willing leaves out who has left and is not to come in, and counts them.
func (s *Subscribers) willing(ctx context.Context, room rooms.Room, fresh, waiting []candidate) (in, admit []candidate, left int, err error) {
	out, err := s.out(ctx, room, slices.Concat(fresh, waiting))
	if err != nil {
		return nil, nil, 0, err
	}
	for i, one := range fresh {
		if !out[i] {
			in = append(in, one)
		}
	}
	for i, one := range waiting {
		if !out[len(fresh)+i] {
			admit = append(admit, one)
		}
	}
	return in, admit, len(out) - len(in) - len(admit), nil
}

// out says who of some people stays out, since he has left. It is asked after they were looked for and not found: whoever leaves
// notes that first. What is found under a former key is noted under the present one too, while the contact is at hand.
func (s *Subscribers) out(ctx context.Context, room rooms.Room, people []candidate) ([]bool, error) {
	asked := make([][][]rooms.SubscriberID, len(people)) // of each contact, under each key
	var all []rooms.SubscriberID
	for i, p := range people {
		for _, e := range p.Contact.Endpoints() {
			ids := s.ids(room, rooms.Contact{Channel: e.Channel, Address: e.Address})
			asked[i] = append(asked[i], ids)
			all = append(all, ids...)
		}
	}
	if len(all) == 0 {
		return make([]bool, len(people)), nil
	}
	for {
		found, err := s.store.FindLeft(ctx, room, all)
		if err != nil {
			return nil, fmt.Errorf("registry: look for who has left: %w", err)
		}
		out, move := bound(people, asked, found)
		err = putLeft(ctx, room, move, s.store.MoveLeft)
		if !errors.Is(err, stream.ErrRevision) { // else somebody has left again meanwhile
			return out, err
		}
	}
}

// bound says who of some people stays out by what was found, and what of that is to be noted under the present key.
func bound(people []candidate, asked [][][]rooms.SubscriberID, found []rooms.Left) (out []bool, move []rooms.Left) {
	out = make([]bool, len(people))
	known := make(map[rooms.SubscriberID]rooms.Left, len(found))
	for _, one := range found {
		known[one.ID] = one
	}
	for i, p := range people {
		for _, ids := range asked[i] {
			left, ok := latest(known, ids)
			out[i] = out[i] || ok && left.Binds(p.Subscription)
			if ok && left.ID != ids[0] {
				known[ids[0]] = rooms.Left{ID: ids[0], At: left.At, Entry: known[ids[0]].Entry}
				move = append(move, known[ids[0]], rooms.Left{ID: left.ID, At: left.At, Moved: true, Entry: left.Entry})
			}
		}
	}
	return out, move
}

// latest is when a contact has left last, under whatever key that was noted.
func latest(known map[rooms.SubscriberID]rooms.Left, ids []rooms.SubscriberID) (last rooms.Left, ok bool) {
	for _, id := range ids {
		if one, there := known[id]; there && (!ok || one.At.After(last.At)) { // of two that say the same the first
			last, ok = one, true
		}
	}
	return last, ok
}

// LeftScanner gives everybody who has left, of all rooms.
type LeftScanner interface {
	ScanLeft(ctx context.Context, fn func(rooms.Left)) error
}

// LeftUses counts those who have left by the key under whose hash that is noted, which is moved to the primary key when
// somebody names the contact again: nobody else knows it.
func LeftUses(ctx context.Context, store LeftScanner) (Uses, error) {
	uses := Uses{}
	err := store.ScanLeft(ctx, func(one rooms.Left) {
		if key, ok := vault.Hash(one.ID).Key(); ok && !one.Moved {
			uses[key]++
		}
	})
	if err != nil {
		return nil, fmt.Errorf("registry: count who has left: %w", err)
	}
	return uses, nil
}
