package rooms

import "fmt"

// MinShortCode and MaxShortCode are how many digits a short code has; national numbers have more.
const (
	MinShortCode = 3
	MaxShortCode = 8
)

// ParseShortCode accepts a number that networks give to a service, of three to eight digits: people write to it, nobody is
// reached at it.
func ParseShortCode(s string) (Address, error) {
	if len(s) < MinShortCode || len(s) > MaxShortCode || !all(s, func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: a short code has %d to %d digits", ErrAddress, MinShortCode, MaxShortCode)
	}
	return Address{hide(s)}, nil
}
