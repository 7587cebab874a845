package rooms

import "time"

// PolicyRules are the rules of a policy beside its attempts. The zero value asks for nothing: every channel,
// provider, hour, lane and type is allowed, and nothing is limited.
type PolicyRules struct {
	// Accepting a message.
	Lanes   map[Lane]Quota // the lanes that may be used, with what a publisher may send there; nil: all
	Quota   Quota          // what one publisher may send into a room
	Content ContentLimits
	Types   []MessageType // the types that may be published; nil: all
	Check   ExternalCheck
	Release Release // of emergencies

	// Delivering it.
	Routes          map[Channel][]Route // the providers of a channel; none: all that are configured
	Fallback        []Fallback
	Times           Times
	Cap             Frequency
	SentIsDelivered []Channel // where the provider's confirmation is the last word
	HoldAfter       int       // failed deliveries after which the rest of a message waits for a person; 0: never

	// Afterwards.
	History History
	Replies Replies
}

// Quota is how many messages are accepted; 0: any number.
type Quota struct {
	PerMinute int `json:"perMinute,omitzero"`
	PerDay    int `json:"perDay,omitzero"` // in 24 hours
}

// ContentLimits are what a message may say at most, and how; 0: as much as crier takes.
type ContentLimits struct {
	Segments int `json:"segments,omitzero"` // of an SMS (GSM 03.38)
	Bytes    int `json:"bytes,omitzero"`    // of the content as published
	// Transliterate has texts written with the characters of GSM 7 where all of an SMS then fits that alphabet.
	Transliterate bool `json:"transliterate,omitzero"`
}

// MessageType is a type that may be published.
type MessageType struct {
	Type   Type   `json:"type"`
	Schema []byte `json:"schema,omitzero"` // JSON Schema 2020-12 of the content; nil: any
}

// ExternalCheck is asked before a message is accepted. The zero value asks nobody.
type ExternalCheck struct {
	URL     Address
	Timeout time.Duration
}

// Release says who lets an emergency go.
type Release string

// At once, or when a second person has agreed.
const (
	ReleaseAtOnce    Release = ""
	ReleaseTwoPerson Release = "two-person"
)

// Route is a provider of a channel. Of several, each is used in proportion to its weight.
type Route struct {
	Provider string `json:"provider"` // its name in the configuration
	Weight   int    `json:"weight,omitzero"`
}

// Fallback moves a delivery that is not delivered on a channel in time to another channel of the same person.
type Fallback struct {
	From  Channel       `json:"from"`
	After time.Duration `json:"-"`
	To    Channel       `json:"to"`
}

// Times are when people may be written to; emergencies always may. The zero value: always.
type Times struct {
	Zone  string       // IANA name; "": UTC
	Quiet []QuietHours // when not to
	From  Date         // the first day; "": any
	Until Date         // the last day; "": any
	Not   []Date       // days between them on which not to
}

// Date is a day: 2026-12-24.
type Date string

// QuietHours are from a time of day until another, of the same or the next day.
type QuietHours struct {
	Days  []time.Weekday // on which they begin; nil: every day
	From  TimeOfDay
	Until TimeOfDay
}

// TimeOfDay is in minutes since midnight, by the clock on the wall.
type TimeOfDay int

// Frequency is how many messages of a room reach one person in a time; emergencies are not counted. Zero: any number.
type Frequency struct {
	Messages int
	Per      time.Duration
}

// Replies are what people answer to messages.
type Replies struct {
	// Window is how long what a person writes, who does not say to what, counts as an answer to the last message to him.
	// Zero: DefaultReplies.
	Window time.Duration
}

// DefaultReplies is the window of a policy that says none.
const DefaultReplies = 72 * time.Hour

// MaxReplies is the longest: for longer nobody remembers what was sent to whom.
const MaxReplies = 30 * 24 * time.Hour

// Within says whether what is written now may answer a message that was sent then.
func (r Replies) Within(sent, now time.Time) bool {
	window := r.Window
	if window == 0 {
		window = DefaultReplies
	}
	return now.Sub(sent) <= window
}

// History says what becomes of a body when all deliveries are done with.
type History string

// As the room says; kept until the log's end of life; erased.
const (
	HistoryOfRoom History = ""
	HistoryKept   History = "keep"
	HistoryErased History = "erase"
)
