package matrixtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// position reads "s7".
func position(s string) int64 {
	n, _ := strconv.ParseInt(strings.TrimPrefix(s, "s"), 10, 64)
	return n
}

// sync waits for something that has happened since a position.
func (s *Server) sync(a ask) answer {
	q := a.URL.Query()
	since := position(q.Get("since"))
	ms, _ := strconv.Atoi(q.Get("timeout"))
	late := time.After(time.Duration(ms) * time.Millisecond)
	var f struct {
		Room struct{ Timeline, Ephemeral filter } `json:"room"`
	}
	_ = json.Unmarshal([]byte(q.Get("filter")), &f)
	for {
		s.mu.Lock()
		changed := s.changed
		rooms, news := s.since(a.user, since, f.Room.Timeline)
		body := map[string]any{"next_batch": fmt.Sprintf("s%d", s.now), "rooms": rooms}
		s.mu.Unlock()
		if news || q.Get("since") == "" || ms == 0 {
			return ok(body)
		}
		select {
		case <-changed:
		case <-late:
			return ok(body)
		case <-a.Context().Done():
			return ok(body)
		case <-s.done:
			return ok(body)
		}
	}
}

// since gathers what is new in the rooms of a user, under s.mu.
func (s *Server) since(who string, since int64, f filter) (rooms map[string]any, news bool) {
	join, invite, leave := map[string]any{}, map[string]any{}, map[string]any{}
	for id, r := range s.rooms {
		timeline, limited, mine := r.since(who, since, f)
		switch r.members[who] {
		case "join":
			receipts := r.read(since)
			if len(timeline) > 0 || len(receipts) > 0 {
				join[id] = map[string]any{
					"timeline":  map[string]any{"events": timeline, "limited": limited != 0, "prev_batch": fmt.Sprintf("s%d", limited)},
					"ephemeral": map[string]any{"events": receipts},
				}
			}
		case "invite":
			if mine != nil {
				invite[id] = map[string]any{"invite_state": map[string]any{"events": []Event{*mine}}}
			}
		case "leave", "ban":
			if mine != nil && since > 0 {
				leave[id] = map[string]any{"timeline": map[string]any{"events": []Event{*mine}}}
			}
		}
	}
	return map[string]any{"join": join, "invite": invite, "leave": leave}, len(join)+len(invite)+len(leave) > 0
}

// since gives the events that are new, of too many the last; limited is the position before them. mine is a new membership of the user.
// To who has just entered the room all of it is new.
func (r *room) since(who string, since int64, f filter) (all []Event, limited int64, mine *Event) {
	all = []Event{}
	if slices.ContainsFunc(r.events, func(e Event) bool {
		return e.at > since && e.Key != nil && *e.Key == who && e.Content["membership"] == "join"
	}) {
		since = 0
	}
	for _, e := range r.events {
		if e.at <= since {
			continue
		}
		if e.Key != nil && *e.Key == who {
			mine = &e
		}
		if f.takes(e) {
			all = append(all, e)
		}
	}
	if f.Limit > 0 && len(all) > f.Limit {
		all = all[len(all)-f.Limit:]
		limited = all[0].at - 1
	}
	return all, limited, mine
}

// read are the receipts that are new, as one event.
func (r *room) read(since int64) []map[string]any {
	content := map[string]any{}
	for _, one := range r.receipts {
		if one.at > since {
			content[one.event] = map[string]any{"m.read": map[string]any{one.user: map[string]any{"ts": time.Now().UnixMilli()}}}
		}
	}
	if len(content) == 0 {
		return []map[string]any{}
	}
	return []map[string]any{{"type": "m.receipt", "content": content}}
}
