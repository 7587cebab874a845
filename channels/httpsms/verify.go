package httpsms

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what some providers sign with; as a keyed hash it still holds
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/credential"
)

// errForeign says that it is not the provider who calls. Why is for nobody.
var errForeign = errors.New("httpsms: not the provider's call")

// literal begins a part of what is signed that is always the same.
const literal = "text:"

// proof is a call as it came, for those who look at whose it is.
type proof struct {
	*http.Request
	url  string // as the provider knows it
	body []byte
	form url.Values // of the body
}

func (p *plan) readVerify(f *faults) {
	v := p.Verify
	f.at("verify.kind", oneOf(v.Kind, VerifyHMAC, VerifyJWT, VerifyBasic, VerifyHeader, VerifyQuery, VerifyNone))
	f.at("verify.hash", oneOf(v.Hash, "sha256", "sha1"))
	f.at("verify.coding", oneOf(v.Coding, "hex", "base64"))
	for _, part := range v.Over {
		if !strings.HasPrefix(part, literal) {
			f.at("verify.over", oneOf(part, "url", "form", "body", "timestamp", literal+"…"))
		}
	}
	f.when(slices.Contains(v.Over, "timestamp") && v.Kind == VerifyHMAC && !isHeaderName(v.Stamp), "verify.stamp: the header with the timestamp that is signed")
	f.when(v.Kind == VerifyHMAC && !slices.Contains(v.Over, "body") && !slices.Contains(v.Over, "form"), "verify.over: has to have body or form")
	f.when((v.Kind == VerifyHMAC || v.Kind == VerifyHeader) && !isHeaderName(v.Name), "verify.name: the header to look at")
	f.when(v.Kind == VerifyQuery && (v.Name == "" || v.Name == tokenField), "verify.name: the parameter of the URL, not %s", tokenField)
	f.when(v.Kind == VerifyBasic && v.Name == "", "verify.name: the user")
	f.when(v.Window < 0, "verify.window: not negative")
	for _, text := range v.Networks {
		network, err := netip.ParsePrefix(text)
		f.when(err != nil, "verify.networks: networks such as 198.51.100.0/24")
		p.networks = append(p.networks, network.Masked())
	}
	if !p.hears() {
		return
	}
	f.when(v.Kind == VerifyNone && len(v.Networks) == 0, "verify.kind: whoever knows the URL could report anything; a signature, a secret or networks are needed")
	f.when(v.Kind != VerifyNone && p.SigningFile == "", "signingFile: needed for verify.kind")
	if p.SigningFile != "" && p.SigningFile != p.SecretFile {
		f.at("signingFile", credential.CheckLine(p.SigningFile))
	}
	f.when(!v.signs() && v.Kind != VerifyNone && p.SigningFile == p.SecretFile && p.SigningFile != "",
		"signingFile: the credential for the provider would come with every call; use another secret")
}

// verify says whether a call is the provider's.
func (p *plan) verify(ctx context.Context, c proof, now time.Time) error {
	if !p.near(c.RemoteAddr) {
		return errForeign
	}
	if p.Verify.Kind == VerifyNone {
		return nil
	}
	known, err := p.Credentials.Line(ctx, p.SigningFile)
	if err != nil {
		return fmt.Errorf("httpsms: signingFile: %w", err)
	}
	good := false
	switch v := p.Verify; v.Kind {
	case VerifyHMAC:
		good = v.hmac(c, known, now)
	case VerifyJWT:
		good = v.jwt(c, known, now)
	case VerifyBasic:
		user, password, ok := c.BasicAuth()
		good = ok && same(user, v.Name) && same(password, known)
	case VerifyHeader:
		good = len(c.Header.Values(v.Name)) == 1 && same(c.Header.Get(v.Name), v.Prefix+known)
	case VerifyQuery:
		good = len(c.URL.Query()[v.Name]) == 1 && same(c.URL.Query().Get(v.Name), known)
	}
	if !good {
		return errForeign
	}
	return nil
}

// near says whether a call comes from where the provider's do.
func (p *plan) near(remote string) bool {
	if len(p.networks) == 0 {
		return true
	}
	at, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(p.networks, func(n netip.Prefix) bool { return n.Contains(at.Addr().Unmap().WithZone("")) })
}

// same compares in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// hmac compares the keyed hash of what is signed.
func (v Verify) hmac(c proof, known string, now time.Time) bool {
	given := c.Header.Values(v.Name)
	if len(given) != 1 || !strings.HasPrefix(given[0], v.Prefix) {
		return false
	}
	mac, err := v.decode(strings.TrimPrefix(given[0], v.Prefix))
	if err != nil {
		return false
	}
	if v.Stamp != "" && !v.recent(c.Header.Get(v.Stamp), now) {
		return false
	}
	h := hmac.New(v.hash(), []byte(known))
	for _, part := range v.Over {
		switch part {
		case "url":
			h.Write([]byte(c.url))
		case "form":
			h.Write([]byte(sorted(c.form)))
		case "body":
			h.Write(c.body)
		case "timestamp":
			h.Write([]byte(c.Header.Get(v.Stamp)))
		default:
			h.Write([]byte(strings.TrimPrefix(part, literal)))
		}
	}
	return hmac.Equal(h.Sum(nil), mac)
}

func (v Verify) hash() func() hash.Hash {
	if v.Hash == "sha1" {
		return sha1.New
	}
	return sha256.New
}

func (v Verify) decode(s string) ([]byte, error) {
	if v.Coding == "base64" {
		return base64.StdEncoding.DecodeString(s)
	}
	return hex.DecodeString(s)
}

// recent says whether a signed time is near ours.
func (v Verify) recent(stamp string, now time.Time) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	return err == nil && now.Sub(time.Unix(seconds, 0)).Abs() <= v.Window
}

// sorted writes the fields of a form by name, each with its values behind it.
func sorted(form url.Values) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			b.WriteString(name)
			b.WriteString(value)
		}
	}
	return b.String()
}
