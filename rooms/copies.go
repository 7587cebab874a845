package rooms

import "fmt"

// MaxCopies is how many people may get a copy of an e-mail: with the one it is to, as many as every mail server takes at once
// (RFC 5321 §4.5.3.1.8).
const MaxCopies = 99

// Copy is who else gets the same e-mail. It belongs to the delivery, and is none of its own.
type Copy struct {
	Address Address
	Blind   bool // nobody else sees it (Bcc, RFC 5322 §3.6.3)
}

type copyForm struct {
	Address string `json:"a"`
	Blind   bool   `json:"b,omitempty"`
}

func encodeCopies(all []Copy) (forms []copyForm) {
	for _, c := range all {
		forms = append(forms, copyForm{c.Address.Reveal(), c.Blind})
	}
	return forms
}

// decodeCopies checks them as if they were new; only an e-mail has any.
func decodeCopies(ch Channel, forms []copyForm) (all []Copy, err error) {
	if len(forms) > 0 && ch != Email || len(forms) > MaxCopies {
		return nil, fmt.Errorf("%w: only an e-mail has copies, and at most %d", ErrAddress, MaxCopies)
	}
	for _, f := range forms {
		at, err := ParseEmail(f.Address)
		if err != nil {
			return nil, err
		}
		all = append(all, Copy{at, f.Blind})
	}
	return all, nil
}
