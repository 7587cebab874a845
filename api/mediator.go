package api

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/govstack/mediator"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// mediatorScopes says who may call what of a room, by method and path behind the application code.
func mediatorScopes() map[string]rights {
	const manager = platformAdmin | roomAdmin
	return map[string]rights{
		"POST /api/v1/eventType":               manager,
		"GET /api/v1/eventType":                member,
		"GET /api/v1/eventType/{eventType}":    member,
		"DELETE /api/v1/eventType/{eventType}": manager,

		"POST /pub/v1/{eventType}":             publisher | roomAdmin,
		"GET /pub/v1/{eventType}/{eventId}":    author | overseer,
		"DELETE /pub/v1/{eventType}/{eventId}": author | roomAdmin,

		"GET /api/v1/subs":                recipient,
		"POST /api/v1/subs/{eventType}":   recipient,
		"GET /api/v1/subs/{eventType}":    recipient,
		"PATCH /api/v1/subs/{eventType}":  recipient,
		"DELETE /api/v1/subs/{eventType}": recipient,

		"GET /pull/v1/{eventType}":              recipient,
		"DELETE /pull/v1/{eventType}/{eventId}": recipient,
	}
}

func mediatorScope(o mediator.Operation) rights { return mediatorScopes()[o.Method+" "+o.Suffix()] }

const (
	mediatorDocumentPath = "/govstack/mediator/openapi.yaml"
	mediatorPagePath     = "/govstack/mediator/docs"
)

const mediatorRoom = "/{instanceId}/{memberClass}/{memberCode}/{applicationCode}"

// mediatorRoute is a route with its own way in.
type mediatorRoute struct {
	route
	enter func(*call) error
}

// mediatorRoutes are those of the GovStack Information Mediator, with and without /r1.
func (s *Server) mediatorRoutes() []mediatorRoute {
	all := []mediatorRoute{
		{route{http.MethodGet, mediatorDocumentPath, public, s.mediatorDocument}, nil},
		{route{http.MethodGet, mediatorPagePath, public, s.mediatorDocumentation}, nil},
	}
	for _, prefix := range []string{"/r1", ""} {
		all = append(all, mediatorRoute{route{http.MethodGet, prefix + "/listClients", caller, s.listMediatorClients}, s.enterMetadata})
		for _, o := range mediator.Metadata() {
			all = append(all, mediatorRoute{route{o.Method, prefix + mediatorRoom + o.Suffix(), caller, s.mediate(o)}, s.enterMetadata})
		}
		for _, o := range mediator.Operations() {
			all = append(all, mediatorRoute{route{o.Method, prefix + mediatorRoom + o.Suffix(), mediatorScope(o), s.mediate(o)}, s.enterMediator})
		}
	}
	return all
}

// handleMediator has a router know them, once it is asked for something that it does not know otherwise.
func (s *Server) handleMediator(m *mux.Router) {
	inner := sync.OnceValue(s.mediatorRouter)
	m.NewRoute().MatcherFunc(func(r *http.Request, match *mux.RouteMatch) bool { return inner().Match(r, match) })
}

// mediatorRouter knows them alone. To pull an event is more than to read: there is no HEAD of it.
func (s *Server) mediatorRouter() *mux.Router {
	m := mux.NewRouter().UseEncodedPath().SkipClean(true)
	for _, r := range s.mediatorRoutes() {
		e := s.endpoint(r.route)
		e.enter = r.enter
		m.Handle(r.path, e).Methods(r.method)
	}
	return m
}

// mediate hands a call to the façade, and its answer on.
func (s *Server) mediate(o mediator.Operation) handler {
	return func(c *call) (answer, error) {
		a, err := s.mediated(c, o)
		if err == nil {
			return a, nil
		}
		return answer{}, mediator.Refused(translate(overQuota(c, err)))
	}
}

func (s *Server) mediated(c *call, o mediator.Operation) (answer, error) {
	m, err := s.mediatorCall(c)
	if err != nil {
		return answer{}, err
	}
	if o.Method == http.MethodPost || o.Method == http.MethodPatch {
		if m.Body, err = s.readJSON(c); err != nil {
			return answer{}, err
		}
	}
	ctx, cancel := s.beyond(c)
	defer cancel()
	got, err := o.Do(s.mediator, ctx, m)
	if err != nil {
		return answer{}, err
	}
	if got.Published {
		allow(c, got.Allowance)
		c.inLog = true
	}
	c.umid, c.subscriber, c.consumer = got.UMID, got.Subscriber, got.Consumer
	return s.mediatorAnswer(c, got), nil
}

