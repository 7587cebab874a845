package api

import (
	"errors"
	"fmt"
	"math"
	"regexp"
)

// Prices are what sending costs, for estimates.
type Prices struct {
	// SMS is the price of a segment, by the beginning of the number, such as "+996". The longest that fits counts.
	SMS map[string]float64 `yaml:"sms"`
	// Currency is that of the prices (ISO 4217).
	Currency string `yaml:"currency"`
}

func (p Prices) withDefaults() Prices {
	if p.SMS == nil {
		p.SMS = map[string]float64{}
	}
	return p
}

func (p Prices) check() (errs []error) {
	beginning, code := regexp.MustCompile(`^\+[0-9]{0,15}$`), regexp.MustCompile(`^[A-Z]{3}$`)
	for prefix, price := range p.SMS {
		if !beginning.MatchString(prefix) {
			errs = append(errs, fmt.Errorf("prices.sms: %q is no beginning of a number in E.164 form", prefix))
		}
		if !(price >= 0 && price <= 1e6) {
			errs = append(errs, fmt.Errorf("prices.sms: the price of %s is from 0 to 1,000,000", prefix))
		}
	}
	if len(p.SMS) > 0 && !code.MatchString(p.Currency) {
		errs = append(errs, errors.New("prices.currency: a code of ISO 4217 is needed, such as KGS"))
	}
	return errs
}

// millionth is the unit in which costs are added up, so that a million of them come out right.
const millionth = 1e-6

// of is the price of a segment to a number, in millionths; false if there is none.
func (p Prices) of(number string) (int64, bool) {
	for n := len(number); n > 0; n-- {
		if price, ok := p.SMS[number[:n]]; ok {
			return int64(math.Round(price / millionth)), true
		}
	}
	return 0, false
}
