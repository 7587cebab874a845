package email

import (
	"slices"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/rooms"
)

// Of what the relay is to tell the return path (RFC 3461 §4.1).
const (
	NotifyFailure = "failure"
	NotifyDelay   = "delay"
	NotifySuccess = "success"
	NotifyNever   = "never"
)

const (
	maxToken     = 56 // characters of rooms.Delivery.Token
	maxLocalPart = 64 // RFC 5321 §4.5.3.1.1
)

// tagged is an address with a token in it, the plain one if there is no token: bounces+TOKEN@crier.example.
func tagged(address, token string) string {
	at := strings.LastIndexByte(address, '@')
	if token == "" || at < 0 {
		return address
	}
	return address[:at] + "+" + token + address[at:]
}

// returnPath is where bounces of a delivery go: to the sender himself if he wants them, else by the token to us.
func (c composer) returnPath(d rooms.Delivery) string {
	switch {
	case c.SenderReturnPath && !d.Sender.Email.IsZero():
		return d.Sender.Email.Reveal()
	case c.BounceAddress != "":
		return tagged(c.BounceAddress, d.Token)
	}
	return c.From
}

// answersTo is where answers go, empty for the sender's address: where the sender says, or to an address of ours. Without an address that knows them again, answers to
// another than the operator go to himself.
func (c composer) answersTo(d rooms.Delivery, from string) string {
	switch {
	case !d.Sender.ReplyTo.IsZero():
		return d.Sender.ReplyTo.Reveal()
	case c.ReplyAddress != "":
		return tagged(c.ReplyAddress, d.Token)
	case from == c.From:
		return c.ReplyTo
	}
	return ""
}

// waysToLeave are those by which a subscriber ends his subscription (RFC 2369 §3.2), the best one first.
func (c composer) waysToLeave(d rooms.Delivery) (ways []string) {
	if leave := d.Leave.Reveal(); leave != "" {
		ways = append(ways, "<"+leave+">")
	}
	if d.Subscribed && d.Token != "" && c.UnsubscribeAddress != "" {
		ways = append(ways, "<mailto:"+tagged(c.UnsubscribeAddress, d.Token)+">")
	}
	return ways
}

// receipts are asked for where the relay offers them (RFC 3461, RFC 6533).
func (m message) receipts() *smtp.RcptOptions {
	o := receiptsOf(m.to)
	for _, what := range m.notify {
		o.Notify = append(o.Notify, smtp.DSNNotify(strings.ToUpper(what)))
	}
	return o
}

func receiptsOf(to string) *smtp.RcptOptions {
	o := &smtp.RcptOptions{OriginalRecipientType: smtp.DSNAddressTypeRFC822, OriginalRecipient: to}
	if !ascii(to) {
		o.OriginalRecipientType = smtp.DSNAddressTypeUTF8
	}
	return o
}

func (o Options) checkAnswers() (f faults) {
	for _, what := range o.Notify {
		f.when(!slices.Contains([]string{NotifyFailure, NotifyDelay, NotifySuccess, NotifyNever}, what),
			"notify %q is not failure, delay, success or never", what)
	}
	sorted := slices.Sorted(slices.Values(o.Notify))
	f.when(len(slices.Compact(sorted)) < len(o.Notify), "notify names something twice")
	f.when(slices.Contains(o.Notify, NotifyNever) && len(o.Notify) > 1, "notify: never stands alone")
	f.checkTagged("bounceAddress", o.BounceAddress)
	f.checkTagged("replyAddress", o.ReplyAddress)
	f.checkTagged("unsubscribeAddress", o.UnsubscribeAddress)
	f.when(o.ReplyTo != "" && o.ReplyAddress != "", "set one of replyTo and replyAddress")
	return f
}

// checkTagged wants room for a token in an address.
func (f *faults) checkTagged(option, address string) {
	if address == "" {
		return
	}
	_, err := rooms.ParseEmail(address)
	f.when(err != nil, "%s: %w", option, err)
	local := strings.LastIndexByte(address, '@')
	f.when(local+1+maxToken > maxLocalPart, "%s: at most %d characters before the @, since a token follows them", option, maxLocalPart-maxToken-1)
}
