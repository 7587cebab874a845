package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// Each step says what happened, by which provider, and which rule sets what follows.
func TestStepsInWords(t *testing.T) {
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	then := at.Add(time.Hour)
	for want, s := range map[string]v1.DeliveryStep{
		"attempt 1 by sms through smsc: sent; if no receipt comes, it moves to email " + moment(then) + ", by the fallback of its policy.": {
			Event: v1.StepSent, Channel: "sms", Provider: "smsc", RetryAt: then, Rule: v1.StepFallback, Next: "email"},
		"attempt 1 by sms through smsc: errored (bounced, 11); it moves to the other channel " + moment(then) + ", by the fallback of its policy.": {
			Event: v1.StepErrored, Channel: "sms", Provider: "smsc", Reason: "bounced", Code: "11", RetryAt: then, Rule: v1.StepFallback},
		"attempt 1 by sms: put off until " + moment(then) + ", by the quiet hours or dates of its policy.": {
			Event: v1.StepPostponed, Channel: "sms", Reason: "quiet-hours", RetryAt: then, Rule: v1.StepQuietHours},
		"attempt 1 by email through relay: errored (deferred, 451); again " + moment(then) + ".": {
			Event: v1.StepErrored, Channel: "email", Provider: "relay", Reason: "deferred", Code: "451", RetryAt: then},
		"attempt 1 by email: not made (suppressed), so it stays sent.": {Event: v1.StepSent, Channel: "email", Reason: "suppressed", Code: "left"},
		"attempt 1 of round 2 by email: tried anew, as boss has said.": {Event: v1.StepRequeued, Channel: "email", Round: 1, By: "boss"},
		"attempt 1 by email: dropped by boss.":                         {Event: v1.StepDropped, Channel: "email", By: "boss", Reason: "rejected"},
		"attempt 1 by email: failed (suppressed, the person has said that nothing more of the room is wanted; see crier suppression find).": {
			Event: v1.StepFailed, Channel: "email", Reason: "suppressed", Code: "stopped"},
		"attempt 1 by email through relay: delivered.": {Event: v1.StepDelivered, Channel: "email", Provider: "relay"},
	} {
		s.At, s.Attempt = at, 1
		var out bytes.Buffer
		tellSteps(&out, v1.Delivery{Steps: []v1.DeliveryStep{s}})
		if got := strings.TrimSpace(out.String()); got != moment(at)+"  "+want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// A message that the quiet hours of its policy hold up is told to wait for them; one that waits for its own time is not.
func TestQuietHoursAreNamed(t *testing.T) {
	r := v1.PolicyRevision{Expiry: "24h", Zone: "Asia/Bishkek", QuietHours: v1.PolicyQuietHours{{From: "21:00", Until: "08:00"}}}
	at := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC) // 8:00 in Bishkek
	for want, m := range map[string]v1.Message{
		"it waits until " + moment(at):  {SendAt: at},
		"it waited until " + moment(at): {SendAt: at, ReleasedAt: at},
		"":                              {SendAt: at.Add(time.Minute)},
	} {
		var out bytes.Buffer
		tellRules(&out, m, r)
		const named = "For these times, when nobody is written to, "
		if got := strings.Contains(out.String(), named); got != (want != "") || got && !strings.Contains(out.String(), named+want) {
			t.Errorf("%+v: %s", m, out.String())
		}
	}
}

// Until when attempts are made is what the message says, where it says something else than its policy.
func TestTimeOfItsOwn(t *testing.T) {
	r := v1.PolicyRevision{Expiry: "24h"}
	m := v1.Message{ReceivedAt: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)}
	for days, want := range map[int]string{1: "24h after acceptance", 7: moment(m.ReceivedAt.AddDate(0, 0, 7)) + ", which goes before the 24h of the policy"} {
		m.ExpiresAt = m.ReceivedAt.AddDate(0, 0, days)
		if got := untilText(m, r); got != want {
			t.Errorf("after %d days: %q, want %q", days, got, want)
		}
	}
}
