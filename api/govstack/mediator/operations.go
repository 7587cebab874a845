package mediator

import (
	"context"
	"net/http"
	"strings"
)

// The services of a room, as the path names them.
const (
	serviceAdmin   = "api"
	servicePublish = "pub"
	servicePull    = "pull"
)

// Operation is a call of the interface.
type Operation struct {
	Method  string
	Service string // below the room; "" of the metadata
	Path    string // below the service
	Do      func(f *Facade, ctx context.Context, c *Call) (Reply, error)
}

// Suffix is what stands in a path behind the application code.
func (o Operation) Suffix() string {
	if o.Service == "" {
		return o.Path
	}
	return "/" + o.Service + o.Path
}

// Same says whether an operation is another, whatever it does.
func (o Operation) Same(other Operation) bool {
	return o.Method == other.Method && o.Suffix() == other.Suffix()
}

// Operations are all that a room has.
func Operations() []Operation {
	const types, oneType, events, oneEvent, subs, oneSub = "/v1/eventType", "/v1/eventType/{eventType}", "/v1/{eventType}", "/v1/{eventType}/{eventId}", "/v1/subs", "/v1/subs/{eventType}"
	return []Operation{
		{http.MethodPost, serviceAdmin, types, (*Facade).CreateEventType},
		{http.MethodGet, serviceAdmin, types, (*Facade).ListEventTypes},
		{http.MethodGet, serviceAdmin, oneType, (*Facade).GetEventType},
		{http.MethodDelete, serviceAdmin, oneType, (*Facade).DeleteEventType},

		{http.MethodPost, servicePublish, events, (*Facade).Publish},
		{http.MethodGet, servicePublish, oneEvent, (*Facade).GetEvent},
		{http.MethodDelete, servicePublish, oneEvent, (*Facade).StopEvent},

		{http.MethodGet, serviceAdmin, subs, (*Facade).ListSubscriptions},
		{http.MethodPost, serviceAdmin, oneSub, (*Facade).Subscribe},
		{http.MethodGet, serviceAdmin, oneSub, (*Facade).GetSubscription},
		{http.MethodPatch, serviceAdmin, oneSub, (*Facade).ChangeSubscription},
		{http.MethodDelete, serviceAdmin, oneSub, (*Facade).Unsubscribe},

		{http.MethodGet, servicePull, events, (*Facade).PullEvent},
		{http.MethodDelete, servicePull, oneEvent, (*Facade).ConfirmEvent},
	}
}

// Metadata are the operations by which a room is discovered.
func Metadata() []Operation {
	return []Operation{
		{http.MethodGet, "", "/listMethods", (*Facade).ListMethods},
		{http.MethodGet, "", "/allowedMethods", (*Facade).AllowedMethods},
		{http.MethodGet, "", "/getOpenAPI", (*Facade).GetOpenAPI},
	}
}

// below are the operations on one event type, with its name in their paths.
func below(eventType string) (all []Operation) {
	for _, o := range Operations() {
		if o.Service != serviceAdmin {
			o.Path = strings.Replace(o.Path, "{eventType}", eventType, 1)
			all = append(all, o)
		}
	}
	return all
}
