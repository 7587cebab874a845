package rooms

import "fmt"

const minShortCode, maxShortCode = 3, 8

// ParseShortCode accepts a number that networks give to a service, of three to eight digits: people write to it, nobody is
// reached at it.
func ParseShortCode(s string) (Address, error) {
	if len(s) < minShortCode || len(s) > maxShortCode || !all(s, func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: a short code has %d to %d digits", ErrAddress, minShortCode, maxShortCode)
	}
	return Address{hide(s)}, nil
}
