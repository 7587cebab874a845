package main

import (
	"fmt"
	"io"
	"strings"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// tellSteps says in a line each what happened to a delivery.
func tellSteps(w io.Writer, d v1.Delivery) {
	for _, s := range d.Steps {
		fmt.Fprintf(w, "  %s  %s: %s.\n", moment(s.At), attemptText(s), stepText(s))
	}
	if len(d.Steps) == 0 && d.Channel == "" && d.Reason == v1.DeliveryReason(rooms.Suppressed) {
		fmt.Fprintln(w, "  The person had left the room when the message was planned.")
	}
}

// attemptText is which attempt a step speaks of, and how it was made.
func attemptText(s v1.DeliveryStep) string {
	text := fmt.Sprintf("attempt %d", s.Attempt)
	if s.Round > 0 {
		text += fmt.Sprintf(" of round %d", s.Round+1)
	}
	if s.Channel != "" {
		text += " by " + string(s.Channel)
	}
	if s.Provider != "" {
		text += " through " + s.Provider
	}
	return text
}

// stepText is what became of it, and what sets the next attempt.
func stepText(s v1.DeliveryStep) string {
	switch s.Event {
	case v1.StepPostponed:
		return "put off until " + moment(s.RetryAt) + because(s)
	case v1.StepRequeued:
		return "tried anew, as " + s.By + " has said"
	case v1.StepDropped:
		return "dropped by " + s.By
	case v1.StepSent:
		if s.Reason != "" {
			return "not made (" + s.Reason + "), so it stays sent"
		}
		if !s.RetryAt.IsZero() {
			return "sent; if no receipt comes, it moves" + onto(s) + " " + moment(s.RetryAt) + because(s)
		}
	}
	text := string(s.Event) + grounds(s)
	switch {
	case s.RetryAt.IsZero():
	case s.Rule == v1.StepFallback:
		text += "; it moves" + onto(s) + " " + moment(s.RetryAt) + because(s)
	default:
		text += "; again " + moment(s.RetryAt) + because(s)
	}
	return text
}

// onto is the channel to which a delivery moves, where it is known already.
func onto(s v1.DeliveryStep) string {
	if s.Next == "" {
		return " to the other channel"
	}
	return " to " + string(s.Next)
}

// because names the rule that sets the next attempt.
func because(s v1.DeliveryStep) string {
	switch s.Rule {
	case v1.StepFallback:
		return ", by the fallback of its policy"
	case v1.StepQuietHours:
		return ", by the quiet hours or dates of its policy"
	case v1.StepCap:
		return ", by the limit of messages that a person gets"
	}
	return ""
}

// grounds are why, in brackets; nothing where there is nothing to say.
func grounds(s v1.DeliveryStep) string {
	code := s.Code
	if s.Reason == string(rooms.Suppressed) {
		code = map[string]string{
			rooms.SuppressedLeft:    "the person is no subscriber of the room any more",
			rooms.SuppressedStopped: "the person has said that nothing more of the room is wanted; see crier suppression find",
			rooms.SuppressedAddress: "the address is known to take nothing; see crier suppression find",
			rooms.SuppressedChannel: "the person has no address on this channel any more",
		}[code]
	}
	var words []string
	for _, one := range []string{s.Reason, code} {
		if one != "" {
			words = append(words, one)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}
