package request

import (
	"errors"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxAreaRules = 10
	maxGeocode   = 100 // characters
)

// alerts reads what a room does with alerts.
func (p *roomParser) alerts() error {
	return p.object(func(name string) error {
		switch name {
		case "public":
			return p.flag(&p.room.Alerts.Public)
		case "areas":
			return p.array(func() error {
				if len(p.room.Alerts.Areas) == maxAreaRules {
					return p.full("alerts/areas", maxAreaRules)
				}
				return p.area()
			})
		}
		return p.unknown()
	})
}

func (p *roomParser) area() error {
	var rule rooms.AreaRule
	before := len(p.faults)
	err := p.object(func(name string) error {
		switch name {
		case "geocode":
			return p.checked(v1.FaultCodeInvalidText, func(s string) error {
				rule.Geocode = s
				return checkPrintable(s, 1, maxGeocode)
			})
		case "attribute":
			return p.checked(v1.FaultCodeInvalidName, func(s string) (err error) {
				if rule.Attribute, err = rooms.ParseValueName(s); err == nil && s == "language" {
					err = errors.New("the language is no attribute")
				}
				return err
			})
		}
		return p.unknown()
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	if rule.Geocode == "" || rule.Attribute == "" {
		return p.fault(v1.FaultCodeMissing, "geocode and attribute are needed")
	}
	p.room.Alerts.Areas = append(p.room.Alerts.Areas, rule)
	return nil
}
