package email

import (
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// Enhanced status codes decide between trying again, giving up, and leaving the address alone.
func TestEnhancedCodes(t *testing.T) {
	again, never := channels.Deferred, channels.Rejected
	for _, tc := range []struct {
		code     int
		enhanced string
		at       stage
		result   channels.Result
		reason   rooms.Reason
	}{
		{550, "5.1.1", recipient, never, rooms.NoMailbox},
		{550, "5.1.1", submitted, never, rooms.Rejected}, // some judge the content so
		{551, "5.1.6", recipient, never, rooms.NoMailbox},
		{556, "5.1.10", recipient, never, rooms.NoMailbox},
		{550, "5.2.1", recipient, never, rooms.NoMailbox},
		{550, "5.1.2", recipient, never, rooms.Rejected},
		{553, "5.1.3", recipient, never, rooms.Rejected},
		{552, "5.2.2", recipient, again, rooms.Deferred},
		{552, "5.2.2", submitted, again, rooms.Deferred},
		{552, "5.2.3", submitted, never, rooms.Rejected},
		{554, "5.3.1", recipient, again, rooms.Deferred},
		{554, "5.3.2", recipient, again, rooms.Deferred},
		{552, "5.3.4", sender, never, rooms.Rejected},
		{554, "5.4.1", recipient, again, rooms.Deferred},
		{554, "5.4.4", recipient, never, rooms.Rejected},
		{554, "5.4.6", recipient, never, rooms.Rejected},
		{553, "5.6.7", recipient, never, rooms.Rejected},
		{553, "5.1.8", recipient, again, rooms.Unreachable}, // the sender's domain
		{553, "5.1.7", sender, again, rooms.Unreachable},
		{550, "5.7.1", recipient, never, rooms.Rejected},
		{554, "5.7.1", submitted, never, rooms.Rejected},
		{550, "5.7.1", sender, again, rooms.Unreachable},
		{550, "5.7.8", recipient, again, rooms.Unreachable},
		{550, "5.7.20", submitted, again, rooms.Unreachable},
		{550, "5.7.23", recipient, again, rooms.Unreachable},
		{550, "5.7.25", recipient, again, rooms.Unreachable},
		{550, "5.7.26", submitted, again, rooms.Unreachable},
		{550, "", recipient, never, rooms.Rejected},
		{452, "4.2.2", recipient, again, rooms.Deferred},
		{450, "4.1.1", recipient, again, rooms.Deferred},
		{450, "4.7.1", recipient, again, rooms.Deferred},
		{421, "4.7.1", recipient, channels.Throttled, rooms.Throttled},
	} {
		got := reply{code: tc.code, enhanced: tc.enhanced}.outcome(tc.at)
		if got.Result != tc.result || got.Reason != tc.reason {
			t.Errorf("%d %s at stage %d: %s, %s; want %s, %s", tc.code, tc.enhanced, tc.at, got.Result, got.Reason, tc.result, tc.reason)
		}
	}
}
