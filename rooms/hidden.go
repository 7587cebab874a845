package rooms

// hidden keeps a string behind a pointer, where fmt does not follow: it calls no Format on an
// unexported field, nor on an argument that its format string does not ask for. Since pointers
// to equal strings differ, == on what holds it does not compile; compare what Reveal gives.
type hidden struct {
	_    [0]func()
	text *string // nil if empty
}

func hide(s string) hidden {
	if s == "" {
		return hidden{}
	}
	return hidden{text: &s}
}

func (h hidden) reveal() string {
	if h.text == nil {
		return ""
	}
	return *h.text
}

func (h hidden) isZero() bool { return h.text == nil }
