package rooms

import (
	"encoding/json"
	"fmt"
	"time"
)

// contactForm is how a contact is written before it is sealed:
// {"c":"email","a":"a@example.com","n":"A"}, without what there is not.
type contactForm struct {
	Channel Channel `json:"c"`
	Address string  `json:"a"`
	Name    string  `json:"n,omitempty"`
	// Webhook only.
	Signing  []signingForm     `json:"s,omitempty"`
	Others   []endpointForm    `json:"o,omitempty"`
	Language string            `json:"l,omitempty"`
	Values   map[string]string `json:"v,omitempty"`
	Keys     []keyForm         `json:"e,omitempty"`
	Copies   []copyForm        `json:"x,omitempty"`
}

type keyForm struct {
	Kind KeyKind `json:"t"`
	Text string  `json:"k"`
}

type endpointForm struct {
	Channel Channel `json:"c"`
	Address string  `json:"a"`
}

type signingForm struct {
	Secret string    `json:"k"`
	Until  time.Time `json:"u,omitzero"`
}

// Encode gives the contact in the clear, to be sealed and for nothing else.
func (c Contact) Encode() []byte {
	f := contactForm{Channel: c.Channel, Address: c.Address.Reveal(), Name: c.Name.Reveal(), Language: c.Language, Copies: encodeCopies(c.Copies)}
	for _, o := range c.Others {
		f.Others = append(f.Others, endpointForm{o.Channel, o.Address.Reveal()})
	}
	for name, v := range c.Values {
		if f.Values == nil {
			f.Values = map[string]string{}
		}
		f.Values[name] = v.Reveal()
	}
	for _, k := range c.Keys {
		f.Keys = append(f.Keys, keyForm{k.Kind, k.Text.Reveal()})
	}
	for _, s := range c.Signing {
		f.Signing = append(f.Signing, signingForm{s.Secret.Reveal(), s.Until})
	}
	b, err := json.Marshal(f)
	if err != nil {
		return nil // strings and times of this millennium always marshal
	}
	return b
}

// DecodeContact reads what Encode wrote. The contact is checked as if it were new, so that
// nothing can be slipped into a provider's protocol. Errors wrap ErrAddress or ErrText and
// never repeat the input.
func DecodeContact(b []byte) (Contact, error) {
	var f contactForm
	if json.Unmarshal(b, &f) != nil {
		return Contact{}, fmt.Errorf("%w: a contact that cannot be read", ErrAddress)
	}
	address, err := ParseAddress(f.Channel, f.Address)
	if err != nil {
		return Contact{}, err
	}
	name, err := ParsePersonName(f.Name)
	if err != nil {
		return Contact{}, err
	}
	c := Contact{Channel: f.Channel, Address: address, Name: name}
	c.Language = f.Language
	for _, o := range f.Others {
		also, err := ParseAddress(o.Channel, o.Address)
		if err != nil {
			return Contact{}, err
		}
		c.Others = append(c.Others, Endpoint{o.Channel, also})
	}
	for name, v := range f.Values {
		if c.Values == nil {
			c.Values = map[string]Body{}
		}
		c.Values[name] = NewBody(v)
	}
	for _, k := range f.Keys {
		c.Keys = append(c.Keys, EncryptionKey{k.Kind, NewBody(k.Text)})
	}
	for _, s := range f.Signing {
		c.Signing = append(c.Signing, Signing{NewSecret(s.Secret), s.Until})
	}
	c.Copies, err = decodeCopies(c.Channel, f.Copies)
	return c, err
}
