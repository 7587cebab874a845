package cap

import (
	"strings"
	"time"
)

// Alert is an alert (§3.2.1). Values are as they stand in it.
type Alert struct {
	Reference
	Status      string // Actual, Exercise, System, Test or Draft
	MsgType     string // Alert, Update, Cancel, Ack or Error
	Source      string
	Scope       string // Public, Restricted or Private
	Restriction string
	Note        string
	References  []Reference
	Info        []Info
	Signed      bool // there is a signature, which nobody has verified

	raw []byte
}

// Reference names an alert: who has sent it, how it calls it, and when it was sent.
type Reference struct {
	Sender     string
	Identifier string
	Sent       time.Time
}

// Info is what an alert says in one language of one event (§3.2.2).
type Info struct {
	Language    string // a tag; en-US if the alert says none
	Categories  []string
	Event       string
	Urgency     string
	Severity    string
	Certainty   string
	Effective   time.Time // zero: when it was sent
	Onset       time.Time
	Expires     time.Time // zero: the alert does not say
	SenderName  string
	Headline    string
	Description string
	Instruction string
	Web         string
	Contact     string
	Areas       []Area
}

// Area is a place that an event concerns (§3.2.4).
type Area struct {
	Desc     string
	Geocodes []Geocode
}

// Geocode is a code of a place, in a system of codes.
type Geocode struct{ Name, Value string }

// Title is what the info is called: its headline, or its event.
func (i Info) Title() string {
	if i.Headline != "" {
		return i.Headline
	}
	return i.Event
}

// Places are the descriptions of its areas, each once.
func (i Info) Places() string {
	var all []string
	seen := map[string]bool{}
	for _, a := range i.Areas {
		if !seen[a.Desc] {
			seen[a.Desc] = true
			all = append(all, a.Desc)
		}
	}
	return strings.Join(all, "; ")
}

// Exercise says that the alert is a drill.
func (a Alert) Exercise() bool { return a.Status == "Exercise" }

// Expires is when the last of what the alert says has expired; zero if it does not say.
func (a Alert) Expires() (last time.Time) {
	for _, i := range a.Info {
		if i.Expires.IsZero() {
			return time.Time{}
		}
		if i.Expires.After(last) {
			last = i.Expires
		}
	}
	return last
}

// Effective is when the first of what the alert says takes effect; zero: when it was sent.
func (a Alert) Effective() (first time.Time) {
	for n, i := range a.Info {
		if i.Effective.IsZero() {
			return time.Time{}
		}
		if n == 0 || i.Effective.Before(first) {
			first = i.Effective
		}
	}
	return first
}
