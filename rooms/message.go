package rooms

import "time"

// PageSize is the most recipients of one page: the part of a message's recipients that becomes
// jobs in one step. With its marker it fills one atomic batch of JetStream (1,000 entries).
const PageSize = 999

// Header is what the log says of a message without its content.
type Header struct {
	UMID       UMID      `json:"umid"`
	Room       Room      `json:"room"`
	Type       Type      `json:"type"`
	Lane       Lane      `json:"lane"`
	Direct     bool      `json:"direct,omitzero"` // to named recipients, not to all subscribers
	Publisher  Client    `json:"publisher"`
	MHASH      string    `json:"mhash"`  // keyed hash of the request as received
	TxID       string    `json:"txid"`   // keyed hash of client and transaction id; the Nats-Msg-Id
	Policy     Revision  `json:"policy"` // the rules that apply
	ReceivedAt time.Time `json:"receivedAt"`
	ExpiresAt  time.Time `json:"expiresAt"`
	Recipients int       `json:"recipients,omitzero"` // direct only; else known when planned
	Sequence   uint64    `json:"sequence,omitzero"`   // in ROOMS
	Callback   bool      `json:"callback,omitzero"`   // it says itself where its sender is told how it stands
	CallbackAt string    `json:"callbackAt,omitzero"` // direct only: where that is, sealed, in base64; it outlives the body

	Held       bool      `json:"held,omitzero"`       // waits in the log, unseen, for its time or for a second person
	Awaits     bool      `json:"awaits,omitzero"`     // Held: until a second person agrees
	ReleasedBy Client    `json:"releasedBy,omitzero"` // the second person who agreed
	SendAt     time.Time `json:"sendAt,omitzero"`     // not before; of a series, the first time
	Series     UMID      `json:"series,omitzero"`     // of the repeated message that this is one time of, or itself
	Alert      Alert     `json:"alert,omitzero"`      // what it does to the message that it refers to
	References UMID      `json:"references,omitzero"` // Alert: the earlier message
	Exercise   bool      `json:"exercise,omitzero"`   // a drill, which says so wherever it is read
	Targeted   bool      `json:"targeted,omitzero"`   // for some of the subscribers, which the slip names
	Event      bool      `json:"event,omitzero"`      // for applications alone: nobody is written to
}

// AnyHour says that a message goes whenever it is there: when, and how often, people may be written to binds neither emergencies
// nor what crier tells its operators.
func (h Header) AnyHour() bool {
	return h.Lane == Emergency || h.Publisher == Gateway && h.Type == OperatorAlert
}

// Alert is what a message does to an earlier one (msgType of the Common Alerting Protocol 1.2 §3.2.1).
type Alert string

// It stands for itself, takes the place of the earlier one, or takes that back.
const (
	AlertNone   Alert = ""
	AlertUpdate Alert = "update"
	AlertCancel Alert = "cancel"
)

// Message is an entry of the room's log.
type Message struct {
	Header
	// Payload is the content as received for all subscribers, or a sealed envelope for named
	// recipients.
	Payload []byte
	// Sealed holds the transaction id and the reference of a message to all subscribers.
	Sealed []byte
	// ID is that of the entry, where it is not the first of its transaction; else empty.
	ID string
}

// Revision names a policy and its version.
type Revision struct {
	Name     string `json:"name"`
	Revision int    `json:"revision"`
}

// DeliveryID names one message to one recipient. N counts from 0; recipient N stands on
// page N / PageSize.
type DeliveryID struct {
	UMID UMID
	N    int
}

