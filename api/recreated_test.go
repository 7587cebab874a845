package api

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	v1 "github.com/govcrier/crier/api/v1"
)

// recreated is an engine whose room was deleted and created anew, with other people, after its message was received.
func recreated(after time.Duration) *engine {
	e := newEngine()
	room := e.rooms["newborn"]
	room.Admins, room.CreatedAt = append(room.Admins, "new-boss"), noon().Add(after)
	e.rooms["newborn"] = room
	return e
}

func TestAdminsOfANewRoomDoNotSeeWhatAnEarlierOneReceived(t *testing.T) {
	for _, path := range []string{"/v1/messages/" + umid, "/v1/messages/" + umid + "/deliveries"} {
		for token, want := range map[string]int{"new-boss": 404, "hosp-8": 404, "hosp-7": 200, "root+admin": 200, "eye+auditor": 200} {
			if w := (ask{"GET", path, token, "", nil}).of(newServer(recreated(time.Millisecond))); w.Code != want {
				t.Errorf("%s %s: %d, want %d", token, path, w.Code, want)
			}
		}
		if w := (ask{"GET", path, "new-boss", "", nil}).of(newServer(recreated(0))); w.Code != 200 {
			t.Errorf("%s, received as the room was created: %d", path, w.Code)
		}
	}
}

func TestListLeavesOutWhatAnEarlierRoomReceived(t *testing.T) {
	for _, tc := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {time.Millisecond, 0}} {
		for _, token := range []string{"new-boss", "hosp-7", "root+admin", "eye+auditor"} {
			var list v1.MessageList
			w := ask{"GET", "/v1/rooms/newborn/messages?limit=1", token, "", nil}.of(newServer(recreated(tc.after)))
			if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 {
				t.Fatalf("%s: %d %s %v", token, w.Code, w.Body, err)
			}
			if len(list.Messages) != tc.want || (list.Next != nil) != (tc.want > 0) {
				t.Errorf("%s, created %s after: %s", token, tc.after, w.Body)
			}
		}
	}
}
