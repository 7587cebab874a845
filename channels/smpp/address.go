package smpp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

// Types of numbers (SMPP 3.4 §5.2.5).
const (
	tonInternational = 1
	tonNational      = 2
)

// parseTypes reads TON/NPI.
func parseTypes(s string) (ton, npi byte, err error) {
	a, b, _ := strings.Cut(s, "/")
	t, errT := strconv.ParseUint(a, 10, 3)
	n, errN := strconv.ParseUint(b, 10, 5)
	if errT != nil || errN != nil {
		return 0, 0, fmt.Errorf("smpp: %w", rooms.ErrAddress)
	}
	return byte(t), byte(n), nil
}

// address writes one, with the type and plan that its form has; digits go without +.
func address(text, types string) pdu.Address {
	ton, npi, _ := parseTypes(types) // checked
	return pdu.Address{TON: ton, NPI: npi, Text: strings.TrimPrefix(text, "+")}
}

// source is whom a message is from; the zero value leaves it to the centre.
func (o Options) source(from string) pdu.Address {
	switch {
	case from == "":
		return pdu.Address{}
	case strings.HasPrefix(from, "+"):
		return address(from, o.Addressing.International)
	case isShortCode(from):
		return address(from, o.Addressing.Short)
	}
	return address(from, o.Addressing.Alphanumeric)
}

func isShortCode(s string) bool {
	_, err := rooms.ParseShortCode(s)
	return err == nil
}

// heard reads an address that the centre gives: a number in international form, or a short code; zero if it is neither.
func (o Options) heard(a pdu.Address) rooms.Address {
	digits := strings.TrimPrefix(a.Text, "+")
	if rest, national := strings.CutPrefix(digits, "0"); o.CountryCode != "" && (a.TON == tonNational || national) && a.TON != tonInternational {
		digits = o.CountryCode + rest
	}
	if number, err := rooms.ParsePhone("+" + strings.TrimPrefix(digits, "00")); err == nil && (a.TON == tonInternational || len(digits) > rooms.MaxShortCode) {
		return number
	}
	code, err := rooms.ParseShortCode(digits)
	if err != nil {
		return rooms.Address{}
	}
	return code
}
