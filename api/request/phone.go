package request

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/govcrier/crier/rooms"
)

// nobodys begins numbers for tests: 999 is nobody's (ITU-T E.164, list of assigned codes: reserved).
const nobodys = "+999"

// address accepts a contact of a channel that is to be added. Of a telephone number the country must exist and have numbers of that length: what
// can be nobody's would only cost.
func address(c rooms.Channel, s string) (rooms.Address, error) {
	a, err := rooms.ParseAddress(c, s)
	if err == nil && (c == rooms.SMS || c == rooms.WhatsApp) {
		err = possible(s)
	}
	if err != nil {
		return rooms.Address{}, err
	}
	return a, nil
}

// possible takes a number in E.164 form.
func possible(number string) error {
	if strings.HasPrefix(number, nobodys) {
		return nil
	}
	n, ok := split(number[1:])
	if !ok {
		return fmt.Errorf("%w: no country has this calling code", rooms.ErrAddress)
	}
	if !phonenumbers.IsPossibleNumber(n) {
		return fmt.Errorf("%w: a number of that country has more or fewer digits", rooms.ErrAddress)
	}
	return nil
}

// split finds the calling code, of which none is the beginning of another.
func split(digits string) (*phonenumbers.PhoneNumber, bool) {
	for length := 1; length <= 3; length++ {
		code, err := strconv.ParseInt(digits[:length], 10, 32)
		if err != nil || phonenumbers.GetRegionCodeForCountryCode(int(code)) == phonenumbers.UNKNOWN_REGION {
			continue
		}
		rest := digits[length:]
		zeros := len(rest) - len(strings.TrimLeft(rest, "0"))
		national, err := strconv.ParseUint(rest, 10, 64)
		if err != nil {
			return nil, false
		}
		country, leading, many := int32(code), zeros > 0, int32(zeros)
		return &phonenumbers.PhoneNumber{CountryCode: &country, NationalNumber: &national, ItalianLeadingZero: &leading, NumberOfLeadingZeros: &many}, true
	}
	return nil, false
}
