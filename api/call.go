package api

import (
	"context"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// call is one request on its way through the server.
type call struct {
	w     http.ResponseWriter
	r     *http.Request
	route *endpoint
	id    string // of the request
	start time.Time

	client  rooms.Client // known from the start if the call did not come by HTTP
	expires time.Time    // of its token; zero: never
	has     rights
	room    rooms.RoomConfig // of a path with {room}
	message index.Summary    // of a path with {umid}

	untold      bool                // it is not recorded by itself
	inLog       bool                // what it did is on record in the room's log
	reads       bool                // nothing is changed, whatever the method
	umid        rooms.UMID          // for the record
	subscriber  rooms.SubscriberID  // for the record
	suppression rooms.SuppressionID // for the record
	reply       rooms.ReplyID       // for the record
	byLink      bool                // a person who has a link has changed something
	key         string              // for the record: the id of an API key
	about       rooms.Client        // for the record: the client that is blocked
	consumer    rooms.ConsumerID    // of a path with {consumer}, and for the record
	opened      rooms.Consumer      // of a path with {consumer}
	provider    string              // of a path with {provider} once it is known, with its channel or as an inlet, for the record
	policy      rooms.Revision      // of a path with {policy}, and for the record

	at mediator.ID // what a path of the information mediator names
	as mediator.ID // as which application somebody calls there
}

func (c *call) context() context.Context { return c.r.Context() }

// handler does what a route is for; what it returns is written, counted, logged and recorded elsewhere.
type handler func(c *call) (answer, error)

// answer is what a caller gets.
type answer struct {
	status int
	kind   string // content type
	body   []byte
	stream func() // writes what follows, for as long as it likes
	lost   func() // called if the caller did not get it; may be nil
}

const (
	jsonType   = "application/json"
	ndjsonType = "application/x-ndjson"
	csvType    = "text/csv"
)

// jsonAnswer writes a value of package v1.
func jsonAnswer(status int, value any) (answer, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return answer{}, problem.Because(v1.ProblemCodeInternal, err)
	}
	return answer{status: status, kind: jsonType, body: body}, nil
}
