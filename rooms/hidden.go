package rooms

import "unique"

// hidden keeps a string behind a pointer, where fmt does not follow: it calls no Format on an
// unexported field, nor on an argument that its format string does not ask for. Equal strings
// are equal hidden; the zero value is the empty string.
type hidden struct{ handle unique.Handle[string] }

func hide(s string) hidden {
	if s == "" {
		return hidden{}
	}
	return hidden{unique.Make(s)}
}

func (h hidden) reveal() string {
	if h == (hidden{}) {
		return ""
	}
	return h.handle.Value()
}
