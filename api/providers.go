package api

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"
	"github.com/oklog/ulid/v2"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// listProviders shows all of them, without what was decided before.
func (s *Server) listProviders(*call) (answer, error) {
	list := v1.ProviderList{Providers: []v1.Provider{}}
	for _, p := range s.deps.Providing.Providers() {
		p.Changes = nil
		list.Providers = append(list.Providers, providerOf(p))
	}
	return jsonAnswer(http.StatusOK, list)
}

func (s *Server) getProvider(c *call) (answer, error) {
	p, err := s.openProvider(c)
	if err != nil {
		return answer{}, err
	}
	return providerAnswer(c, p)
}

// openProvider finds the provider that the path names.
func (s *Server) openProvider(c *call) (channels.ProviderStatus, error) {
	vars := mux.Vars(c.r)
	p, err := s.deps.Providing.Provider(rooms.Channel(vars["channel"]), vars["provider"])
	if err == nil {
		c.provider = string(p.Channel) + "." + p.Name
	}
	return p, err
}

// putProvider has a provider be used as the caller says.
func (s *Server) putProvider(c *call) (answer, error) {
	p, err := s.openProvider(c)
	if err != nil {
		return answer{}, err
	}
	var entry *uint64
	if len(c.r.Header.Values("If-Match")) > 0 {
		read, err := ifMatch(c.r.Header)
		if err != nil {
			return answer{}, err
		}
		entry = &read
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	wanted, err := request.ParseProviderChange(body, p.Factor)
	if err != nil {
		return answer{}, err
	}
	wanted.By = c.client
	ctx, cancel := s.beyond(c)
	defer cancel()
	if p.ProviderUse, err = s.deps.Uses.Change(ctx, p.Channel, p.Name, wanted, entry); err != nil {
		return answer{}, err
	}
	return providerAnswer(c, p)
}

// testProvider sends one message that belongs to no room.
func (s *Server) testProvider(c *call) (answer, error) {
	p, err := s.openProvider(c)
	if err != nil {
		return answer{}, err
	}
	body, err := s.readJSON(c)
	if err != nil {
		return answer{}, err
	}
	to, err := request.ParseContact(body)
	if err != nil {
		return answer{}, err
	}
	if to.Channel != p.Channel {
		return answer{}, problem.Parameter("channel", v1.FaultCodeInvalidValue, "one that has the address in the body: email or phone")
	}
	to.Others = nil
	out, took, err := s.deps.Providing.Try(c.context(), p.Name, testDelivery(to, p.Name, s.now()))
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.ProviderTest{
		Result: v1.ProviderResult(out.Result), Reason: string(out.Reason), Code: out.Code, ProviderID: out.ProviderID, Took: int(took.Milliseconds()),
	})
}

// testDelivery is a message that says what it is.
func testDelivery(to rooms.Contact, provider string, now time.Time) rooms.Delivery {
	text := "This is a test of the messaging gateway, sent by its operator by provider " + provider + ". There is nothing to do."
	return rooms.Delivery{
		ID: rooms.DeliveryID{UMID: rooms.UMID(ulid.MustNew(ulid.Timestamp(now), rand.Reader).String())}, Attempt: 1, Room: "provider-test", Type: "test", Lane: rooms.Normal, To: to,
		Content:    rooms.Content{Subject: rooms.NewBody("Test of the messaging gateway"), Text: rooms.NewBody(text)},
		ReceivedAt: now, Deadline: now.Add(time.Hour),
	}
}

func providerAnswer(c *call, p channels.ProviderStatus) (answer, error) {
	c.w.Header().Set("ETag", `"`+strconv.FormatUint(p.Entry, 10)+`"`)
	return jsonAnswer(http.StatusOK, providerOf(p))
}

func providerOf(p channels.ProviderStatus) v1.Provider {
	out := v1.Provider{
		Channel: v1.Channel(p.Channel), Name: p.Name, Kind: p.Kind, Weight: p.Weight, Rate: float32(p.Rate), Nodes: p.Nodes,
		State: v1.ProviderState(p.State), Factor: p.Factor, By: string(p.By), Reason: p.Reason,
		Open: p.Open, InFlight: p.InHand, Sent: p.Counts[channels.Sent], Deferred: p.Counts[channels.Deferred],
		Throttled: p.Counts[channels.Throttled],
		Rejected:  p.Counts[channels.Rejected] + p.Counts[channels.Suppressed],
		P50:       int(p.P50.Milliseconds()), P99: int(p.P99.Milliseconds()),
	}
	if p.Entry > 0 {
		out.Since = moment(p.At)
	}
	for _, one := range p.Changes {
		out.Changes = append(out.Changes, v1.PastProviderChange{
			State: v1.ProviderState(one.State), Factor: one.Factor, By: string(one.By), Reason: one.Reason, At: moment(one.At),
		})
	}
	return out
}
