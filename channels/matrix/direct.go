package matrix

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"
)

// directs finds the room that somebody and we have for ourselves, and creates it. What is known in memory is only for speed.
type directs struct {
	client  *client
	hashes  func(string) []string
	server  string // our own
	recheck time.Duration
	now     func() time.Time

	mu    sync.Mutex
	known map[string]*direct // by user
}

// direct is the room of one user.
type direct struct {
	turn  chan struct{} // has one token: who takes it may look
	room  string
	until time.Time // known to be good
}

// maxDirects is how many are kept in memory before they are all forgotten.
const maxDirects = 200_000

// aliasBytes are enough of a hash for nobody to guess.
const aliasBytes = 16

// errLeft says that somebody has left his room, or not entered it.
var errLeft = errors.New("matrix: the person has left the room")

func newDirects(o Options, d Deps, c *client) *directs {
	_, server, _ := strings.Cut(o.UserID, ":")
	return &directs{client: c, hashes: d.Hashes, server: server, recheck: o.Recheck, now: d.Now, known: map[string]*direct{}}
}

// room gives the room of a user. Of those who ask at once one looks.
func (s *directs) room(ctx context.Context, user string) (string, error) {
	d := s.of(user)
	select {
	case <-d.turn:
	case <-ctx.Done():
		return "", &fault{code: "connection", late: true}
	}
	defer func() { d.turn <- struct{}{} }()
	if s.now().Before(d.until) {
		return d.room, nil
	}
	room, err := s.look(ctx, user)
	if err == nil {
		d.room, d.until = room, s.now().Add(s.recheck)
	}
	return room, err
}

func (s *directs) of(user string) *direct {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.known[user]; ok {
		return d
	}
	if len(s.known) >= maxDirects {
		clear(s.known)
	}
	d := &direct{turn: make(chan struct{}, 1)}
	d.turn <- struct{}{}
	s.known[user] = d
	return d
}

// forget has the next one look again.
func (s *directs) forget(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, user)
}

// aliases are names of the user's room, that under the key of the moment first.
func (s *directs) aliases(user string) []string {
	var all []string
	for _, h := range s.hashes(user) {
		sum := sha256.Sum256([]byte(h))
		all = append(all, localAlias+hex.EncodeToString(sum[:aliasBytes]))
	}
	return all
}

const localAlias = "crier-"

func (s *directs) full(local string) string { return "#" + local + ":" + s.server }

// look asks the homeserver for the room, and creates it where there is none. Another may be faster.
func (s *directs) look(ctx context.Context, user string) (string, error) {
	for again := true; ; again = false {
		room, err := s.named(ctx, user)
		if err != nil {
			return "", err
		}
		if room != "" {
			return s.entered(ctx, user, room)
		}
		room, err = s.create(ctx, user)
		switch {
		case !is(err, codeRoomInUse):
			return room, err
		case !again: // somebody is about to
			return "", &fault{status: 503, code: codeRoomInUse}
		}
	}
}

// named finds the room by its alias; "" if there is none. One that is found under an older key is given its new name.
func (s *directs) named(ctx context.Context, user string) (string, error) {
	all := s.aliases(user)
	for i, local := range all {
		room, err := s.resolve(ctx, local)
		if err != nil {
			return "", err
		}
		if room != "" {
			if i > 0 {
				_ = s.name(ctx, all[0], room) // else it is found under the older one once more
			}
			return room, nil
		}
	}
	return "", nil
}

func (s *directs) resolve(ctx context.Context, local string) (room string, err error) {
	var found struct {
		RoomID string `json:"room_id"`
	}
	err = s.client.do(ctx, request{method: "GET", path: at("directory", "room", s.full(local))}, &found)
	if is(err, codeNotFound) {
		return "", nil
	}
	return found.RoomID, err
}

func (s *directs) name(ctx context.Context, local, room string) error {
	return s.client.do(ctx, request{method: "PUT", path: at("directory", "room", s.full(local)), body: map[string]string{"room_id": room}}, nil)
}

// entered says whether somebody is in a room, or has been invited. Who never was is invited: its creation was cut short.
func (s *directs) entered(ctx context.Context, user, room string) (string, error) {
	membership, err := s.membership(ctx, user, room)
	switch {
	case is(err, codeForbidden): // it is we who are not in it any more
		return "", errLeft
	case err != nil:
		return "", err
	case membership == "join" || membership == "invite":
		return room, nil
	case membership != "":
		return "", errLeft
	}
	return room, s.client.do(ctx, request{method: "POST", path: at("rooms", room, "invite"), body: map[string]string{"user_id": user}}, nil)
}

// membership is that of a user in a room; "" if he was never asked in.
func (s *directs) membership(ctx context.Context, user, room string) (string, error) {
	var member struct {
		Membership string `json:"membership"`
	}
	err := s.client.do(ctx, request{method: "GET", path: at("rooms", room, "state", typeMember, user)}, &member)
	if is(err, codeNotFound) {
		return "", nil
	}
	return member.Membership, err
}

// create makes the room of a user who exists. That a server does not tell of its users does not matter: who is not there
// cannot be invited then.
func (s *directs) create(ctx context.Context, user string) (string, error) {
	err := s.client.do(ctx, request{method: "GET", path: at("profile", user)}, nil)
	if err != nil && !is(err, codeForbidden) {
		return "", err
	}
	var made struct {
		RoomID string `json:"room_id"`
	}
	err = s.client.do(ctx, request{method: "POST", path: at("createRoom"), body: map[string]any{
		"room_alias_name": s.aliases(user)[0], "preset": "trusted_private_chat", "is_direct": true, "invite": []string{user},
	}}, &made)
	return made.RoomID, err
}

// adopt makes a room that somebody has begun his own, unless he is in the one that we have for him. Of several at once one wins.
func (s *directs) adopt(ctx context.Context, user, room string) error {
	old, err := s.named(ctx, user)
	switch {
	case err != nil || old == room:
		return err
	case old != "":
		membership, err := s.membership(ctx, user, old)
		if err != nil && !is(err, codeForbidden) || membership == "join" || membership == "invite" {
			return err
		}
		for _, local := range s.aliases(user) {
			err := s.client.do(ctx, request{method: "DELETE", path: at("directory", "room", s.full(local))}, nil)
			if err != nil && !is(err, codeNotFound) {
				return err
			}
		}
	}
	s.forget(user)
	return s.name(ctx, s.aliases(user)[0], room)
}

// isOf says whether a room is the one that we use for a user.
func (s *directs) isOf(ctx context.Context, user, room string) (bool, error) {
	named, err := s.named(ctx, user)
	return named == room, err
}