func (s *Server) mediatorAnswer(c *call, got mediator.Reply) answer {
	a := answer{status: got.Status, kind: got.Kind, body: got.Body}
	if got.Lost != nil {
		a.lost = func() {
			ctx, cancel := s.beyond(c)
			defer cancel()
			if err := got.Lost(ctx); err != nil {
				s.log.WarnContext(ctx, "an event that the caller did not get comes again later", "ids", c.ids(), "error", err)
			}
		}
	}
	return a
}

// mediatorCall is what was asked, in the façade's words.
func (s *Server) mediatorCall(c *call) (*mediator.Call, error) {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return nil, problem.Parameter("serviceCode", v1.FaultCodeInvalidValue, "the query cannot be read")
	}
	m := &mediator.Call{
		At: c.at, Room: c.room, Client: c.client, As: c.as, Event: c.message, Type: segment(c, "eventType"),
		Key: c.r.Header.Get("Idempotency-Key"), Accept: c.r.Header.Get("Accept"), Query: query,
		May: func(o mediator.Operation) bool {
			return (c.has | roomRights(c.room, c.client)).any(mayOnOwn(mediatorScope(o)))
		},
	}
	if c.route.describes() && c.room.Name != "" {
		m.Policy, err = s.deps.Policies.Current(c.context(), c.room.Policy)
	}
	return m, err
}

// describes says whether a route gives the description of a service, whose refusals are strings.
func (r route) describes() bool { return strings.HasSuffix(r.path, mediatorRoom+"/getOpenAPI") }

// mayOnOwn is who may call what is for an event's author, on an event of his own: who may publish.
func mayOnOwn(scope rights) rights {
	if scope.any(author) {
		return scope | publisher
	}
	return scope
}

func segment(c *call, name string) string {
	plain, err := url.PathUnescape(mux.Vars(c.r)[name])
	if err != nil {
		return ""
	}
	return plain
}

// listMediatorClients lists the rooms that can be asked for.
func (s *Server) listMediatorClients(c *call) (answer, error) {
	m, err := s.mediatorCall(c)
	if err != nil {
		return answer{}, err
	}
	all, err := s.deps.Rooms.List(c.context())
	if err != nil {
		return answer{}, err
	}
	got, err := s.mediator.ListClients(c.context(), m, all)
	return s.mediatorAnswer(c, got), err
}

func (s *Server) mediatorDocument(*call) (answer, error) {
	return answer{status: http.StatusOK, kind: "application/yaml", body: mediator.Document()}, nil
}

func (s *Server) mediatorDocumentation(c *call) (answer, error) {
	page, err := s.mediatorPage()
	c.w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	return answer{status: http.StatusOK, kind: "text/html; charset=utf-8", body: page}, err
}

// newMediator is the façade on this server.
func (s *Server) newMediator() *mediator.Facade {
	return &mediator.Facade{
		Options: s.options.Mediator, Rooms: s.deps.Rooms, Publisher: inOwnName{s}, Consumers: s.deps.Consumers,
		Webhooks: s.deps.Webhooks, Callbacks: s.deps.Callbacks, Desk: s.deps.Desk, Messages: s.deps.Messages, Now: s.now,
	}
}

// inOwnName publishes from the sender that a client is registered as, as crier's own API does.
type inOwnName struct{ *Server }

func (s inOwnName) Publish(ctx context.Context, r publish.Request) (publish.Receipt, error) {
	var err error
	if r.From, err = s.deps.Senders.Resolve(ctx, r.Client, rooms.Sender{}, s.options.Senders == SendersRequired); err != nil {
		return publish.Receipt{}, err
	}
	return s.deps.Publisher.Publish(ctx, r)
}

// describedRefusal is a refusal as a string.
func describedRefusal(status int, e problem.Entry, p *problem.Error) answer {
	text := e.Title
	if p.Parameter != nil {
		text += ": " + p.Parameter.Parameter + ": " + p.Parameter.Detail
	}
	kind, body := mediator.RefuseOpenAPI(text)
	return answer{status: status, kind: kind, body: body}
}
