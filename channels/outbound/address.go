package outbound

import (
	"errors"
	"net/netip"
	"slices"
)

// The refusals of addresses.
var (
	// ErrAddress: the address is not public, and its network is not opened.
	ErrAddress = errors.New("outbound: the address may not be called")
	// ErrPort: the port is none of those of the configuration.
	ErrPort = errors.New("outbound: the port may not be called")
	// ErrPlain: without TLS only opened networks are called.
	ErrPlain = errors.New("outbound: this address is called with TLS only")
)

// special are the IPv4 networks that are not public (RFC 6890 and its registry).
func special() []netip.Prefix {
	return prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
		"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
		"203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
}

// special6 are networks within the public range of IPv6 that are not public: protocol assignments
// with Teredo, documentation, 6to4.
func special6() []netip.Prefix {
	return prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
}

// The public range of IPv6, and where NAT64 puts the addresses of IPv4 (RFC 6052).
func public6() netip.Prefix { return netip.MustParsePrefix("2000::/3") }
func nat64() netip.Prefix   { return netip.MustParsePrefix("64:ff9b::/96") }

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, s := range texts {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// rules say which addresses may be called.
type rules struct {
	allow            []netip.Prefix
	ports            []int
	special          []netip.Prefix
	special6         []netip.Prefix
	public6, natted6 netip.Prefix
}

func newRules(o Options) (rules, error) {
	r := rules{ports: o.Ports, special: special(), special6: special6(), public6: public6(), natted6: nat64()}
	for _, s := range o.Allow {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return r, errAllow
		}
		r.allow = append(r.allow, p.Masked())
	}
	return r, nil
}

// check says why an address may not be called; nil if it may.
func (r rules) check(a netip.AddrPort, plain bool) error {
	if !slices.Contains(r.ports, AnyPort) && !slices.Contains(r.ports, int(a.Port())) {
		return ErrPort
	}
	address := r.plain4(a.Addr())
	switch {
	case r.opened(address):
		return nil
	case !r.public(address):
		return ErrAddress
	case plain:
		return ErrPlain
	}
	return nil
}

// plain4 is the IPv4 address that an IPv6 address stands for, or the address itself.
func (r rules) plain4(a netip.Addr) netip.Addr {
	a = a.WithZone("").Unmap()
	if r.natted6.Contains(a) {
		b := a.As16()
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a
}

func (r rules) opened(a netip.Addr) bool { return within(r.allow, a) }

func (r rules) public(a netip.Addr) bool {
	if a.Is4() {
		return !within(r.special, a)
	}
	return r.public6.Contains(a) && !within(r.special6, a)
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}
