package request

import (
	"errors"
	"fmt"
	"slices"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish/rules"
)

// The rules of accepting a message.

const (
	maxQuota     = 1_000_000_000
	maxSegments  = 255
	maxBytes     = 4 << 20
	maxTypes     = 100
	maxSchemas   = 256 << 10 // bytes of all schemas of a policy
	leastCheck   = 100 * time.Millisecond
	mostCheck    = 10 * time.Second
	defaultCheck = 2 * time.Second
)

func (p *policyParser) quota(to *rooms.Quota) error {
	*to = rooms.Quota{}
	return p.record(fields{
		"perMinute": func() error { return p.count(&to.PerMinute, 1, maxQuota) },
		"perDay":    func() error { return p.count(&to.PerDay, 1, maxQuota) },
	})
}

func (p *policyParser) lanes() error {
	p.p.Lanes = nil
	return p.object(func(name string) error {
		lane, err := rooms.ParseLane(name)
		if err != nil || name == "" {
			return p.stranger(fmt.Sprintf("a lane is one of %v", rooms.Lanes()))
		}
		var q rooms.Quota
		if err := p.quota(&q); err != nil {
			return err
		}
		if p.p.Lanes == nil {
			p.p.Lanes = map[rooms.Lane]rooms.Quota{}
		}
		p.p.Lanes[lane] = q
		return nil
	})
}

func (p *policyParser) content() error {
	p.p.Content = rooms.ContentLimits{}
	return p.record(fields{
		"segments": func() error { return p.count(&p.p.Content.Segments, 1, maxSegments) },
		"bytes":    func() error { return p.count(&p.p.Content.Bytes, 1, maxBytes) },

		"transliterate": func() error { return p.flag(&p.p.Content.Transliterate) },
	})
}

func (p *policyParser) types() error {
	p.p.Types = nil
	total := 0
	err := p.list("/types", maxTypes, func() error {
		var t rooms.MessageType
		err := p.record(fields{
			"type": func() error {
				return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
					t.Type, err = rooms.ParseType(s)
					if slices.ContainsFunc(p.p.Types, func(other rooms.MessageType) bool { return other.Type == t.Type }) {
						err = errors.New("this type stands here already")
					}
					return err
				})
			},
			"schema": func() error { return p.schema(&t.Schema) },
		}, "type")
		p.p.Types, total = append(p.p.Types, t), total+len(t.Schema)
		return err
	})
	if err == nil && total > maxSchemas {
		err = p.faultAt("/types", v1.FaultCodeInvalidValue, fmt.Sprintf("at most %d bytes of schemas altogether", maxSchemas))
	}
	return err
}

// schema keeps the bytes as they came.
func (p *policyParser) schema(to *[]byte) error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return err
	}
	at := string(p.dec.StackPointer())
	var bad *rules.BadSchema
	if _, err := rules.CompileSchema(raw); errors.As(err, &bad) {
		return p.faultAt(at+bad.Pointer, v1.FaultCodeInvalidValue, bad.Detail)
	}
	*to = slices.Clone(raw)
	return nil
}

func (p *policyParser) check() error {
	p.p.Check = rooms.ExternalCheck{}
	err := p.record(fields{
		"url": func() error {
			return p.checked(v1.FaultCodeInvalidAddress, func(s string) (err error) {
				if p.p.Check.URL, err = rooms.ParseURL(s); err == nil && p.limits.Allowed != nil {
					err = p.limits.Allowed(p.p.Check.URL)
				}
				return err
			})
		},
		"timeout": func() error { return p.duration(&p.p.Check.Timeout, leastCheck, mostCheck) },
	})
	if p.p.Check.Timeout == 0 && !p.p.Check.URL.IsZero() {
		p.p.Check.Timeout = defaultCheck
	}
	return err
}

func (p *policyParser) release() error {
	return p.choice(func(s string) bool {
		p.p.Release = rooms.Release(s)
		switch v1.PolicyRelease(s) {
		case v1.ReleaseAtOnce, "":
			p.p.Release = rooms.ReleaseAtOnce
		case v1.ReleaseTwoPerson:
		default:
			return false
		}
		return true
	}, "at-once or two-person")
}
