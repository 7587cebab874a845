package request

import (
	"errors"
	"fmt"
	"unicode/utf8"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	maxAudienceNames  = 10
	maxAudienceValues = 100 // of all names
	maxAudienceValue  = 200 // characters
	maxAudienceBytes  = 3000
)

// audience reads for which of the subscribers a message is: {"language":["de"],"district":["emme","napf"]}.
func (p *messageParser) audience(to *rooms.Audience) error {
	before, all, size := len(p.faults), rooms.Audience{}, 0
	err := p.object(func(name string) error {
		if _, err := rooms.ParseValueName(name); err != nil {
			return errors.Join(p.fault(v1.FaultCodeInvalidName, err.Error()), p.skip())
		}
		at := string(p.dec.StackPointer())
		var values []string
		err := p.array(func() error {
			return p.checked(v1.FaultCodeInvalidText, func(s string) error {
				if n := utf8.RuneCountInString(s); n == 0 || n > maxAudienceValue {
					return fmt.Errorf("1 to %d characters", maxAudienceValue)
				}
				values = append(values, s)
				size += len(s)
				return nil
			})
		})
		if err == nil && len(values) == 0 && len(p.faults) == before {
			err = p.faultAt(at, v1.FaultCodeMissing, "at least one value")
		}
		all[name] = values
		return err
	})
	if err != nil || len(p.faults) > before {
		return err
	}
	count := 0
	for name, values := range all {
		count, size = count+len(values), size+len(name)
	}
	if len(all) == 0 || len(all) > maxAudienceNames || count > maxAudienceValues || size > maxAudienceBytes {
		return p.fault(v1.FaultCodeInvalidValue, fmt.Sprintf("1 to %d names with %d values and %d bytes in all", maxAudienceNames, maxAudienceValues, maxAudienceBytes))
	}
	*to = all
	return nil
}
