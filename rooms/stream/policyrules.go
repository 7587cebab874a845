package stream

import (
	"time"

	"github.com/govcrier/crier/rooms"
)

// rulesEntry are the rules beside the attempts as they are stored; durations are in nanoseconds. The URL of a check is
// stored sealed, and never here.
type rulesEntry struct {
	Lanes           map[rooms.Lane]rooms.Quota      `json:"lanes,omitzero"`
	Quota           rooms.Quota                     `json:"quota,omitzero"`
	Content         rooms.ContentLimits             `json:"content,omitzero"`
	Types           []rooms.MessageType             `json:"types,omitzero"`
	Check           []byte                          `json:"check,omitzero"` // sealed
	CheckTimeout    int64                           `json:"checkTimeout,omitzero"`
	Release         rooms.Release                   `json:"release,omitzero"`
	Routes          map[rooms.Channel][]rooms.Route `json:"routes,omitzero"`
	Fallback        []fallbackEntry                 `json:"fallback,omitzero"`
	Zone            string                          `json:"zone,omitzero"`
	Quiet           []quietEntry                    `json:"quiet,omitzero"`
	From            rooms.Date                      `json:"from,omitzero"`
	Until           rooms.Date                      `json:"until,omitzero"`
	Not             []rooms.Date                    `json:"not,omitzero"`
	CapMessages     int                             `json:"capMessages,omitzero"`
	CapPer          int64                           `json:"capPer,omitzero"`
	SentIsDelivered []rooms.Channel                 `json:"sentIsDelivered,omitzero"`
	HoldAfter       int                             `json:"holdAfter,omitzero"`
	History         rooms.History                   `json:"history,omitzero"`
	RepliesWindow   int64                           `json:"repliesWindow,omitzero"`
}

type fallbackEntry struct {
	From  rooms.Channel `json:"from"`
	After int64         `json:"after"`
	To    rooms.Channel `json:"to"`
}

type quietEntry struct {
	Days  []time.Weekday  `json:"days,omitzero"` // 0 is Sunday
	From  rooms.TimeOfDay `json:"from"`          // minutes since midnight
	Until rooms.TimeOfDay `json:"until"`
}

func entryOf(r rooms.PolicyRules, sealed []byte) rulesEntry {
	e := rulesEntry{
		Lanes: r.Lanes, Quota: r.Quota, Content: r.Content, Types: r.Types, Check: sealed, CheckTimeout: int64(r.Check.Timeout),
		Release: r.Release, Routes: r.Routes, Zone: r.Times.Zone, From: r.Times.From, Until: r.Times.Until, Not: r.Times.Not,
		CapMessages: r.Cap.Messages, CapPer: int64(r.Cap.Per), SentIsDelivered: r.SentIsDelivered, HoldAfter: r.HoldAfter, History: r.History,
		RepliesWindow: int64(r.Replies.Window),
	}
	for _, f := range r.Fallback {
		e.Fallback = append(e.Fallback, fallbackEntry{f.From, int64(f.After), f.To})
	}
	for _, q := range r.Times.Quiet {
		e.Quiet = append(e.Quiet, quietEntry(q))
	}
	return e
}

// rules gives all but the URL of the check.
func (e rulesEntry) rules() rooms.PolicyRules {
	r := rooms.PolicyRules{
		Lanes: e.Lanes, Quota: e.Quota, Content: e.Content, Types: e.Types, Check: rooms.ExternalCheck{Timeout: time.Duration(e.CheckTimeout)},
		Release: e.Release, Routes: e.Routes, Times: rooms.Times{Zone: e.Zone, From: e.From, Until: e.Until, Not: e.Not},
		Cap: rooms.Frequency{Messages: e.CapMessages, Per: time.Duration(e.CapPer)}, SentIsDelivered: e.SentIsDelivered, HoldAfter: e.HoldAfter, History: e.History,
		Replies: rooms.Replies{Window: time.Duration(e.RepliesWindow)},
	}
	for _, f := range e.Fallback {
		r.Fallback = append(r.Fallback, rooms.Fallback{From: f.From, After: time.Duration(f.After), To: f.To})
	}
	for _, q := range e.Quiet {
		r.Times.Quiet = append(r.Times.Quiet, rooms.QuietHours(q))
	}
	return r
}
