package api

import (
	"slices"

	"github.com/govcrier/crier/rooms"
)

// rights are what a caller may be, to the platform and to the room or message that a call is about.
type rights uint16

const (
	caller        rights = 1 << iota // has a good token
	platformAdmin                    // by the token
	auditor                          // by the token
	roomAdmin                        // by the room's list
	publisher                        // by the room's list; an admin may too
	direct                           // by the room's list: may name recipients
	reader                           // by the room's list: reads what is published to all subscribers; an admin may too
	author                           // has published the message
	officer                          // by the token: approves policies
	drafter                          // admin of whatever room: writes policies
	oneself                          // the client that the path names
	passerby                         // nobody known, where the room lets everybody read; see passes

	public rights = 0 // a route for everybody, without token
)

// platformRights are those that a token gives. The roles publisher and subscriber are known but give none: what a
// client may do in a room is the room's to say.
func platformRights(roles []string) rights {
	has := caller
	if slices.Contains(roles, "admin") {
		has |= platformAdmin
	}
	if slices.Contains(roles, "auditor") {
		has |= auditor
	}
	if slices.Contains(roles, "dpo") {
		has |= officer
	}
	return has
}

// roomRights are those that a room gives to a client.
func roomRights(room rooms.RoomConfig, client rooms.Client) rights {
	var has rights
	if room.HasAdmin(client) {
		has |= roomAdmin
	}
	if room.MayRead(client) {
		has |= reader
	}
	may, named := room.MayPublish(client)
	if may {
		has |= publisher
	}
	if named {
		has |= direct
	}
	return has
}

// any says whether one of the rights asked for is there.
func (has rights) any(asked rights) bool { return has&asked != 0 }
