package smpptest

import (
	"fmt"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
)

const (
	receiptPatience = 10 * time.Second
	early           = 50 * time.Millisecond // before its answer a receipt comes
)

func (c *Centre) note(p pdu.PDU) {
	if c.options.Forget || p.Command != pdu.SubmitSM {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wire.Write(p.Bytes())
}

func (s *session) submit(p pdu.PDU) {
	c := s.centre
	if k := s.kind(); k != pdu.BindTransceiver && k != pdu.BindTransmitter {
		s.write(p.Answer(pdu.WrongBindState, nil))
		return
	}
	m, err := pdu.ParseMessage(p.Body)
	if err != nil {
		s.write(p.Answer(pdu.InvalidMessageLength, nil))
		return
	}
	unanswered := int(s.unanswered.Add(1))
	r := c.rule(m, unanswered)
	if c.options.Window > 0 && unanswered > c.options.Window {
		r = Rule{Status: pdu.Throttled}
	}
	if c.options.Delay > 0 {
		c.all.Go(func() { s.pause(c.options.Delay); s.settle(p, m, r) })
		return
	}
	if r.Until != nil {
		c.all.Go(func() {
			select {
			case <-r.Until:
				s.settle(p, m, r)
			case <-s.done:
			}
		})
		return
	}
	s.settle(p, m, r)
}

func (s *session) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-s.done:
	}
}

// rule takes a message, unless it is refused.
func (c *Centre) rule(m pdu.Message, unanswered int) Rule {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.most = max(c.most, unanswered)
	r := c.rules[m.Dest.Text]
	if r.Status == pdu.OK && !c.options.Forget {
		c.submitted = append(c.submitted, m)
	}
	return r
}

func (s *session) settle(p pdu.PDU, m pdu.Message, r Rule) {
	c := s.centre
	s.unanswered.Add(-1)
	if r.Status != pdu.OK {
		s.write(p.Answer(r.Status, nil))
		return
	}
	n := c.count.Add(1)
	answer := func() {
		if !r.Silent {
			s.write(p.Answer(pdu.OK, pdu.IDBody(c.options.ID(n))))
		}
	}
	if m.Registered&1 == 0 || c.options.Quiet {
		answer()
		return
	}
	if r.Early {
		c.all.Go(func() { s.pause(early); answer() })
	} else {
		answer()
	}
	c.all.Go(func() {
		s.pause(r.After)
		for range max(r.Times, 1) {
			s.insist(c.receipt(n, m, r))
		}
	})
}

// hearer is a session of the same client that hears.
func (s *session) hearer() *session {
	if s.kind() == pdu.BindTransceiver {
		return s
	}
	for _, other := range s.centre.each() {
		if k := other.kind(); k == pdu.BindReceiver || k == pdu.BindTransceiver {
			return other
		}
	}
	return s
}

// insist offers a receipt until it is taken, or the centre ends.
func (s *session) insist(m pdu.Message) {
	for at := time.Now(); time.Since(at) < receiptPatience; {
		status, err := s.hearer().deliver(m, receiptPatience)
		if err == nil && status != pdu.ReceiverTemporary {
			s.centre.told.Add(1)
			return
		}
		s.centre.mu.Lock()
		closed := s.centre.closed
		s.centre.mu.Unlock()
		if closed {
			return
		}
		time.Sleep(s.centre.options.Again)
	}
}

func (c *Centre) receipt(n uint64, m pdu.Message, r Rule) pdu.Message {
	state := r.State
	if state == "" {
		state = "DELIVRD"
	}
	id := c.options.ReceiptID(n)
	out := pdu.Message{Source: m.Dest, Dest: m.Source, ESMClass: pdu.ESMReceipt}
	if r.TLVOnly {
		out.TLVs = []pdu.TLV{{Tag: pdu.TagReceiptedID, Value: append([]byte(id), 0)}, {Tag: pdu.TagMessageState, Value: []byte{number(state)}}}
		return out
	}
	failure := "000"
	if state != "DELIVRD" {
		failure = "00B"
	}
	out.Short = fmt.Appendf(nil, "id:%s sub:001 dlvrd:001 submit date:2611230001 done date:2611230002 stat:%s err:%s text:", id, state, failure)
	return out
}

func number(state string) byte {
	all := " ENROUTE DELIVRD EXPIRED DELETED UNDELIV ACCEPTD UNKNOWN REJECTD"
	return byte(strings.Index(all, state)/8 + 1) //nolint:gosec // one of eight
}
