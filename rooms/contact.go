package rooms

import (
	"encoding/json"
	"fmt"
)

// contactForm is how a contact is written before it is sealed:
// {"c":"email","a":"a@example.com","n":"A"}, without n if there is no name.
type contactForm struct {
	Channel Channel `json:"c"`
	Address string  `json:"a"`
	Name    string  `json:"n,omitempty"`
}

// Encode gives the contact in the clear, to be sealed and for nothing else.
func (c Contact) Encode() []byte {
	b, err := json.Marshal(contactForm{c.Channel, c.Address.Reveal(), c.Name.Reveal()})
	if err != nil {
		return nil // three strings always marshal
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
	return Contact{Channel: f.Channel, Address: address, Name: name}, nil
}
