package oidc

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// claims are a token's payload by exact name (RFC 7519 §4). Unlike encoding/json, decoding is case-sensitive and refuses
// a name that occurs twice, so that no claim can hide behind another.
type claims map[string]jsontext.Value

// maxDate is the last second of the year 9999; later dates are a mistake, and would overflow arithmetic further on.
const maxDate = 253402300799

func parseClaims(payload []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil || c == nil {
		return nil, ErrMalformed
	}
	return c, nil
}

// decode reads one claim; an absent one, like null, leaves the value as it is.
func (c claims) decode(name string, into any) error {
	value, ok := c[name]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return ErrMalformed
	}
	return nil
}

func (c claims) text(name string) (string, error) {
	var text string
	err := c.decode(name, &text)
	return text, err
}

// date reads a NumericDate (RFC 7519 §2): seconds since 1970, fractions allowed.
func (c claims) date(name string) (date time.Time, ok bool, err error) {
	var seconds *float64
	if err := c.decode(name, &seconds); err != nil || seconds == nil {
		return time.Time{}, false, err
	}
	if *seconds < 0 || *seconds > maxDate {
		return time.Time{}, false, ErrMalformed
	}
	whole, fraction := math.Modf(*seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), true, nil
}

// audience reads aud, one text or a list of them (RFC 7519 §4.1.3).
func (c claims) audience() ([]string, error) {
	if value := c["aud"]; len(value) > 0 && value.Kind() == '"' {
		one, err := c.text("aud")
		return []string{one}, err
	}
	var list []string
	err := c.decode("aud", &list)
	return list, err
}

// roles reads the member "roles" of the object at the path; none if either is absent. Anything but a list of texts is
// malformed: a lone text might be meant as one role or as several, and guessing grants rights.
func (c claims) roles(path string) ([]string, error) {
	holder, err := c.at(path)
	if err != nil {
		return nil, err
	}
	var roles []string
	err = holder.decode("roles", &roles)
	return roles, err
}

// at returns the object at a path. A claim with the whole path as its name comes before the walk along the dots.
func (c claims) at(path string) (claims, error) {
	names := strings.Split(path, ".")
	if _, ok := c[path]; ok {
		names = []string{path}
	}
	here := c
	for _, name := range names {
		var next claims
		if err := here.decode(name, &next); err != nil {
			return nil, err
		}
		here = next
	}
	return here, nil
}

// check holds the claims against what is expected here, the cheapest and most telling first.
func (c claims) check(o Options, now time.Time) error {
	if c["at_hash"] != nil || c["c_hash"] != nil {
		return ErrMalformed // an ID token (OpenID Connect Core §3.1.3.6, §3.3.2.11), not an access token
	}
	if err := c.checkOrigin(o); err != nil {
		return err
	}
	return c.checkDates(o.ClockSkew, now)
}

func (c claims) checkOrigin(o Options) error {
	issuer, err := c.text("iss")
	if err != nil {
		return err
	}
	if issuer != o.Issuer {
		return ErrIssuer
	}
	audience, err := c.audience()
	if err != nil {
		return err
	}
	if !slices.Contains(audience, o.Audience) {
		return ErrAudience
	}
	return nil
}

func (c claims) checkDates(skew time.Duration, now time.Time) error {
	expires, ok, err := c.date("exp")
	if err != nil || !ok {
		return ErrMalformed
	}
	if !now.Before(expires.Add(skew)) {
		return ErrExpired
	}
	for _, name := range []string{"nbf", "iat"} {
		from, ok, err := c.date(name)
		if err != nil {
			return err
		}
		if ok && now.Add(skew).Before(from) {
			return ErrNotYetValid
		}
	}
	return nil
}
