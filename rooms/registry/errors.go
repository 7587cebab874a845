// Package registry keeps the rooms and their subscribers.
package registry

import "errors"

// The refusals.
var (
	// ErrExists: a room of that name is there already.
	ErrExists = errors.New("room exists")
	// ErrUnknownRoom: no room has that name.
	ErrUnknownRoom = errors.New("unknown room")
	// ErrRevision: the room was changed since the revision given.
	ErrRevision = errors.New("room changed since")
	// ErrUnknownSubscriber: the room has no subscriber of that id.
	ErrUnknownSubscriber = errors.New("unknown subscriber")
)
