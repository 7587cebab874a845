package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/govcrier/crier/rooms"
)

// PolicyQuota is how many messages are accepted; 0: any number.
type PolicyQuota struct {
	PerMinute int `yaml:"perMinute"`
	PerDay    int `yaml:"perDay"`
}

// PolicyContent is what a message may say at most; 0: as much as crier takes.
type PolicyContent struct {
	Segments int `yaml:"segments"`
	Bytes    int `yaml:"bytes"`

	Transliterate bool `yaml:"transliterate"`
}

// PolicyCap is how many messages of a room reach one person in a time; 0: any number.
type PolicyCap struct {
	Messages int           `yaml:"messages"`
	Per      time.Duration `yaml:"per"`
}

// PolicyReplies are what people answer to messages.
type PolicyReplies struct {
	Window time.Duration `yaml:"window"`
}

var errQuota = errors.New("perMinute and perDay, whole numbers")

// UnmarshalYAML refuses keys that are not known, in a map too.
func (q *PolicyQuota) UnmarshalYAML(n *yaml.Node) error {
	var given map[string]int
	if err := n.Decode(&given); err != nil {
		return errQuota
	}
	for name, value := range given {
		switch name {
		case "perMinute":
			q.PerMinute = value
		case "perDay":
			q.PerDay = value
		default:
			return errQuota
		}
	}
	return nil
}

// further are the rules beside the attempts. Quiet hours that cannot be read are left out: Check names them.
func (p Policy) further() rooms.PolicyRules {
	r := rooms.PolicyRules{
		Quota: rooms.Quota(p.Quota), Content: rooms.ContentLimits(p.Content), Times: rooms.Times{Zone: p.Zone},
		Replies: rooms.Replies(p.Replies), Cap: rooms.Frequency(p.Cap), SentIsDelivered: slices.Concat(p.SentIsDelivered), HoldAfter: p.HoldAfter, Release: p.Release,
	}
	for lane, q := range p.Lanes {
		if r.Lanes == nil {
			r.Lanes = map[rooms.Lane]rooms.Quota{}
		}
		r.Lanes[lane] = rooms.Quota(q)
	}
	for _, line := range p.QuietHours {
		if q, err := rooms.ParseQuietHours(line); err == nil {
			r.Times.Quiet = append(r.Times.Quiet, q)
		}
	}
	return r
}

func (p Policy) checkFurther() []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	bad(min(p.Quota.PerMinute, p.Quota.PerDay) < 0, "quota: from 0")
	for lane, q := range p.Lanes {
		bad(!slices.Contains(rooms.Lanes(), lane), fmt.Sprintf("lanes: a lane is one of %v", rooms.Lanes()))
		bad(min(q.PerMinute, q.PerDay) < 0, "lanes: perMinute and perDay from 0")
	}
	bad(min(p.Content.Segments, p.Content.Bytes) < 0, "content: from 0")
	bad(p.HoldAfter < 0, "holdAfter: from 0")
	bad(p.Cap.Messages < 0 || p.Cap.Per < 0, "cap: from 0")
	bad(p.Replies.Window != 0 && (p.Replies.Window < time.Minute || p.Replies.Window > rooms.MaxReplies), "replies.window: from 1m to 720h, or 0 for 72h")
	for _, c := range p.SentIsDelivered {
		bad(!slices.Contains(rooms.Channels(), c), fmt.Sprintf("sentIsDelivered: a channel is one of %v", rooms.Channels()))
	}
	for _, line := range p.QuietHours {
		_, err := rooms.ParseQuietHours(line)
		bad(err != nil, `quietHours: lines such as "21:00-08:00" or "sat sun 00:00-24:00"`)
	}
	for _, f := range p.Rules().Faults(nil, time.Time{}) {
		member, _, _ := strings.Cut(f.Pointer[1:], "/")
		bad(true, member+": "+f.Detail)
	}
	return faults
}
