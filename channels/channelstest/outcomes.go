package channelstest

import (
	"bytes"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

func (s *suite) sends() {
	ids := map[string]bool{}
	for range 3 {
		o := s.expect(channels.Sent, s.delivery(s.Accepted))
		if !s.NamesDeliveries {
			continue
		}
		if o.ProviderID == "" || ids[o.ProviderID] {
			s.Errorf("provider id %q, want one that no other delivery has", o.ProviderID)
		}
		ids[o.ProviderID] = true
	}
}

// sendsAgain is what happens when the gateway dies between the provider's yes and its record.
func (s *suite) sendsAgain() {
	d := s.delivery(s.Accepted)
	first := s.expect(channels.Sent, d)
	d.Attempt++
	second := s.expect(channels.Sent, d)
	if s.KeepsNames && (first.ProviderID == "" || first.ProviderID != second.ProviderID) {
		s.Errorf("the same delivery is %q first and %q when sent again", first.ProviderID, second.ProviderID)
	}
}

func (s *suite) showsEachResult() {
	for _, r := range s.results() {
		s.expect(r, s.delivery(s.contact(r)))
	}
}

func (s *suite) goesOn() {
	for _, r := range s.results() {
		s.expect(r, s.delivery(s.contact(r)))
		s.expect(channels.Sent, s.delivery(s.Accepted))
	}
}

func (s *suite) rejectsNoContent() {
	d := s.delivery(s.Accepted)
	d.Content = rooms.Content{Subject: rooms.NewBody(canarySubject)} // no channel has a use for that alone
	d = published(d)
	before := s.wire()
	o := s.expect(channels.Rejected, d)
	if o.Reason != rooms.NoContent {
		s.Errorf("reason %q, want %q", o.Reason, rooms.NoContent)
	}
	if !bytes.Equal(before, s.wire()) {
		s.Error("the peer was asked, although there was nothing to send")
	}
}

// keepsLineBreaksOffTheWire would find a provider through which a publisher could write
// headers or commands of his own. The provider may send the rest or refuse it all.
func (s *suite) keepsLineBreaksOffTheWire() {
	const word = "Canaryinjected"
	for _, breaker := range []string{"\r\n", "\n", "\r", "\x00", "\r\n\r\n", "\r\n.\r\n", "\u2028"} {
		d := s.delivery(s.Accepted)
		d.Content.Subject = rooms.NewBody("Canarysubject" + breaker + word + ": 1" + breaker)
		d.To.Name = rooms.NewBody("Canaryname" + breaker + word + ": 2" + breaker)
		if o := s.send(s.Context(), published(d)); o.Result != channels.Sent && o.Result != channels.Rejected {
			s.Errorf("outcome %+v, want it sent or rejected", o)
		}
		if bytes.Contains(s.wire(), []byte(breaker+word)) {
			s.Errorf("%q has reached the wire raw", breaker)
		}
	}
}

func (s *suite) wire() []byte {
	if s.Wire == nil {
		return nil
	}
	return s.Wire(s.T)
}
