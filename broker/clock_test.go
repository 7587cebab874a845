package broker

import (
	"errors"
	"testing"
	"time"
)

func TestMajorityJudgesAClock(t *testing.T) {
	for _, c := range []struct {
		what   string
		others []time.Duration
		wrong  bool
	}{
		{"alone", nil, false},
		{"two, one of which is wrong", []time.Duration{time.Hour}, false},
		{"another is ahead", []time.Duration{time.Hour, 0}, false},
		{"this one is behind", []time.Duration{time.Hour, time.Hour + time.Second}, true},
		{"this one is ahead", []time.Duration{-time.Hour, -time.Hour}, true},
		{"all differ, this one least", []time.Duration{time.Hour, -time.Hour}, false},
		{"a little", []time.Duration{5 * time.Second, 5 * time.Second}, false},
		{"five, three of which agree", []time.Duration{time.Hour, time.Hour, time.Hour, 0}, true},
	} {
		s := &Server{options: Options{Node: "own"}}
		all := []node{{Name: "own"}}
		for _, ahead := range c.others {
			all = append(all, node{Name: "other", ahead: ahead})
		}
		if err := s.judgeClock(all); errors.Is(err, ErrClock) != c.wrong {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
