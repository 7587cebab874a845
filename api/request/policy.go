package request

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxWaits  = 50
	leastWait = time.Second
)

// PolicyLimits are what a policy depends on beside itself.
type PolicyLimits struct {
	MaxExpiry time.Duration
	Providers rooms.Providers           // those that are configured; nil: any name will do
	Allowed   func(rooms.Address) error // says why a URL may not be called; nil: any may
	Now       time.Time
}

// ParseNewPolicy reads a policy to be drafted. What is absent is as it is in base.
func ParseNewPolicy(body []byte, base rooms.Policy, l PolicyLimits) (rooms.Policy, error) {
	p := policyParser{reader: newReader(body), named: true, limits: l, p: base}
	p.p.Revision = rooms.Revision{}
	return p.parse()
}

// ParsePolicyRules reads the rules of a revision, whose name and number stand elsewhere. A rule that is given takes the
// place of the one in base; an empty one takes it away, and null the number that holdAfter is.
func ParsePolicyRules(body []byte, base rooms.Policy, l PolicyLimits) (rooms.Policy, error) {
	p := policyParser{reader: newReader(body), limits: l, p: base}
	return p.parse()
}

type policyParser struct {
	*reader
	p      rooms.Policy
	named  bool // a name is to be given
	limits PolicyLimits
}

// parse reads everything and names all contradictions.
func (p *policyParser) parse() (rooms.Policy, error) {
	if err := p.document(p.member); err != nil {
		return rooms.Policy{}, err
	}
	if p.named && p.p.Name == "" && !p.faulty("/name") {
		_ = p.faultAt("/name", v1.FaultCodeMissing, "this member is needed")
	}
	p.contradictions()
	if err := p.verdict(); err != nil {
		return rooms.Policy{}, err
	}
	return p.p, nil
}

// faulty says whether something is wrong with a member already.
func (p *policyParser) faulty(pointer string) bool {
	return slices.ContainsFunc(p.faults, func(f rooms.Fault) bool { return f.Pointer == pointer || strings.HasPrefix(f.Pointer, pointer+"/") })
}

// contradictions are faults between members each of which may be right by itself.
func (p *policyParser) contradictions() {
	whole := p.p
	if p.faulty("/expiry") {
		whole.Expiry = math.MaxInt64
	} else if whole.Expiry > p.limits.MaxExpiry {
		_ = p.faultAt("/expiry", v1.FaultCodeInvalidValue, fmt.Sprintf("at most %s, as long as this gateway keeps trying", p.limits.MaxExpiry))
	}
	if p.faulty("/retry") {
		whole.Retry = nil
	}
	found := slices.DeleteFunc(whole.Faults(p.limits.Providers, p.limits.Now), func(f rooms.Fault) bool {
		member, _, _ := strings.Cut(f.Pointer[1:], "/")
		return p.faulty("/" + member) // what cannot be read contradicts nothing
	})
	_ = p.add(found...)
}

func (p *policyParser) member(name string) error {
	if name == "name" && p.named {
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.p.Name, err = rooms.ParsePolicyName(s)
			return err
		})
	}
	if read, ok := p.members()[name]; ok {
		return read()
	}
	return p.unknown()
}

// members are the rules that there are.
func (p *policyParser) members() fields {
	return fields{
		"retry": p.retry, "jitter": p.jitter,
		"expiry": func() error {
			return p.checked(v1.FaultCodeInvalidValue, func(s string) (err error) {
				p.p.Expiry, err = parseWait(s)
				return err
			})
		},
		"duplicates": p.duplicates, "unknown": p.unknownOutcome,

		"quota": func() error { return p.quota(&p.p.Quota) },
		"lanes": p.lanes, "content": p.content, "types": p.types, "check": p.check, "release": p.release,

		"providers": p.providers, "fallback": p.fallback, "zone": p.zone, "quietHours": p.quietHours, "dates": p.dates,
		"cap": p.frequency, "sentIsDelivered": p.sentIsDelivered,
		"holdAfter": p.holdAfter, "history": p.history, "replies": p.replies,
	}
}

func (p *policyParser) retry() error {
	p.p.Retry = nil
	before := len(p.faults)
	err := p.array(func() error {
		if len(p.p.Retry) == maxWaits {
			return errors.Join(errEnough, p.faultAt("/retry", v1.FaultCodeTooMany, fmt.Sprintf("at most %d", maxWaits)))
		}
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			wait, err := parseWait(s)
			p.p.Retry = append(p.p.Retry, wait)
			return err
		})
	})
	if err != nil || len(p.p.Retry) > 0 || len(p.faults) > before {
		return err
	}
	return p.faultAt("/retry", v1.FaultCodeInvalidValue, "at least one wait")
}

func (p *policyParser) jitter() error {
	if p.dec.PeekKind() != '0' {
		return p.mismatch("a number")
	}
	t, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	share, err := t.Float()
	if err != nil || share < 0 || share > 1 {
		return p.fault(v1.FaultCodeInvalidValue, "a number from 0 to 1")
	}
	p.p.Jitter = share
	return nil
}

func (p *policyParser) duplicates() error {
	return p.choice(func(s string) bool {
		p.p.Duplicates = s
		return s == rooms.DuplicatesResend || s == rooms.DuplicatesAvoid
	}, "resend or avoid")
}

func (p *policyParser) unknownOutcome() error {
	return p.choice(func(s string) bool {
		p.p.Unknown = s
		return s == rooms.UnknownResend || s == rooms.UnknownHold || s == ""
	}, "resend or hold")
}

// parseWait accepts a duration as Go writes it.
func parseWait(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, errors.New(`a duration such as "30s", "5m" or "1h30m"`)
	case d < leastWait:
		return 0, fmt.Errorf("at least %s", leastWait)
	}
	return d, nil
}
