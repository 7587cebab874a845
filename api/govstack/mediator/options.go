package mediator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// Options say who is who on the information mediator. The zero value answers for rooms under the codes of any member.
type Options struct {
	// Members are those under whose codes rooms are found, as instance/class/code, with the rooms of each; no rooms: all. Without
	// members, rooms are found under the codes of any, and none is listed.
	Members map[string][]string `yaml:"members"`
	// Clients are applications, as instance/class/member/application. Others go by the name of their client.
	Clients map[string]Client `yaml:"clients"`
	// ClientCA holds the authorities of clients' certificates, PEM; empty: nobody is asked for one.
	ClientCA string `yaml:"clientCA"`
	// Proxies are names in certificates of proxies that are believed which application calls.
	Proxies []string `yaml:"proxies"`
	// OpenMetadata tells whoever asks which rooms have which services.
	OpenMetadata bool `yaml:"openMetadata"`
}

// Client is an application on the information mediator.
type Client struct {
	// Client is whom its tokens name.
	Client string `yaml:"client"`
	// Push is where events are pushed, each to Push + "/" + event type; empty: to its callback.
	Push string `yaml:"push"`
	// Certificate is a name in the certificate by which it calls without a token; empty: it needs one.
	Certificate string `yaml:"certificate"`
}

// Check names every fault. It reads no file.
func (o Options) Check() []error {
	var errs []error
	fault := func(format string, a ...any) { errs = append(errs, fmt.Errorf("mediator: "+format, a...)) }
	for _, name := range slices.Sorted(maps.Keys(o.Members)) {
		if _, err := ParseMember(name); err != nil {
			fault("members: each is instance/class/code")
		}
		for _, room := range o.Members[name] {
			if _, err := rooms.ParseRoom(room); err != nil {
				fault("members: %w", err)
			}
		}
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(o.Clients)) {
		c := o.Clients[name]
		if _, err := ParseID(name); err != nil {
			fault("clients: each is instance/class/member/application")
		}
		if _, err := rooms.ParseClient(c.Client); err != nil || rooms.Client(c.Client) == rooms.Gateway {
			fault("clients: client is the name of a client in its tokens")
		}
		if _, err := rooms.ParseURL(c.Push); c.Push != "" && err != nil {
			fault("clients: push is a URL")
		}
		if c.Certificate != "" && (seen[c.Certificate] || slices.Contains(o.Proxies, c.Certificate)) {
			fault("clients: a certificate is of one client alone, and of no proxy")
		}
		seen[c.Certificate] = true
		if c.Certificate != "" && o.ClientCA == "" {
			fault("clients: a certificate needs clientCA")
		}
	}
	if len(o.Proxies) > 0 && o.ClientCA == "" {
		fault("proxies need clientCA, by which their certificates are known")
	}
	if slices.Contains(o.Proxies, "") {
		fault("proxies: an empty name")
	}
	return errs
}

// hosts says whether rooms are found under the codes of a member, and this one.
func (o Options) hosts(m Member, room rooms.Room) bool {
	if len(o.Members) == 0 {
		return true
	}
	names, ok := o.Members[m.String()]
	return ok && (len(names) == 0 || slices.Contains(names, string(room)))
}

// Belongs says whether an application of the information mediator is a client: it was registered as that, or is called like
// it. Of the latter nothing but the client is known: its instance, class and member are whatever the caller has written.
func (o Options) Belongs(id ID, c rooms.Client) bool {
	if known, ok := o.Clients[id.String()]; ok {
		return rooms.Client(known.Client) == c
	}
	return strings.EqualFold(id.Application, string(c))
}

// Known is the client that an application was registered as.
func (o Options) Known(id ID) (rooms.Client, bool) {
	known, ok := o.Clients[id.String()]
	return rooms.Client(known.Client), ok
}

// Shown says who shows a certificate with such names: a proxy, or a client itself.
func (o Options) Shown(names []string) (id ID, proxy bool) {
	for _, name := range names {
		if slices.Contains(o.Proxies, name) {
			return ID{}, true
		}
	}
	for _, known := range slices.Sorted(maps.Keys(o.Clients)) {
		if c := o.Clients[known]; c.Certificate != "" && slices.Contains(names, c.Certificate) {
			id, _ = ParseID(known)
			return id, false
		}
	}
	return ID{}, false
}

// usual is the application as which a client calls that does not say: the one that it was registered as, if there is one.
func (o Options) usual(c rooms.Client) (id ID) {
	for _, known := range slices.Sorted(maps.Keys(o.Clients)) {
		if rooms.Client(o.Clients[known].Client) == c {
			id, _ = ParseID(known)
			return id
		}
	}
	return ID{Application: string(c)}
}
