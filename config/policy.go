package config

import (
	"errors"
	"time"

	"github.com/govcrier/crier/rooms"
)

// Policy is the set of rules under which messages are delivered.
type Policy struct {
	Revision   int             `yaml:"revision"`   // the least number that these rules get when they are new
	Retry      []time.Duration `yaml:"retry"`      // wait after attempt 1, 2, …; the last repeats
	Jitter     float64         `yaml:"jitter"`     // share by which a wait may be longer or shorter
	Expiry     time.Duration   `yaml:"expiry"`     // from acceptance until a delivery is given up
	Duplicates string          `yaml:"duplicates"` // what is done against sending twice
	Unknown    string          `yaml:"unknown"`    // what follows an attempt of unknown outcome

	Quota           PolicyQuota                `yaml:"quota"`           // what one publisher may send into a room
	Lanes           map[rooms.Lane]PolicyQuota `yaml:"lanes"`           // those that may be used; nil: all
	Content         PolicyContent              `yaml:"content"`         // what a message may say at most
	Zone            string                     `yaml:"zone"`            // of quietHours
	QuietHours      []string                   `yaml:"quietHours"`      // when nobody is written to
	Cap             PolicyCap                  `yaml:"cap"`             // what reaches one person
	SentIsDelivered []rooms.Channel            `yaml:"sentIsDelivered"` // where the provider's confirmation is the last word
	Replies         PolicyReplies              `yaml:"replies"`         // what people answer
	HoldAfter       int                        `yaml:"holdAfter"`       // failed deliveries after which a message waits for a person
	Release         rooms.Release              `yaml:"release"`         // who lets an emergency go
}

// standardPolicy tries for a day.
func standardPolicy() Policy {
	return Policy{
		Revision: 1,
		Retry: []time.Duration{
			time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour,
		},
		Jitter:     0.2,
		Expiry:     24 * time.Hour,
		Duplicates: rooms.DuplicatesResend,
	}
}

// Rules are the policy in the words of rooms.
func (p Policy) Rules() rooms.Policy {
	return rooms.Policy{
		Revision:   rooms.Revision{Name: rooms.StandardPolicy, Revision: p.Revision},
		Retry:      p.Retry,
		Jitter:     p.Jitter,
		Expiry:     p.Expiry,
		Duplicates: p.Duplicates,
		Unknown:    p.Unknown,

		PolicyRules: p.further(),
	}
}

// Check names every fault.
func (p Policy) Check() []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(p.Revision < 1, "revision: from 1")
	bad(len(p.Retry) == 0, "retry: at least one wait")
	for _, wait := range p.Retry {
		bad(wait <= 0, "retry: waits are longer than 0s")
	}
	bad(p.Jitter < 0 || p.Jitter > 1, "jitter: from 0 to 1")
	bad(p.Expiry <= 0, "expiry: longer than 0s")
	avoid := p.Duplicates == rooms.DuplicatesAvoid
	bad(!avoid && p.Duplicates != rooms.DuplicatesResend, `duplicates: "resend" or "avoid"`)
	switch p.Unknown {
	case "":
	case rooms.UnknownHold, rooms.UnknownResend:
		bad(!avoid, "unknown: goes with duplicates: avoid only")
	default:
		bad(true, `unknown: "resend", "hold" or empty`)
	}
	bad(p.Release != rooms.ReleaseAtOnce && p.Release != rooms.ReleaseTwoPerson, `release: "two-person" or empty`)
	return append(faults, p.checkFurther()...)
}
