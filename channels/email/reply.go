package email

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

const serviceClosing = 421 // RFC 5321 §3.8: the relay closes the connection

// reply is an answer of the relay that is not the hoped-for one.
type reply struct {
	code     int
	enhanced string // RFC 3463, "" if none
	text     string // never leaves the package: it may quote contact and content
}

// asReply finds the reply in an error.
func asReply(err error) (reply, bool) {
	var refused *smtp.SMTPError
	if errors.As(err, &refused) {
		r := newReply(refused.Code, refused.Message)
		if refused.EnhancedCode != (smtp.EnhancedCode{}) {
			r.enhanced = r.fitting(fmt.Sprintf("%d.%d.%d", refused.EnhancedCode[0], refused.EnhancedCode[1], refused.EnhancedCode[2]))
		}
		return r, true
	}
	var plain *textproto.Error
	if errors.As(err, &plain) {
		return newReply(plain.Code, plain.Msg), true
	}
	return reply{}, false
}

// newReply reads an enhanced code at the beginning of the text, if there is one.
func newReply(code int, text string) reply {
	r := reply{code: code, text: text}
	first, _, _ := strings.Cut(text, " ")
	r.enhanced = r.fitting(first)
	return r
}

// fitting is the enhanced code if it is one, and of the class of the reply: X.Y.Z with up to
// three digits each (RFC 3463 §2).
func (r reply) fitting(enhanced string) string {
	parts := strings.Split(enhanced, ".")
	if len(parts) != 3 || parts[0] != fmt.Sprint(r.code/100) {
		return ""
	}
	for _, p := range parts {
		if len(p) < 1 || len(p) > 3 || strings.Trim(p, "0123456789") != "" {
			return ""
		}
	}
	return enhanced
}

// String is the code that may be kept: "451 4.7.1", or "451".
func (r reply) String() string { return strings.TrimSpace(fmt.Sprintf("%03d %s", r.code, r.enhanced)) }

// outcome is what the reply means for a message that had come as far as at.
func (r reply) outcome(at stage) channels.Outcome {
	o := channels.Outcome{Code: r.String()}
	switch {
	case r.throttles():
		o.Result, o.Reason, o.After = channels.Throttled, rooms.Throttled, retryAfter(r.text)
	case at == connecting, r.aboutLogin(), at == sender && !r.aboutMessage(), at != sender && r.verdict() == ours:
		// Whatever its code, it is the gateway that is refused, not this message.
		o.Result, o.Reason, o.After = channels.Deferred, rooms.Unreachable, retryAfter(r.text)
	case r.code/100 == 4, at != sender && r.verdict() == retry:
		o.Result, o.Reason, o.After = channels.Deferred, rooms.Deferred, retryAfter(r.text)
	case at == recipient && r.verdict() == suppress:
		o.Result, o.Reason = channels.Rejected, rooms.NoMailbox
	case r.code/100 == 5:
		o.Result, o.Reason = channels.Rejected, rooms.Rejected
	default: // not an answer to what was asked
		o.Result, o.Reason = channels.Deferred, rooms.Unreachable
		if at == submitted {
			o.Reason = rooms.Unknown
		}
	}
	return o
}

// aboutLogin holds for the codes of RFC 4954 §6, which ask the gateway to prove who it is.
func (r reply) aboutLogin() bool {
	switch r.code {
	case 530, 534, 535, 538:
		return true
	}
	return false
}

// aboutMessage holds for the replies to a sender's name that speak of the message after all:
// its size (RFC 1870 §6) or its need of SMTPUTF8 (RFC 6531 §3.5).
func (r reply) aboutMessage() bool {
	return r.code/100 == 4 || r.code == 552 || r.enhanced == "5.3.4" || r.enhanced == "5.6.7"
}

// throttles holds for replies that speak of the gateway's rate: 421 for reasons of policy
// (4.7.x), X.7.28 (mail flood), and policy replies that say so in words. Limits of one mailbox
// (4.2.x) and greylisting concern one recipient only.
func (r reply) throttles() bool {
	if r.code/100 != 4 || !strings.HasPrefix(r.enhanced, "4.7.") && (r.code != serviceClosing || r.enhanced != "") {
		return false
	}
	return r.enhanced != "" && r.code == serviceClosing || r.enhanced == "4.7.28" || speaksOfRate(r.text)
}
