package api

import (
	"context"
	"log/slog"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/replies"
	"github.com/govcrier/crier/rooms/stream"
	"github.com/govcrier/crier/rooms/vault"
)

// goodKey is a key of hosp-7, whose e-mails go by the room email-hosp-7; the other is one of another client.
const (
	goodKey   = "abcdef12345"
	otherKey  = "xyz12345"
	goodKeyID = "AAAAAAAAAAAA"
)

// apiKeysOf is the registry on what the engine keeps.
func apiKeysOf(e *engine) *registry.APIKeys {
	k := registry.NewAPIKeys(keyStore{e}, plainHash{}, noon, slog.New(slog.DiscardHandler))
	e.mu.Lock()
	if len(e.apiKeys) == 0 {
		e.apiKeys = []rooms.APIKey{
			{ID: goodKeyID, Client: "hosp-7", By: "root", Since: noon(), Hash: "hash of " + goodKey, Entry: 1},
			{ID: "BBBBBBBBBBBB", Client: "hosp-8", By: "root", Since: noon(), Hash: "hash of " + otherKey, Entry: 2},
		}
	}
	e.mu.Unlock()
	_ = k.Load(context.Background()) // which does not fail
	return k
}

// plainHash is no secret to anybody.
type plainHash struct{}

func (plainHash) HashAll(_ string, parts ...string) []vault.Hash {
	return []vault.Hash{vault.Hash("hash of " + parts[0])}
}

// keyStore keeps keys as the log does.
type keyStore struct{ *engine }

func (s keyStore) PutAPIKey(_ context.Context, k rooms.APIKey, after uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if uint64(len(s.apiKeys)) != after {
		return 0, stream.ErrRevision
	}
	k.Entry = after + 1
	s.apiKeys = append(s.apiKeys, k)
	return k.Entry, nil
}

func (s keyStore) APIKeys(_ context.Context, from uint64) (all []rooms.APIKey, last uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.apiKeys {
		if last = one.Entry; one.Entry >= from {
			all = append(all, one)
		}
	}
	return all, last, nil
}

// Hand remembers what it was given.
func (f repliesFake) Hand(_ context.Context, h replies.Handed) (rooms.Reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handed = append(f.handed, h)
	return rooms.Reply{Sequence: 19}, f.err
}

// email gives hosp-7 the room of its e-mail API calls, with one message in it.
func (e *engine) email() rooms.UMID {
	e.rooms["email-hosp-7"] = rooms.RoomConfig{Name: "email-hosp-7", Publishers: []rooms.Publisher{{Client: "hosp-7", Direct: true}}, Revision: 8}
	const u rooms.UMID = "01K9ZZZZZZABCDEFGHJKMNPQR0"
	m := e.messages[umid]
	m.UMID, m.Room, m.Publisher, m.Direct = u, "email-hosp-7", "hosp-7", true
	e.messages[u] = m
	return u
}
