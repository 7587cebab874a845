// Package registry keeps the rooms and their subscribers.
//
// A person is in a room once. His id there is a keyed hash of room and contact: while hash keys
// change he is found under either id by his contact, and by his former id as long as its key is
// enabled; Rekeyer gives him the new one. Two nodes of which one writes ids with a key that the
// other has not promoted yet can subscribe the same person at the same moment, each under its own
// id; the next pass of a Rekeyer makes one of the two.
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
	// ErrUnknownPolicy: there is no such policy, or no such revision, or none that is published.
	ErrUnknownPolicy = errors.New("unknown policy")
	// ErrPolicyExists: a policy of that name is there already.
	ErrPolicyExists = errors.New("policy exists")
	// ErrPolicyInUse: a room names the policy.
	ErrPolicyInUse = errors.New("policy in use")
	// ErrUnknownSubscriber: the room has no subscriber of that id.
	ErrUnknownSubscriber = errors.New("unknown subscriber")
	// ErrSubscriberState: the subscriber is in no state for this.
	ErrSubscriberState = errors.New("subscriber in another state")
	// ErrLeft: the person has left the room, and has not said since that he wants to come back.
	ErrLeft = errors.New("the person has left")
	// ErrClosed: nobody comes into the room but by its admins.
	ErrClosed = errors.New("room closed")
	// ErrCode: nobody waits for this code. It says not why.
	ErrCode = errors.New("code not good")
)
