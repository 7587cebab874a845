package rooms

import "strings"

// What the codes are made of that people are sent to confirm with.
const (
	CodeLength   = 8
	CodeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ" // none that is taken for another
)

// ParseCode gives a code as it is compared, or false if the text can be none. Case, hyphens and spaces say nothing.
func ParseCode(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	return s, len(s) == CodeLength && all(s, func(c byte) bool { return strings.IndexByte(CodeAlphabet, c) >= 0 })
}
