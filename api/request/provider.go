package request

import (
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// ParseProviderChange reads how a provider is to be used; a factor that is left out is the one that it has, at most the whole
// unless it is pinned.
func ParseProviderChange(body []byte, factor int) (rooms.ProviderChange, error) {
	p := providerParser{reader: newReader(body)}
	p.c.Factor = -1
	if err := p.document(p.member); err != nil {
		return rooms.ProviderChange{}, err
	}
	if p.c.State == "" && len(p.faults) == 0 {
		_ = p.faultAt("/state", v1.FaultCodeMissing, "this member is needed")
	}
	if p.c.Factor < 0 {
		p.c.Factor = factor
		if p.c.State != rooms.ProviderPinned {
			p.c.Factor = min(factor, rooms.FullFactor)
		}
	}
	if len(p.faults) == 0 && p.c.Check() != nil {
		_ = p.faultAt("/factor", v1.FaultCodeInvalidValue, "more than 100 only if pinned")
	}
	return p.c, p.verdict()
}

type providerParser struct {
	*reader
	c rooms.ProviderChange
}

func (p *providerParser) member(name string) error {
	switch name {
	case "state":
		return p.checked(v1.FaultCodeInvalidValue, func(s string) error {
			p.c.State = rooms.ProviderState(s)
			return rooms.ProviderChange{State: p.c.State}.Check()
		})
	case "factor":
		n, err := p.number(0, rooms.MaxFactor)
		p.c.Factor = int(n)
		return err
	}
	return p.unknown()
}
