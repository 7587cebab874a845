package mediator

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// memberForm is a member, or one of its applications, in the list of clients.
type memberForm struct {
	Name string `json:"name"`
	ID   nodeID `json:"id"`
}

type nodeID struct {
	ObjectType  string `json:"objectType"`
	Instance    string `json:"GovStackInstance"`
	Class       string `json:"memberClass"`
	Code        string `json:"memberCode"`
	Application string `json:"applicationCode,omitzero"`
}

// serviceForm is a service of an application. What kind of object it is stays unsaid: the interface's document and its tests
// differ about the form.
type serviceForm struct {
	ServiceType string       `json:"serviceType"`
	Instance    string       `json:"GovStackInstance"`
	Class       string       `json:"memberClass"`
	Code        string       `json:"memberCode"`
	Application string       `json:"applicationCode"`
	ServiceCode string       `json:"serviceCode"`
	Version     string       `json:"serviceVersion"`
	Endpoints   endpointList `json:"endpointList"`
}

type endpointList struct {
	Member []endpointForm `json:"member"`
}

type endpointForm struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

type listOf[T any] struct {
	Member []T `json:"member"`
}

const serviceVersion = "v1"

// ListClients gives the members under whose codes rooms are found, and as their applications the rooms that have event types.
func (f *Facade) ListClients(_ context.Context, c *Call, all []rooms.RoomConfig) (Reply, error) {
	list := listOf[memberForm]{Member: []memberForm{}}
	wanted := c.Query["instanceId"]
	for _, name := range slices.Sorted(maps.Keys(f.Options.Members)) {
		m, err := ParseMember(name)
		if err != nil || len(wanted) > 0 && !slices.Contains(wanted, m.Instance) {
			continue
		}
		list.Member = append(list.Member, memberForm{m.Code, nodeID{"MEMBER", m.Instance, m.Class, m.Code, ""}})
		for _, room := range all {
			if len(room.EventTypes) > 0 && f.Options.hosts(m, room.Name) {
				title := room.Title
				if title == "" {
					title = string(room.Name)
				}
				list.Member = append(list.Member, memberForm{title, nodeID{"APPLICATION", m.Instance, m.Class, m.Code, string(room.Name)}})
			}
		}
	}
	return reply(http.StatusOK, list)
}

// Offers says whether a room is found under what a path names, and offers services there.
func (f *Facade) Offers(at ID, room rooms.RoomConfig) bool {
	return f.Options.hosts(at.Member, room.Name)
}

// ListMethods gives the services of the room of the path; none if there is none.
func (f *Facade) ListMethods(_ context.Context, c *Call) (Reply, error) {
	return reply(http.StatusOK, listOf[serviceForm]{c.services(func(Operation) bool { return true })})
}

// AllowedMethods gives what of that the caller may call.
func (f *Facade) AllowedMethods(_ context.Context, c *Call) (Reply, error) {
	return reply(http.StatusOK, listOf[serviceForm]{c.services(c.May)})
}

// services are those of the room, and each of its event types, as far as may is true of their calls.
func (c *Call) services(may func(Operation) bool) []serviceForm {
	all := []serviceForm{}
	if !c.offered() {
		return all
	}
	add := func(name string, operations []Operation, own func(Operation) Operation) {
		s := serviceForm{"OPENAPI", c.At.Instance, c.At.Class, c.At.Code, c.At.Application, name, serviceVersion, endpointList{}}
		for _, o := range operations {
			if may(own(o)) {
				s.Endpoints.Member = append(s.Endpoints.Member, endpointForm{o.Method, o.Path})
			}
		}
		if len(s.Endpoints.Member) > 0 {
			all = append(all, s)
		}
	}
	same := func(o Operation) Operation { return o }
	for _, name := range []string{serviceAdmin, servicePublish, servicePull} {
		add(name, of(name), same)
	}
	for _, t := range c.Room.EventTypes {
		add(t.Name, eventOperations(t.Name), func(o Operation) Operation {
			o.Service, o.Path, _ = strings.Cut(o.Path[1:], "/")
			o.Path = strings.Replace("/"+o.Path, "/v1/"+t.Name, "/v1/{eventType}", 1)
			return o
		})
	}
	return all
}

// of are the operations of a service.
func of(service string) []Operation {
	return slices.DeleteFunc(Operations(), func(o Operation) bool { return o.Service != service })
}

// eventOperations are those on one event type: their paths stand below the application.
func eventOperations(name string) []Operation {
	all := below(name)
	for i, o := range all {
		all[i].Path = o.Suffix()
	}
	return all
}

// offered says whether the caller is told of the room: everybody is of one that has event types, and its people of any.
func (c *Call) offered() bool {
	return c.Room.Name != "" && (len(c.Room.EventTypes) > 0 || slices.ContainsFunc(Operations(), c.May))
}

// GetOpenAPI gives the document of one service of the room, or of one of its event types, as a JSON string that holds it, or
// as YAML to whoever asks for that.
func (f *Facade) GetOpenAPI(_ context.Context, c *Call) (Reply, error) {
	names := c.Query["serviceCode"]
	if len(names) != 1 || !code(names[0]) {
		return Reply{}, problem.Parameter("serviceCode", v1.FaultCodeInvalidName, "the code of one service of this application")
	}
	name := names[0]
	t, isType := c.Room.EventType(name)
	if !isType && name != serviceAdmin && name != servicePublish && name != servicePull || !c.offered() {
		return Reply{}, problem.Parameter("serviceCode", v1.FaultCodeInvalidValue, "this application does not have this service")
	}
	var doc []byte
	var err error
	if isType {
		doc, err = f.describeType(c, t)
	} else {
		doc, err = f.describeService(c, name)
	}
	if err != nil {
		return Reply{}, problem.Because(v1.ProblemCodeInternal, err)
	}
	if strings.Contains(c.Accept, "yaml") {
		return Reply{Status: http.StatusOK, Kind: "text/yaml; charset=utf-8", Body: doc}, nil
	}
	return reply(http.StatusOK, string(doc))
}

// RefuseOpenAPI is how GetOpenAPI says that something is wrong: a JSON string, too.
func RefuseOpenAPI(title string) (kind string, body []byte) {
	body, err := json.Marshal(title)
	if err != nil {
		body = []byte(`""`)
	}
	return jsonType, body
}
