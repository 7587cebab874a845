package matrixtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// reply does what is asked for.
func (s *Server) reply(a ask) answer {
	what := a.Method + " " + a.parts[0]
	switch what {
	case "POST login":
		return s.login(a)
	case "POST refresh":
		return s.refreshed(a)
	}
	s.mu.Lock()
	a.session = s.tokens[strings.TrimPrefix(a.Header.Get("Authorization"), "Bearer ")]
	s.mu.Unlock()
	if a.user == "" {
		f := fail(http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
		f.body.(map[string]any)["soft_logout"] = true
		return f
	}
	if what == "GET sync" {
		return s.sync(a)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "GET account":
		return ok(map[string]any{"user_id": a.user, "device_id": a.device})
	case "GET profile":
		if s.users[a.parts[1]] == nil {
			return fail(http.StatusNotFound, "M_NOT_FOUND")
		}
		return ok(map[string]any{})
	case "POST createRoom":
		return s.createRoom(a)
	case "POST join":
		return s.join(a)
	case "GET user", "PUT user":
		return s.data(a)
	case "GET directory", "PUT directory", "DELETE directory":
		return s.directory(a)
	case "GET rooms", "POST rooms", "PUT rooms":
		return s.room(a)
	}
	return fail(http.StatusNotFound, "M_UNRECOGNIZED")
}

func (s *Server) login(a ask) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, _ := a.body["identifier"].(map[string]any)
	id, _ := who["user"].(string)
	if a.body["password"] != Password || s.users[id] == nil {
		return fail(http.StatusForbidden, "M_FORBIDDEN")
	}
	device, _ := a.body["device_id"].(string)
	for token, other := range s.tokens { // a device has one session
		if other == (session{id, device}) {
			delete(s.tokens, token)
		}
	}
	return s.grant(session{id, device})
}

func (s *Server) refreshed(a ask) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := a.body["refresh_token"].(string)
	who, known := s.refresh[token]
	if !known {
		return fail(http.StatusUnauthorized, "M_UNKNOWN_TOKEN")
	}
	delete(s.refresh, token)
	return s.grant(who)
}

func (s *Server) grant(who session) answer {
	n := s.tick()
	token, next := fmt.Sprintf("access-%d", n), fmt.Sprintf("refresh-%d", n)
	s.tokens[token], s.refresh[next] = who, who
	return ok(map[string]any{"user_id": who.user, "device_id": who.device, "access_token": token, "refresh_token": next, "expires_in_ms": 60_000})
}

func (s *Server) createRoom(a ask) answer {
	local, _ := a.body["room_alias_name"].(string)
	alias := "#" + local + ":" + Name
	if s.aliases[alias] != "" {
		return fail(http.StatusBadRequest, "M_ROOM_IN_USE")
	}
	r := s.create(a.user)
	if local != "" {
		s.aliases[alias] = r.id
	}
	invited, _ := a.body["invite"].([]any)
	for _, one := range invited {
		id, _ := one.(string)
		s.member(r, a.user, id, "invite", a.body["is_direct"] == true)
	}
	return ok(map[string]any{"room_id": r.id})
}

func (s *Server) join(a ask) answer {
	r := s.rooms[a.parts[1]]
	if r == nil {
		return fail(http.StatusNotFound, "M_NOT_FOUND")
	}
	switch r.members[a.user] {
	case "invite":
		s.member(r, a.user, a.user, "join", false)
	case "join":
	default:
		return fail(http.StatusForbidden, "M_FORBIDDEN")
	}
	return ok(map[string]any{"room_id": r.id})
}

func (s *Server) data(a ask) answer {
	if len(a.parts) < 4 || a.parts[1] != a.user {
		return fail(http.StatusForbidden, "M_FORBIDDEN")
	}
	kept := s.users[a.user].data
	if a.Method == http.MethodPut {
		kept[a.parts[3]], _ = json.Marshal(a.body)
		s.tick()
		return ok(map[string]any{})
	}
	if kept[a.parts[3]] == nil {
		return fail(http.StatusNotFound, "M_NOT_FOUND")
	}
	return ok(kept[a.parts[3]])
}

