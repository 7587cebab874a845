package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"
)

// canaries are texts that are looked for, by what they stand for.
type canaries map[string]string

// form is one way in which a canary may be written.
type form struct {
	what    string
	pattern []byte
	folded  bool // in small letters, to be found in text that is folded alike
}

// forms are all ways looked for: plain, URL-escaped, in hexadecimal, each in any case; and in both alphabets of base64,
// wherever the text begins within a group of three bytes.
func (c canaries) forms() []form {
	var all []form
	for what, text := range c {
		for how, written := range map[string]string{
			"plain": text, "path-escaped": url.PathEscape(text), "query-escaped": url.QueryEscape(text),
			"hexadecimal": hex.EncodeToString([]byte(text)),
		} {
			all = append(all, form{what + ", " + how, []byte(strings.ToLower(written)), true})
		}
		for name, variant := range map[string]string{"": text, "small ": strings.ToLower(text), "capital ": strings.ToUpper(text)} {
			for skip := range 3 {
				all = append(all, form{what + ", " + name + "base64", inBase64(base64.StdEncoding, variant, skip), false},
					form{what + ", " + name + "base64url", inBase64(base64.URLEncoding, variant, skip), false})
			}
		}
	}
	return all
}

// inBase64 is what a text looks like after so many bytes before it, without the characters that hold bits of others.
func inBase64(alphabet *base64.Encoding, text string, skip int) []byte {
	written := alphabet.EncodeToString([]byte(strings.Repeat("x", skip) + text))
	return []byte(written[(8*skip+5)/6 : 8*(skip+len(text))/6])
}

// find names the forms that stand in what is given.
func find(all []form, in []byte) (found []string) {
	folded := bytes.ToLower(in)
	for _, f := range all {
		text := in
		if f.folded {
			text = folded
		}
		if bytes.Contains(text, f.pattern) {
			found = append(found, f.what)
		}
	}
	return found
}

// The search finds what it is there to find, so that to find nothing says something.
func TestSearchFindsCanaries(t *testing.T) {
	text := "Canary/of one+kind"
	all := canaries{"name": text}.forms()
	for _, written := range []string{
		text, strings.ToUpper(text), url.PathEscape(text), "canary%2fof+one%2bkind",
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte("a" + text + "b")),
		base64.StdEncoding.EncodeToString([]byte("ab" + text)), base64.URLEncoding.EncodeToString([]byte("abc" + text + "defg")),
		base64.StdEncoding.EncodeToString([]byte("abcd" + strings.ToLower(text))),
	} {
		if len(find(all, []byte("before\x00"+written+"\xffafter"))) == 0 {
			t.Errorf("not found: %s", written)
		}
	}
	if found := find(all, []byte("canary of another kind")); len(found) > 0 {
		t.Errorf("found what is not there: %v", found)
	}
}