// Job is one delivery to be made, as it waits in a lane's queue. It never holds the body.
type Job struct {
	UMID     UMID      `json:"umid"`
	N        int       `json:"n"`
	Room     Room      `json:"room"`
	Sequence uint64    `json:"seq"`             // of the message in ROOMS
	Lane     Lane      `json:"-"`               // stands in the subject
	Channel  Channel   `json:"-"`               // stands in the subject
	Owner    string    `json:"owner"`           // what the contact is sealed to: a subscriber id, or UMID and N
	Contact  []byte    `json:"contact"`         // sealed
	Attempt  int       `json:"attempt"`         // from 1: the attempt that this job is
	Round    int       `json:"round,omitzero"`  // how often the delivery had been given up and was tried anew
	Waited   bool      `json:"waited,omitzero"` // its message was paused: somebody may have had it in hand before
	Since    time.Time `json:"since,omitzero"`  // when that was over, or the round began; zero: with its message
	Deadline time.Time `json:"deadline"`
	Policy   Revision  `json:"policy"`
	// Anytime says that neither the hour nor a cap holds it up, as they do no emergency.
	Anytime bool `json:"anytime,omitzero"`
	// Due is until when this attempt has been postponed, without anything having been tried; zero if it was not.
	Due time.Time `json:"due,omitzero"`
	// Moved is the attempt with which the delivery was moved to this channel, the person's second; 0 if it was not.
	Moved int `json:"moved,omitzero"`
	// Undecided says that nobody knows whether this attempt was made, and nothing is sent: when it is due the delivery fails,
	// unless a person has decided what follows.
	Undecided bool `json:"undecided,omitzero"`
}

// ID names the delivery.
func (j Job) ID() DeliveryID { return DeliveryID{j.UMID, j.N} }

// Subscriber is an entry of SUBSCRIBERS.
type Subscriber struct {
	ID       SubscriberID `json:"-"` // stands in the subject
	Room     Room         `json:"-"` // stands in the subject
	Channel  Channel      `json:"channel"`
	Contact  []byte       `json:"contact"` // sealed to room and id
	Since    time.Time    `json:"since"`
	Sequence uint64       `json:"-"` // position in the log
	// An entry that has taken the place of another of the same person, with a change of keys or of
	// signing secrets, says whose: Was is its id, Origin its position.
	Was    SubscriberID `json:"was,omitzero"`
	Origin uint64       `json:"origin,omitzero"`
	// Owner is the client that has put it there, of a webhook.
	Owner Client `json:"owner,omitzero"`
	// Only is the one type of message that a webhook gets, and within how many seconds of its publication; zero: all, and
	// as long as it is tried.
	Only Type `json:"only,omitzero"`
	TTL  int  `json:"ttl,omitzero"`

	State      SubscriberState `json:"state,omitzero"`
	Until      time.Time       `json:"until,omitzero"`   // paused: until then; zero: until somebody resumes it
	Consent    []byte          `json:"consent,omitzero"` // sealed like the contact
	Invitation Invitation      `json:"invitation,omitzero"`
}

// Callback says that the sender of a message is to be told how it stands.
type Callback struct {
	UMID      UMID   `json:"-"` // stands in the subject
	Room      Room   `json:"room"`
	Publisher Client `json:"publisher"`
	Event     uint64 `json:"event"`          // position in EVENTS of the latest that he is to know
	To        []byte `json:"to,omitzero"`    // sealed: where, if the message says so itself
	Reply     uint64 `json:"reply,omitzero"` // the reply to the message that he is to know of; 0: how it stands
}

// Delivery is what a provider is asked to send: the only place where contact and content
// meet in the clear.
type Delivery struct {
	ID         DeliveryID
	Attempt    int
	Round      int // how often it had been given up and was tried anew; each round begins with attempt 1
	Room       Room
	Type       Type
	Lane       Lane
	To         Contact
	Content    Content
	Published  []byte    // the same as it was published, one JSON value; not to be changed
	ReceivedAt time.Time // of the message; fixed over all attempts
	Deadline   time.Time
	Sender     Sender
	Subscribed bool    // the recipient has subscribed, and may end that; false: was named
	Leave      Address // where the person can end his subscription, by a POST (RFC 8058); zero: nowhere
	Exercise   bool    // a drill
	// Token stands for this attempt where others repeat it to us: in the address for answers and in the return path. It is
	// signed, lower-case letters and digits only, at most 56 of them; empty: nothing comes back.
	Token string
}

// Sender is in whose name a message is sent. The zero value leaves it to the provider.
type Sender struct {
	Organisation string
	Email        Address
	SMS          string // a sender id of up to 11 characters, or a number in E.164 form
	// E-mail only: who in the organisation writes, which is shown beside its name and never instead, and where answers go.
	Name    Body
	ReplyTo Address
}
