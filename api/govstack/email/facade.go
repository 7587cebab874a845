package email

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // for the document
	"encoding/hex"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/replies"
)

//go:embed openapi.yaml
var document []byte

// Document is the API in OpenAPI, as crier serves it at the root and below a prefix.
func Document(prefix string) []byte {
	return bytes.Replace(document, []byte("{url: /govstack/messaging}"), []byte("{url: "+prefix+"}"), 1)
}

// Paths of the calls, at the root and below the prefix.
const (
	PathSingle   = "/send/email/single"
	PathBatch    = "/send/email/batch"
	PathCallback = "/callback/email"
	PathStatus   = "/status/email"
	PathReplies  = "/reply/email" // which the specification does not have
	PathReply    = "/reply/email/{reply}"
	PathHealth   = "/healthcheck"
)

// messageType is that of all messages that come this way.
const messageType = rooms.Type("email")

// Publisher makes a message durable, or finds that it was before. Its errors are those of package publish.
type Publisher interface {
	Publish(ctx context.Context, r publish.Request) (publish.Receipt, error)
}

// Senders knows in whose name clients send: Known as this node has heard, Get as it is now. The error of Resolve is
// rooms.ErrSender.
type Senders interface {
	Resolve(ctx context.Context, c rooms.Client, named rooms.Sender, needed bool) (rooms.Sender, error)
	Known(c rooms.Client) rooms.Registration
	Get(ctx context.Context, c rooms.Client) (rooms.Registration, error)
}

// Callbacks keeps what signs the calls to clients. Its errors are those of package registry.
type Callbacks interface {
	Check(at rooms.Address) error
	Sign(ctx context.Context, client rooms.Client) error
}

// Replies keeps what people have answered.
type Replies interface {
	Hand(ctx context.Context, h replies.Handed) (rooms.Reply, error)
}

// Facade translates calls.
type Facade struct {
	Publisher Publisher
	Senders   Senders
	Callbacks Callbacks
	Replies   Replies
	Now       func() time.Time
}

// Call is who asks, and by what the call is known when it comes again; Key is empty if it is new each time.
type Call struct {
	Client rooms.Client
	Key    string
	Body   []byte // as received
}

// Send makes the mail durable. The answer names it: its UMID is the requestUid.
func (f Facade) Send(ctx context.Context, c Call, m Mail) (publish.Receipt, error) {
	from, err := f.Senders.Resolve(ctx, c.Client, m.From, true)
	if err != nil {
		return publish.Receipt{}, err
	}
	if err := f.ownName(ctx, c.Client, m); err != nil {
		return publish.Receipt{}, err
	}
	if err := f.callBack(ctx, c.Client, m.Callback); err != nil {
		return publish.Receipt{}, err
	}
	return f.Publisher.Publish(ctx, publish.Request{
		Client: c.Client, Room: rooms.EmailRoom(c.Client), From: from, Raw: c.Body, TransactionID: c.Key, Type: messageType, Lane: m.Lane,
		Content: m.Content, Direct: true, Recipients: m.Recipients, Callback: m.Callback,
	})
}

// ownName refuses a mail that speaks for another organisation than the one that is registered.
func (f Facade) ownName(ctx context.Context, c rooms.Client, m Mail) error {
	if len(m.Foreign(f.Senders.Known(c))) == 0 {
		return nil
	}
	now, err := f.Senders.Get(ctx, c) // it may have been registered elsewhere a moment ago
	if err != nil {
		return err
	}
	if wrong := m.Foreign(now); len(wrong) > 0 {
		return problem.Faults(v1.ProblemCodeSenderForbidden, wrong...)
	}
	return nil
}

// callBack makes sure that the calls of this message can be signed. Where the client is told of others stays as it was.
func (f Facade) callBack(ctx context.Context, c rooms.Client, at rooms.Address) error {
	if at.IsZero() {
		return nil
	}
	if err := f.Callbacks.Check(at); err != nil {
		return problem.Faults(v1.ProblemCodeInvalidRequest,
			rooms.Fault{Pointer: "/callback/URI", Code: string(v1.FaultCodeInvalidAddress), Detail: err.Error()})
	}
	return f.Callbacks.Sign(ctx, c)
}

// Reply hands on what was answered to a message. Only a call with a key is known again: two people may answer the same.
func (f Facade) Reply(ctx context.Context, c Call, to rooms.Header, l rooms.Letter) (rooms.Reply, error) {
	id := rand.Text()
	if c.Key != "" {
		sum := sha256.Sum256(append([]byte(string(to.UMID)+"\x00"+c.Key+"\x00"), c.Body...))
		id = hex.EncodeToString(sum[:16])
	}
	return f.Replies.Hand(ctx, replies.Handed{ID: "email-api " + id, Message: to, Letter: l, At: f.Now().UTC()})
}
