package api

import (
	"net/http"
	"time"

	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/registry"
)

// exportPerson gives all that is kept of a person, in the clear, to the data protection officer.
func (s *Server) exportPerson(c *call) (answer, error) {
	at, err := s.person(c)
	if err != nil {
		return answer{}, err
	}
	found, err := s.deps.Persons.Export(c.context(), at)
	if err != nil {
		return answer{}, err
	}
	out := v1.PersonData{Subscriptions: []v1.PersonSubscription{}, Deliveries: []v1.PersonDelivery{}}
	for _, one := range found.Subscriptions {
		out.Subscriptions = append(out.Subscriptions, subscriptionOf(one))
	}
	for _, d := range found.Waiting {
		out.Deliveries = append(out.Deliveries, v1.PersonDelivery{Room: string(d.Room), UMID: string(d.UMID), Channel: v1.Channel(d.Channel)})
	}
	for _, h := range found.Held {
		out.Deliveries = append(out.Deliveries, v1.PersonDelivery{Room: string(h.Room), UMID: string(h.UMID), Channel: v1.Channel(h.Channel), Held: true})
	}
	for _, r := range found.Replies {
		out.Replies = append(out.Replies, replyOf(r.Reply, r.Letter))
	}
	for _, one := range found.Stops {
		out.Stops = append(out.Stops, string(one.Room))
	}
	if !found.ErasedAt.IsZero() {
		out.ErasedAt = moment(found.ErasedAt)
	}
	for _, room := range found.Left {
		out.Left = append(out.Left, string(room))
	}
	if found.Suppression != nil {
		one := suppressionOf(*found.Suppression)
		out.Suppression = &one
	}
	return jsonAnswer(http.StatusOK, out)
}

// erasePerson removes what is kept of a person.
func (s *Server) erasePerson(c *call) (answer, error) {
	at, err := s.person(c)
	if err != nil {
		return answer{}, err
	}
	found, err := s.deps.Persons.Erase(c.context(), at)
	if err != nil {
		return answer{}, err
	}
	return jsonAnswer(http.StatusOK, v1.PersonErased{
		Subscriptions: len(found.Subscriptions), Deliveries: len(found.Waiting) + len(found.Held), Replies: len(found.Replies), Suppressed: found.Suppression != nil,
		Compacted: found.Compacted,
	})
}

// person reads whom a call is about. Looking for other contacts of his opens those of all subscribers, for which the time
// of one call may not do.
func (s *Server) person(c *call) (rooms.Endpoint, error) {
	body, err := s.readJSON(c)
	if err != nil {
		return rooms.Endpoint{}, err
	}
	contact, err := request.ParseContact(body)
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(s.options.SearchTimeout))
	return rooms.Endpoint{Channel: contact.Channel, Address: contact.Address}, err
}

func subscriptionOf(f registry.Found) v1.PersonSubscription {
	p := f.Subscription
	out := v1.PersonSubscription{
		Room: string(f.Room), ID: string(f.ID), Since: moment(f.Since), State: v1.SubscriberState(f.State.String()),
		Name: p.Contact.Name.Reveal(), Language: p.Contact.Language, Attributes: map[string]string{}, Contacts: []v1.PersonContact{},
	}
	for _, e := range p.Contact.Endpoints() {
		out.Contacts = append(out.Contacts, v1.PersonContact{Channel: v1.Channel(e.Channel), Address: e.Address.Reveal()})
	}
	out.SMIMECertificate, out.OpenPGPKey = p.Contact.Key(rooms.SMIME).Reveal(), p.Contact.Key(rooms.OpenPGP).Reveal()
	for name, v := range p.Contact.Values {
		out.Attributes[name] = v.Reveal()
	}
	if p.Consent != (rooms.Consent{}) {
		out.Consent = consentOf(p.Consent)
	}
	return out
}

func consentOf(c rooms.Consent) *v1.Consent {
	return &v1.Consent{By: string(c.By), At: optionalTime(c.At), Purpose: c.Purpose, Source: c.Source}
}
