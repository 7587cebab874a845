package rooms

// Selection is a part of a room's messages to all subscribers: those of a lane and of a type, of
// all lanes or types where these are empty.
type Selection struct {
	Room Room
	Lane Lane
	Type Type
}

// Filter selects them in the room's log.
func (s Selection) Filter() string {
	return prefix(false) + "." + string(s.Room) + "." + orAny(string(s.Lane)) + "." + orAny(string(s.Type))
}

func orAny(token string) string {
	if token == "" {
		return "*"
	}
	return token
}

// Has says whether a message is one of them.
func (s Selection) Has(h Header) bool {
	return !h.Direct && h.Room == s.Room && (s.Lane == "" || h.Lane == s.Lane) && (s.Type == "" || h.Type == s.Type)
}
