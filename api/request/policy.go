package request

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxWaits  = 50
	leastWait = time.Second
)

// ParseNewPolicy reads a policy to be drafted. What is absent is as it is in base.
func ParseNewPolicy(body []byte, base rooms.Policy, maxExpiry time.Duration) (rooms.Policy, error) {
	p := policyParser{reader: newReader(body), named: true, maxExpiry: maxExpiry, p: base}
	p.p.Revision = rooms.Revision{}
	return p.parse()
}

// ParsePolicyRules reads the rules of a revision, whose name and number stand elsewhere.
func ParsePolicyRules(body []byte, base rooms.Policy, maxExpiry time.Duration) (rooms.Policy, error) {
	p := policyParser{reader: newReader(body), maxExpiry: maxExpiry, p: base}
	return p.parse()
}

type policyParser struct {
	*reader
	p           rooms.Policy
	named       bool // a name is to be given
	maxExpiry   time.Duration
	unsupported []rooms.Fault
}

// parse reads everything and names all contradictions. What is known but not supported yet is refused only if
// nothing else is wrong.
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
	if len(p.unsupported) > 0 {
		return rooms.Policy{}, problem.Faults(v1.ProblemCodeNotSupported, p.unsupported...)
	}
	return p.p, nil
}

func (p *policyParser) faulty(pointer string) bool {
	return slices.ContainsFunc(p.faults, func(f rooms.Fault) bool { return f.Pointer == pointer })
}

// contradictions are faults between members each of which may be right by itself.
func (p *policyParser) contradictions() {
	if p.faulty("/expiry") {
		return
	}
	if p.p.Expiry > p.maxExpiry {
		_ = p.faultAt("/expiry", v1.FaultCodeInvalidValue, fmt.Sprintf("at most %s, as long as this gateway keeps trying", p.maxExpiry))
	}
	if len(p.p.Retry) > 0 && !p.faulty("/retry/0") && p.p.Expiry < p.p.Retry[0] {
		_ = p.faultAt("/expiry", v1.FaultCodeInvalidValue, "shorter than the first wait of retry, which would never be")
	}
}

func (p *policyParser) member(name string) error {
	switch {
	case name == "name" && p.named:
		return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
			p.p.Name, err = rooms.ParsePolicyName(s)
			return err
		})
	case name == "retry":
		return p.retry()
	case name == "jitter":
		return p.jitter()
	case name == "expiry":
		return p.checked(v1.FaultCodeInvalidValue, func(s string) (err error) {
			p.p.Expiry, err = parseWait(s)
			return err
		})
	case name == "duplicates":
		return p.checked(v1.FaultCodeInvalidValue, p.duplicates)
	}
	return p.unknown()
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

func (p *policyParser) duplicates(s string) error {
	p.p.Duplicates = s
	switch s {
	case "resend":
		return nil
	case "avoid":
		p.unsupported = append(p.unsupported,
			rooms.Fault{Pointer: "/duplicates", Code: string(v1.FaultCodeNotSupported), Detail: "not yet supported"})
		return nil
	}
	return errors.New("resend")
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
