package channelstest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const (
	maxCode       = 32  // bytes: "451 4.7.1" and its like
	maxProviderID = 128 // bytes
)

// Faults lists what is wrong with the outcome of a delivery, whatever its result.
func Faults(d rooms.Delivery, o channels.Outcome) []string {
	return slices.Concat(resultFaults(o), fieldFaults(o), leaks(d, o))
}

// reasons are those that fit a result. A context that ended and a peer out of reach are
// Deferred too: the delivery can be tried again.
func reasons(r channels.Result) []rooms.Reason {
	switch r {
	case channels.Sent:
		return []rooms.Reason{rooms.NoReason}
	case channels.Deferred:
		return []rooms.Reason{rooms.Deferred, rooms.TimedOut, rooms.Unreachable, rooms.Unknown, rooms.Unconfigured}
	case channels.Throttled:
		return []rooms.Reason{rooms.Throttled}
	case channels.NoRoom:
		return []rooms.Reason{rooms.NoReason}
	case channels.Rejected:
		return []rooms.Reason{rooms.Rejected, rooms.NoContent, rooms.Bounced, rooms.NoMailbox}
	case channels.Suppressed:
		return []rooms.Reason{rooms.Suppressed}
	}
	return nil
}

func resultFaults(o channels.Outcome) []string {
	fitting := reasons(o.Result)
	if fitting == nil {
		return []string{"a result that does not exist"}
	}
	if !slices.Contains(fitting, o.Reason) {
		return []string{fmt.Sprintf("the reason of %s is one of %q", o.Result, fitting)}
	}
	return nil
}

func fieldFaults(o channels.Outcome) (faults []string) {
	wrong := func(is bool, what string) {
		if is {
			faults = append(faults, what)
		}
	}
	sent := o.Result == channels.Sent
	waits := o.Result == channels.Deferred || o.Result == channels.Throttled || o.Result == channels.NoRoom
	wrong(!sent && o.ProviderID != "", "only what was sent has a provider id")
	wrong(!sent && o.Receipt, "only of what was sent a receipt can follow")
	wrong(!waits && o.After != 0, "only what is deferred, throttled or without room has a wait")
	wrong(o.After < 0, "a wait into the past")
	wrong(!token(o.ProviderID, maxProviderID), "the provider id is not one short printable word")
	wrong(!token(strings.ReplaceAll(o.Code, " ", ""), maxCode), "the code is longer than a code, or not printable")
	return faults
}

// token holds for printable ASCII without space, up to a length.
func token(s string, limit int) bool {
	return len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// leaks finds the contact and the content in an outcome, however it is printed.
func leaks(d rooms.Delivery, o channels.Outcome) (found []string) {
	printed := strings.ToLower(fmt.Sprintf("%v %+v %#v %q", o, o, o, []string{o.ProviderID, o.Code}))
	for what, secret := range map[string]string{
		"contact": strings.TrimPrefix(d.To.Address.Reveal(), "+"),
		"name":    d.To.Name.Reveal(),
		"subject": d.Content.Subject.Reveal(),
		"text":    d.Content.Text.Reveal(),
		"HTML":    d.Content.HTML.Reveal(),
		"SMS":     d.Content.SMS.Reveal(),
	} {
		for _, word := range telling(secret) {
			if strings.Contains(printed, strings.ToLower(word)) {
				found = append(found, "it holds the "+what)
				break
			}
		}
	}
	return found
}

// telling are the words of a text that would give it away, one long enough not to be there by chance.
func telling(text string) []string {
	return slices.DeleteFunc(strings.Fields(text), func(word string) bool { return len(word) < 9 })
}
