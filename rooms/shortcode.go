package rooms

import "fmt"

// MaxShortCode is how many digits a short code has at most; national numbers have more.
const MaxShortCode = 8

// ParseShortCode accepts a number of 3 to 8 digits, which people write to within a country.
func ParseShortCode(s string) (Address, error) {
	if len(s) < 3 || len(s) > MaxShortCode || !all(s, func(c byte) bool { return '0' <= c && c <= '9' }) {
		return Address{}, fmt.Errorf("%w: a short code has 3 to %d digits", ErrAddress, MaxShortCode)
	}
	return Address{hide(s)}, nil
}
