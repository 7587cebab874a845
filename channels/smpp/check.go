package smpp

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/rooms"
)

// The longest fields (SMPP 3.4 §4.1.1), less the zero byte.
const (
	maxSystemID   = 15
	maxPassword   = 8
	maxSystemType = 12
	maxService    = 5
)

// Check names every fault of the options. It reads no file and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	return slices.Concat(o.checkCentre(), o.checkWords(), o.checkAddresses(), o.checkLimits())
}

type faults []error

func (f *faults) when(is bool, format string, args ...any) {
	if is {
		*f = append(*f, fmt.Errorf(format, args...))
	}
}

func (o Options) checkCentre() (f faults) {
	f.when(o.Host == "", "host is missing: the name of the SMS centre")
	f.when(strings.ContainsAny(o.Host, " \t\r\n/@"), "host %q is not a host name or IP address", o.Host)
	f.when(strings.Contains(o.Host, ":") && net.ParseIP(o.Host) == nil, "host %q has more than a name: the port is set by port", o.Host)
	f.when(o.Port < 1 || o.Port > 65535, "port %d is not from 1 to 65535", o.Port)
	f.when(o.SystemID == "", "systemId is missing: the name of the account at the centre")
	f.when(len(o.SystemID) > maxSystemID, "systemId has more than %d characters", maxSystemID)
	f.when(len(o.SystemType) > maxSystemType, "systemType has more than %d characters", maxSystemType)
	f.when(len(o.ServiceType) > maxService, "serviceType has more than %d characters", maxService)
	f.when(!o.Password.IsZero() && o.PasswordFile != "", "set one of password and passwordFile")
	return f
}

func (o Options) checkWords() (f faults) {
	for _, w := range []struct {
		name, value string
		known       []string
	}{
		{"tls", o.TLS, []string{TLSNone, TLSImplicit}},
		{"bind", o.Bind, []string{BindTransceiver, BindSeparate}},
		{"alphabet", o.Alphabet, []string{AlphabetGSM7, AlphabetLatin1, AlphabetUCS2}},
		{"longMessages", o.LongMessages, []string{LongUDH8, LongUDH16, LongPayload}},
		{"validity", o.Validity, []string{ValidityAbsolute, ValidityRelative, ValidityNone}},
		{"receiptIds", o.ReceiptIDs, []string{IDsAsSent, IDsHex, IDsDecimal}},
	} {
		f.when(!slices.Contains(w.known, w.value), "%s %q is not one of %q", w.name, w.value, w.known)
	}
	return f
}

func (o Options) checkAddresses() (f faults) {
	for _, a := range []struct{ name, value string }{
		{"destination", o.Addressing.Destination}, {"international", o.Addressing.International},
		{"short", o.Addressing.Short}, {"alphanumeric", o.Addressing.Alphanumeric},
	} {
		_, _, err := parseTypes(a.value)
		f.when(err != nil, "addressing.%s %q is not TON/NPI, such as 1/1", a.name, a.value)
	}
	f.when(o.From != "" && !validFrom(o.From), "from %q is neither a number, nor a short code, nor up to 11 letters and digits", o.From)
	f.when(strings.Trim(o.CountryCode, "0123456789") != "" || len(o.CountryCode) > 3 || strings.HasPrefix(o.CountryCode, "0"),
		"countryCode %q is not a country code such as 996", o.CountryCode)
	return f
}

func validFrom(s string) bool {
	_, err := rooms.ParseSenderID(s)
	return err == nil || isShortCode(s)
}

func (o Options) checkLimits() (f faults) {
	f.when(o.Binds < 1 || o.Binds > 64, "binds %d is not from 1 to 64", o.Binds)
	f.when(o.Window < 1 || o.Window > 10_000, "window %d is not from 1 to 10000", o.Window)
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"connectTimeout", o.ConnectTimeout}, {"responseTimeout", o.ResponseTimeout}, {"enquireLink", o.EnquireLink},
		{"enquireTimeout", o.EnquireTimeout}, {"reconnectMax", o.ReconnectMax}, {"throttleWait", o.ThrottleWait},
		{"maxValidity", o.MaxValidity},
	} {
		f.when(d.value <= 0, "%s %s is not positive", d.name, d.value)
	}
	return f
}

// errOptions joins the faults of options, nil if there are none.
func (o Options) errOptions() error {
	if err := errors.Join(o.Check()...); err != nil {
		return fmt.Errorf("smpp: %w", err)
	}
	return nil
}