func (s *Server) directory(a ask) answer {
	alias := a.parts[len(a.parts)-1]
	known := s.aliases[alias]
	switch {
	case a.Method == http.MethodPut && known != "":
		return fail(http.StatusConflict, "M_UNKNOWN")
	case a.Method == http.MethodPut:
		id, _ := a.body["room_id"].(string)
		s.aliases[alias] = id
	case known == "":
		return fail(http.StatusNotFound, "M_NOT_FOUND")
	case a.Method == http.MethodDelete:
		delete(s.aliases, alias)
	}
	return ok(map[string]any{"room_id": known, "servers": []string{Name}})
}

// room is what concerns one.
func (s *Server) room(a ask) answer {
	r := s.rooms[a.parts[1]]
	if r == nil || len(a.parts) < 3 || r.members[a.user] == "" {
		return fail(http.StatusForbidden, "M_FORBIDDEN")
	}
	what := a.Method + " " + a.parts[2]
	if what == "GET state" {
		membership := r.members[a.parts[4]]
		if membership == "" {
			return fail(http.StatusNotFound, "M_NOT_FOUND")
		}
		return ok(map[string]any{"membership": membership})
	}
	if r.members[a.user] != "join" {
		return fail(http.StatusForbidden, "M_FORBIDDEN")
	}
	switch what {
	case "PUT send":
		return s.send(a, r)
	case "POST invite":
		id, _ := a.body["user_id"].(string)
		s.member(r, a.user, id, "invite", true)
		return ok(map[string]any{})
	case "GET joined_members":
		all := map[string]any{}
		for id, membership := range r.members {
			if membership == "join" {
				all[id] = map[string]any{"display_name": nil}
			}
		}
		return ok(map[string]any{"joined": all})
	case "GET event":
		for _, e := range r.events {
			if e.ID == a.parts[3] {
				return ok(e)
			}
		}
		return fail(http.StatusNotFound, "M_NOT_FOUND")
	case "GET context":
		return s.context(a, r)
	case "GET messages":
		return s.messages(a, r)
	}
	return fail(http.StatusNotFound, "M_UNRECOGNIZED")
}

// maxEvent is less than the 65,536 bytes of the specification by what a server adds.
const maxEvent = 65_000

func (s *Server) send(a ask, r *room) answer {
	if body, _ := json.Marshal(a.body); len(body) > maxEvent {
		return fail(http.StatusRequestEntityTooLarge, "M_TOO_LARGE")
	}
	txn := a.user + " " + a.device + " " + a.URL.Path
	if s.txns[txn] == "" {
		s.txns[txn] = s.add(r, a.user, a.parts[3], nil, a.body)
	}
	return ok(map[string]any{"event_id": s.txns[txn]})
}

// filter is what of events is wanted.
type filter struct {
	Types      []string `json:"types"`
	Senders    []string `json:"senders"`
	NotSenders []string `json:"not_senders"`
	Limit      int      `json:"limit"`
}

func (f filter) takes(e Event) bool {
	return (f.Types == nil || slices.Contains(f.Types, e.Type)) && (f.Senders == nil || slices.Contains(f.Senders, e.Sender)) &&
		!slices.Contains(f.NotSenders, e.Sender)
}

func (a ask) filter() (f filter) {
	_ = json.Unmarshal([]byte(a.URL.Query().Get("filter")), &f)
	return f
}

func (s *Server) context(a ask, r *room) answer {
	at := slices.IndexFunc(r.events, func(e Event) bool { return e.ID == a.parts[3] })
	if at < 0 {
		return fail(http.StatusNotFound, "M_NOT_FOUND")
	}
	var limit int
	_, _ = fmt.Sscan(a.URL.Query().Get("limit"), &limit)
	before := []Event{}
	for _, e := range slices.Backward(r.events[:at]) {
		if a.filter().takes(e) && len(before) < limit/2 {
			before = append(before, e)
		}
	}
	return ok(map[string]any{"event": r.events[at], "events_before": before, "events_after": []Event{}})
}

func (s *Server) messages(a ask, r *room) answer {
	q := a.URL.Query()
	from, to := position(q.Get("from")), position(q.Get("to"))
	var limit int
	_, _ = fmt.Sscan(q.Get("limit"), &limit)
	chunk, end := []Event{}, ""
	for _, e := range slices.Backward(r.events) {
		if e.at > from || e.at <= to || !a.filter().takes(e) {
			continue
		}
		if len(chunk) == limit {
			end = fmt.Sprintf("s%d", e.at)
			break
		}
		chunk = append(chunk, e)
	}
	return ok(map[string]any{"chunk": chunk, "start": q.Get("from"), "end": end})
}
