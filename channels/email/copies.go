package email

import (
	"net/mail"

	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/rooms"
)

// copiesOf are the addresses that get a copy, seen or not.
func copiesOf(c rooms.Contact) (all []string) {
	for _, one := range c.Copies {
		all = append(all, one.Address.Reveal())
	}
	return all
}

// openCopies are those that everybody sees.
func openCopies(c rooms.Contact) (all []*mail.Address) {
	for _, one := range c.Copies {
		if !one.Blind {
			all = append(all, &mail.Address{Address: one.Address.Reveal()})
		}
	}
	return all
}

// copies names who gets a copy. One that is refused is left out, but for now only if the message has been tried before:
// till the end of the message nobody has it, so that it can wait whole. The error of a connection ends it in any case.
func (s *session) copies(m message) error {
	for _, to := range m.copies {
		o := receiptsOf(to)
		o.Notify = []smtp.DSNNotify{smtp.DSNNotifyNever}
		err := s.client.Rcpt(to, o)
		if r, refused := asReply(err); err != nil && (!refused || r.code == serviceClosing || r.code/100 != 5 && m.patient) {
			return err
		}
	}
	return nil
}
