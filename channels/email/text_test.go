package email

import (
	"strings"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"try again in 300 seconds":                                  300 * time.Second,
		"Greylisting in action, please come back in 00:05:00":       5 * time.Minute,
		"Greylisted for 5 minutes, see http://help.example/":        5 * time.Minute,
		"4.7.1 <citizen@people.test>: please try again in 2 hours.": 2 * time.Hour,
		"retry after 60s":                                time.Minute,
		"Too many messages; wait 1 minute.":              time.Minute,
		"in 10 min, or after 1 h":                        10 * time.Minute,
		"try again later":                                0,
		"try again in a while":                           0,
		"giving up after 3 attempts":                     0,
		"blocked for 99999999999999999999999999 seconds": 0,
		"blocked for 7 days":                             0,
		"blocked for 24 hours":                           24 * time.Hour,
		"in -5 seconds":                                  5 * time.Second,
		"in":                                             0,
		"for 203.0.113.7":                                0,
		"in 00:00:00 seconds":                            0,
		"in 1:2":                                         0,
		"the queue for seconds is 12 seconds long":       0,
		"temporarily deferred for citizen, retry in 15 mins and not now": 15 * time.Minute,
	} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q asks for %s, want %s", text, got, want)
		}
	}
}

func TestQueueID(t *testing.T) {
	for text, want := range map[string]string{
		"2.0.0 Ok: queued as 4bXyZk1Qz8z1":                   "4bXyZk1Qz8z1",
		"2.0.0 Ok: queued as AB12CD.":                        "AB12CD",
		"OK id=1tBcDe-0000AB-2C":                             "1tBcDe-0000AB-2C",
		"2.0.0 4AMB2cde012345 Message accepted for delivery": "4AMB2cde012345",
		"Ok 0102019a-1b2c3d4e-000000":                        "0102019a-1b2c3d4e-000000",
		"2.0.0 OK  1732268000 abc.12 - gsmtp":                "",
		"2.6.0 <01@gov.test> [InternalId=1] Queued mail":     "",
		"2.0.0 Ok: queued as citizen@people.test":            "",
		"2.0.0 Ok: queued as " + strings.Repeat("A", 65):     "",
		"2.0.0 your Message accepted for delivery":           "",
		"2.0.0 Ok thanks":                                    "",
		"Ok":                                                 "",
		"queued as":                                          "",
		"":                                                   "",
		"2.0.0 Ok: queued as \u0410\u0411":                   "",
		"2.0.0 from MTA([127.0.0.1]:10025): 250 Ok: queued as 9F8": "9F8",
	} {
		if got := queueID(text); got != want {
			t.Errorf("%q holds id %q, want %q", text, got, want)
		}
	}
}

func TestReplyCode(t *testing.T) {
	for _, tc := range []struct {
		code int
		text string
		want string
	}{
		{451, "4.7.1 try again", "451 4.7.1"},
		{451, "try again", "451"},
		{550, "4.7.1 of another class", "550"},
		{550, "5.1 not whole", "550"},
		{550, "5.79123.4567 a telephone number", "550"},
		{550, "5.-1.+2 signs", "550"},
		{550, "5.1.1", "550 5.1.1"},
		{7, "", "007"},
	} {
		if got := newReply(tc.code, tc.text).String(); got != tc.want {
			t.Errorf("%d %s is kept as %q, want %q", tc.code, tc.text, got, tc.want)
		}
	}
}

// FuzzReplyText wants that no text makes crier wait for long or keep more than an id.
func FuzzReplyText(f *testing.F) {
	for _, text := range []string{
		"try again in 300 seconds", "come back in 00:05:00", "retry after 60s", "for 1048575 hours",
		"2.0.0 Ok: queued as 4bXyZk1Qz8z1", "OK id=1tBcDe-0000AB-2C", "Ok 1", "4.7.28 rate limit", "1A Message accepted",
	} {
		f.Add(421, text)
	}
	f.Fuzz(func(t *testing.T, code int, text string) {
		if wait := retryAfter(text); wait < 0 || wait > maxWait {
			t.Errorf("%q asks for %s", text, wait)
		}
		if id := queueID(text); len(id) > maxQueueID || !strings.Contains(text, id) || strings.ContainsAny(id, "@.+ <>") {
			t.Errorf("%q holds id %q", text, id)
		}
		if code < 0 || code > 999 {
			return
		}
		r := newReply(code, text)
		if kept := r.String(); len(kept) > len("451 4.777.777") || strings.Trim(kept, "0123456789. ") != "" {
			t.Errorf("%d %q is kept as %q", code, text, kept)
		}
		r.outcome(recipient)
	})
}
