package rooms

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxURL = 2000

// ParseURL accepts where a webhook calls: an absolute https or http URL without user info and
// fragment, in printable ASCII, whose host is an IP address or a name that cannot be read as one.
// Whether http will do, and which hosts may be called, is for others to say.
func ParseURL(s string) (Address, error) {
	if s == "" || len(s) > maxURL || !all(s, func(c byte) bool { return '!' <= c && c <= '~' && !strings.ContainsRune("\\\"<>^`{|}", rune(c)) }) {
		return Address{}, fmt.Errorf("%w: a URL has 1 to %d characters of those that RFC 3986 allows", ErrAddress, maxURL)
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.Host == "" {
		return Address{}, fmt.Errorf("%w: an absolute URL is expected, such as https://app.example.org/hook", ErrAddress)
	}
	if u.User != nil || strings.Contains(s, "#") {
		return Address{}, fmt.Errorf("%w: a URL here has neither user info nor fragment", ErrAddress)
	}
	if !validPort(u) || !validHost(u.Hostname()) {
		return Address{}, fmt.Errorf("%w: host or port of a URL", ErrAddress)
	}
	return Address{hide(s)}, nil
}

// validPort accepts none, or a number from 1 to 65535 in its only form.
func validPort(u *url.URL) bool {
	if !strings.Contains(u.Host[strings.LastIndexByte(u.Host, ']')+1:], ":") {
		return true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == u.Port()
}

// validHost accepts IP addresses in their usual form, without zone, and names. The last label of a
// name begins with a letter and is no number in any notation, so that nobody takes it for an
// address (WHATWG URL, "ends in a number").
func validHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > 253 {
		return false
	}
	labels := strings.Split(host, ".")
	first, _ := utf8.DecodeRuneInString(labels[len(labels)-1])
	if !unicode.IsLetter(first) {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || !all(l, isLabel) {
			return false
		}
	}
	return true
}

// isLabel holds for the characters of a label in ASCII; a name in another script is written xn--….
func isLabel(c byte) bool {
	return isName(c) || 'A' <= c && c <= 'Z'
}
