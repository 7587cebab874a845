package api

import (
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// maxHistories is how many deliveries a page has that tells what happened to each.
const maxHistories = 100

// tellSteps adds to deliveries of the call's message what happened to each. Events that are no longer kept are left out.
func (s *Server) tellSteps(c *call, list []v1.Delivery) error {
	numbers := make([]int, len(list))
	for i, d := range list {
		numbers[i] = d.Number
	}
	found, err := s.deps.Messages.Steps(c.umid, numbers...)
	if err != nil {
		return err
	}
	var entries []uint64
	for _, n := range numbers {
		entries = append(entries, found[n]...)
	}
	events, err := s.deps.Events.Events(c.context(), entries)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Steps = []v1.DeliveryStep{}
		for range found[list[i].Number] {
			if e := events[0]; e.UMID == c.umid && e.N == list[i].Number {
				list[i].Steps = append(list[i].Steps, stepOf(e))
			}
			events = events[1:]
		}
	}
	return nil
}

func stepOf(e rooms.Event) v1.DeliveryStep {
	return v1.DeliveryStep{
		Event: v1.DeliveryStepEvent(e.Kind), At: moment(e.At), Attempt: e.Attempt, Round: e.Round, Channel: v1.Channel(e.Channel), Provider: e.Provider,
		Reason: string(e.Reason), Code: e.Code, Rule: v1.DeliveryStepRule(e.Rule), Next: v1.Channel(e.Next), RetryAt: moment(e.RetryAt), By: string(e.By),
	}
}
