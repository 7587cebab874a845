package oidc_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/govcrier/crier/api/oidc"
	"github.com/govcrier/crier/api/oidc/oidctest"
)

// TestVerifyRefusesClaims: correctly signed, and still not good.
func TestVerifyRefusesClaims(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	at := func(d time.Duration) int64 { return p.Clock.Now().Add(d).Unix() }
	for name, test := range map[string]struct {
		claims map[string]any
		want   oidc.Error
	}{
		"expired":             {map[string]any{"exp": at(-time.Minute)}, oidc.ErrExpired},
		"no exp":              {map[string]any{"exp": nil}, oidc.ErrMalformed},
		"exp a text":          {map[string]any{"exp": "tomorrow"}, oidc.ErrMalformed},
		"exp out of range":    {map[string]any{"exp": 1e300}, oidc.ErrMalformed},
		"exp negative":        {map[string]any{"exp": -1}, oidc.ErrMalformed},
		"nbf to come":         {map[string]any{"nbf": at(time.Minute)}, oidc.ErrNotYetValid},
		"iat to come":         {map[string]any{"iat": at(time.Minute)}, oidc.ErrNotYetValid},
		"nbf a list":          {map[string]any{"nbf": []int{1}}, oidc.ErrMalformed},
		"other audience":      {map[string]any{"aud": "elsewhere"}, oidc.ErrAudience},
		"part of audience":    {map[string]any{"aud": "crier-test"}, oidc.ErrAudience},
		"no audience":         {map[string]any{"aud": nil}, oidc.ErrAudience},
		"audience a number":   {map[string]any{"aud": 7}, oidc.ErrMalformed},
		"audience an object":  {map[string]any{"aud": map[string]any{"crier": 1}}, oidc.ErrMalformed},
		"other issuer":        {map[string]any{"iss": "https://elsewhere.example"}, oidc.ErrIssuer},
		"issuer with slash":   {map[string]any{"iss": p.Issuer() + "/"}, oidc.ErrIssuer},
		"no issuer":           {map[string]any{"iss": nil}, oidc.ErrIssuer},
		"issuer a list":       {map[string]any{"iss": []string{p.Issuer()}}, oidc.ErrMalformed},
		"roles a text":        {map[string]any{"crier": map[string]any{"roles": "admin"}}, oidc.ErrMalformed},
		"roles of numbers":    {map[string]any{"crier": map[string]any{"roles": []int{1}}}, oidc.ErrMalformed},
		"role path a text":    {map[string]any{"crier": "admin"}, oidc.ErrMalformed},
		"client a number":     {map[string]any{"azp": 7}, oidc.ErrMalformed},
		"no client, no sub":   {map[string]any{"azp": nil, "sub": nil}, oidc.ErrMalformed},
		"sub an object":       {map[string]any{"sub": map[string]any{}}, oidc.ErrMalformed},
		"ID token, code flow": {map[string]any{"at_hash": "x"}, oidc.ErrMalformed},
		"ID token, hybrid":    {map[string]any{"c_hash": "x"}, oidc.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, v, p.Token(test.claims), test.want) })
	}
}

// TestVerifyRefusesPayloads: correctly signed payloads that no JSON encoder of ours would write.
func TestVerifyRefusesPayloads(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	good := string(p.Claims(nil))
	past := p.Claims(map[string]any{"exp": p.Clock.Now().Add(-time.Hour).Unix()})
	for name, test := range map[string]struct {
		payload string
		want    oidc.Error
	}{
		"claim twice":             {strings.Replace(good, "{", `{"sub":"first",`, 1), oidc.ErrMalformed},
		"roles twice":             {strings.Replace(good, `"roles":`, `"roles":["admin"],"roles":`, 1), oidc.ErrMalformed},
		"other case hides exp":    {strings.Replace(string(past), "{", `{"EXP":99999999999,`, 1), oidc.ErrExpired},
		"other case replaces exp": {strings.Replace(good, `"exp"`, `"Exp"`, 1), oidc.ErrMalformed},
		"bad UTF-8":               {strings.Replace(good, "hosp-7-app", "hosp\xff", 1), oidc.ErrMalformed},
		"not JSON":                {"crier", oidc.ErrMalformed},
		"null":                    {"null", oidc.ErrMalformed},
		"a list":                  {"[" + good + "]", oidc.ErrMalformed},
		"two documents":           {good + good, oidc.ErrMalformed},
		"deep":                    {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), oidc.ErrMalformed},
		"nothing":                 {"", oidc.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			refuse(t, v, p.Key().Token(t, nil, []byte(test.payload)), test.want)
		})
	}
}

