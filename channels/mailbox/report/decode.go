package report

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"

	"github.com/emersion/go-message/charset"
)

// maxDecoded is how much of a part is decoded.
const maxDecoded = 256 << 10

// content undoes a part's transfer encoding (RFC 2045 §6), as far as it makes sense.
func (p *part) content() []byte {
	switch strings.ToLower(strings.TrimSpace(p.get("content-transfer-encoding"))) {
	case "base64":
		return fromBase64(p.body[:min(len(p.body), 2*maxDecoded)])
	case "quoted-printable":
		return fromQuoted(p.body[:min(len(p.body), maxDecoded)])
	}
	return p.body[:min(len(p.body), maxDecoded)]
}

// text is a part's content in UTF-8.
func (p *part) text() string {
	b := p.content()
	switch name := strings.ToLower(p.params["charset"]); name {
	case "", "utf-8", "utf8", "us-ascii":
	default:
		if r, err := charset.Reader(name, bytes.NewReader(b)); err == nil {
			if decoded, err := io.ReadAll(io.LimitReader(r, maxDecoded)); err == nil {
				b = decoded
			}
		}
	}
	return clean(strings.ReplaceAll(string(b), "\r\n", "\n"))
}

// fromBase64 leaves out what is not of its alphabet.
func fromBase64(b []byte) []byte {
	letters := bytes.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '/' {
			return r
		}
		return -1
	}, b)
	if len(letters)%4 == 1 {
		letters = letters[:len(letters)-1]
	}
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(letters)))
	n, _ := base64.RawStdEncoding.Decode(out, letters)
	return out[:n]
}

// fromQuoted keeps what is not encoded as it should be.
func fromQuoted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for at := 0; at < len(b); at++ {
		if b[at] != '=' {
			out = append(out, b[at])
			continue
		}
		rest := b[at+1:]
		line, _ := lineAt(rest, 0)
		switch hi, lo := nibble(rest, 0), nibble(rest, 1); {
		case hi >= 0 && lo >= 0:
			out = append(out, byte(hi<<4|lo))
			at += 2
		case len(rest) > len(line) && len(bytes.TrimRight(line, " \t")) == 0: // a line goes on
			at += bytes.IndexByte(rest, '\n') + 1
		default:
			out = append(out, '=')
		}
	}
	return out
}

func nibble(b []byte, at int) int {
	if at >= len(b) {
		return -1
	}
	return strings.IndexByte("0123456789ABCDEF", bytes.ToUpper(b[at : at+1])[0])
}
