package cap

import (
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// Refuse says why an alert that is right is not published all the same; nothing if it is.
//
//   - Of the statuses, Actual is published and Exercise is, as a drill. Test ("technical testing only, all recipients
//     disregard"), System and Draft are not for people.
//   - Ack and Error speak to systems that exchange alerts.
//   - A Private alert is for those that it addresses; crier has no way to reach them by such addresses.
//   - What has expired, or has nothing to say, or expires before it takes effect, is of no use.
func (a Alert) Refuse(now time.Time) (faults []rooms.Fault) {
	add := func(refused bool, at string, code v1.FaultCode, why string) {
		if refused {
			faults = append(faults, rooms.Fault{Pointer: at, Code: string(code), Detail: why})
		}
	}
	expires := a.Expires()
	add(a.Status == "Test", "/alert/status", v1.FaultCodeNotSupported, "a test, which all recipients are to disregard, is sent to nobody; an Exercise is sent as a drill")
	add(a.Status == "System" || a.Status == "Draft", "/alert/status", v1.FaultCodeNotSupported, "it is not for people: what is published is Actual, or an Exercise")
	add(a.MsgType == "Ack" || a.MsgType == "Error", "/alert/msgType", v1.FaultCodeNotSupported, "it is for systems that exchange alerts: what is published is an Alert, an Update or a Cancel")
	add(a.Scope == "Private", "/alert/scope", v1.FaultCodeNotSupported, "its addresses are not known here: publish a message to named recipients")
	add(a.MsgType != "Cancel" && len(a.Info) == 0, "/alert/info", v1.FaultCodeMissing, "there is nothing to be said")
	add(!expires.IsZero() && !expires.After(now), "/alert/info/0/expires", v1.FaultCodeInvalidTime, "it has expired")
	add(!expires.IsZero() && !expires.After(a.Effective()), "/alert/info/0/expires", v1.FaultCodeInvalidTime, "later than it takes effect")
	return faults
}