// TestVerifyRefusesForms: texts that are no signed JWT access token at all.
func TestVerifyRefusesForms(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	good := p.Token(nil)
	header, rest, _ := strings.Cut(good, ".")
	for name, test := range map[string]struct {
		token string
		want  oidc.Error
	}{
		"missing":                {"", oidc.ErrMissing},
		"garbage":                {"garbage", oidc.ErrMalformed},
		"garbage in three parts": {"gar.ba.ge", oidc.ErrMalformed},
		"dots":                   {"..", oidc.ErrMalformed},
		"a space before":         {" " + good, oidc.ErrMalformed},
		"a line feed inside":     {header + "\n." + rest, oidc.ErrMalformed},
		"four parts":             {good + ".x", oidc.ErrMalformed},
		"payload cut off":        {good[:len(header)+20], oidc.ErrMalformed},
		"no signature":           {good[:strings.LastIndex(good, ".")+1], oidc.ErrMalformed},
		"detached payload":       {header + ".." + good[strings.LastIndex(good, ".")+1:], oidc.ErrMalformed},
		"signature cut off":      {good[:len(good)-8], oidc.ErrSignature},
		"1 MB":                   {strings.Repeat("a", 1<<20), oidc.ErrMalformed},
		"1 MB in three parts":    {header + "." + strings.Repeat("a", 1<<20) + ".a", oidc.ErrMalformed},
		"1 MB signed":            {p.Token(map[string]any{"padding": strings.Repeat("a", 1<<20)}), oidc.ErrMalformed},
		"logout token":           {p.Key().Token(t, map[string]any{"typ": "logout+jwt"}, p.Claims(nil)), oidc.ErrMalformed},
		"algorithm a number":     {p.Key().Token(t, map[string]any{"alg": 1}, p.Claims(nil)), oidc.ErrMalformed},
		"unknown critical":       {p.Key().Token(t, map[string]any{"crit": []string{"x"}, "x": 1}, p.Claims(nil)), oidc.ErrSignature},
		"JSON serialization":     {`{"payload":"","signatures":[{"protected":"a.b.c","signature":""}]}`, oidc.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, v, test.token, test.want) })
	}
}

// TestVerifyRefusesForgeries: what somebody would send who knows all that is public.
func TestVerifyRefusesForgeries(t *testing.T) {
	p := oidctest.Start(t)
	v := newVerifier(t, p)
	stranger := oidctest.NewKey(t, p.Key().ID, "RS256")
	unknown := *stranger
	unknown.ID = "never published"
	embedded := jose.JSONWebKey{Key: stranger.Private.Public(), KeyID: stranger.ID}
	claims := p.Claims(nil)
	altered := strings.Split(p.Token(nil), ".")
	altered[1] = base64.RawURLEncoding.EncodeToString(p.Claims(map[string]any{"sub": "admin"}))

	for name, test := range map[string]struct {
		token string
		want  oidc.Error
	}{
		"alg none":                {unsigned("none", claims), oidc.ErrAlgorithm},
		"alg None":                {unsigned("None", claims), oidc.ErrAlgorithm},
		"alg empty":               {unsigned("", claims), oidc.ErrMalformed},
		"HS256, public key PEM":   {hs256(publicPEM(t, p.Key()), claims), oidc.ErrAlgorithm},
		"HS256, public key DER":   {hs256(publicDER(t, p.Key()), claims), oidc.ErrAlgorithm},
		"unknown key id":          {unknown.Token(t, nil, claims), oidc.ErrSignature},
		"right key id, wrong key": {stranger.Token(t, nil, claims), oidc.ErrSignature},
		"no key id, wrong key":    {stranger.Token(t, map[string]any{"kid": ""}, claims), oidc.ErrSignature},
		"key embedded":            {stranger.Token(t, map[string]any{"jwk": embedded}, claims), oidc.ErrSignature},
		"key set elsewhere":       {stranger.Token(t, map[string]any{"jku": p.Issuer() + "/mine"}, claims), oidc.ErrSignature},
		"other algorithm claimed": {p.Key().Token(t, map[string]any{"alg": "ES256"}, claims), oidc.ErrSignature},
		"payload exchanged":       {strings.Join(altered, "."), oidc.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) { refuse(t, v, test.token, test.want) })
	}
}

func unsigned(algorithm string, claims []byte) string {
	return oidctest.Assemble([]byte(`{"alg":"`+algorithm+`"}`), claims, func([]byte) []byte { return nil })
}

func hs256(secret, claims []byte) string {
	return oidctest.Assemble([]byte(`{"alg":"HS256","kid":"first"}`), claims, func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	})
}

func publicDER(t *testing.T, k *oidctest.Key) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(k.Private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func publicPEM(t *testing.T, k *oidctest.Key) []byte {
	t.Helper()
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER(t, k)})
}
