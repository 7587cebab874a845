package outbound

import (
	"errors"
	"net/netip"
	"testing"
)

func TestOnlyPublicAddressesMayBeCalled(t *testing.T) {
	r, err := newRules(Options{}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	for want, addresses := range map[error][]string{
		nil: {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "100.63.255.255", "192.0.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "198.17.255.255", "223.255.255.255"},
		ErrAddress: {
			"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
			"192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255",
			"240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::127.0.0.1",
			"64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "64:ff9b:1::10.0.0.1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a9fe:a9fe::",
			"3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1",
		},
	} {
		for _, a := range addresses {
			if got := r.check(netip.AddrPortFrom(netip.MustParseAddr(a), 443), false); !errors.Is(got, want) || want == nil && got != nil {
				t.Errorf("%s: %v, want %v", a, got, want)
			}
		}
	}
}

func TestOpenedNetworksAndPorts(t *testing.T) {
	r, err := newRules(Options{Allow: []string{"10.1.0.0/16", "fd00::/8"}, Ports: []int{443, 8443}}.WithDefaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		address string
		plain   bool
		want    error
	}{
		{"10.1.2.3:443", false, nil}, {"10.1.2.3:443", true, nil}, {"[::ffff:10.1.2.3]:8443", false, nil}, {"[fd00::1]:443", true, nil},
		{"10.2.0.1:443", false, ErrAddress}, {"10.1.2.3:80", true, ErrPort}, {"8.8.8.8:8443", false, nil}, {"8.8.8.8:443", true, ErrPlain},
		{"8.8.8.8:22", false, ErrPort}, {"127.0.0.1:443", true, ErrAddress},
	} {
		if got := r.check(netip.MustParseAddrPort(tc.address), tc.plain); got != tc.want {
			t.Errorf("%s, without TLS %v: %v, want %v", tc.address, tc.plain, got, tc.want)
		}
	}
}
