package cap

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"mime"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// codes are the values of the elements that have a list of them.
func codes() map[string][]string {
	return map[string][]string{
		"status":       {"Actual", "Exercise", "System", "Test", "Draft"},
		"msgType":      {"Alert", "Update", "Cancel", "Ack", "Error"},
		"scope":        {"Public", "Restricted", "Private"},
		"category":     {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"},
		"responseType": {"Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"},
		"urgency":      {"Immediate", "Expected", "Future", "Past", "Unknown"},
		"severity":     {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
		"certainty":    {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
	}
}

var (
	errName    = errors.New("without spaces, commas and the characters < and &")
	errTime    = errors.New("a date and time with zone such as 2026-12-01T09:00:00+06:00; UTC is -00:00, and Z is not used")
	errTriple  = errors.New("alerts as sender,identifier,sent, with white space between them")
	errPolygon = errors.New("at least four points as latitude,longitude with white space between them, of which the last is the first")
	errCircle  = errors.New("a point as latitude,longitude, white space, and a radius in kilometres")
	errNumber  = errors.New("a number")
	errSize    = errors.New("a number of bytes")
	errURI     = errors.New("an absolute URI")
	errAnyURI  = errors.New("a URI")
	errMIME    = errors.New("a media type such as image/png")
	errBase64  = errors.New("base64")
	errDigest  = errors.New("the SHA-1 hash in hexadecimal")
)

// parseTime reads a time as §3.3.2 has it.
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d$`)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !form.MatchString(s) {
		return time.Time{}, errTime
	}
	return t.UTC(), nil
}

// checkName accepts an identifier or a sender.
func checkName(s string) error {
	if s == "" || strings.ContainsAny(s, ",<& \t\r\n\u0085\u00a0\u2028\u2029") {
		return errName
	}
	return nil
}

// languageTag says whether it is a tag as RFC 3066 has it.
func languageTag(s string) bool {
	return regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`).MatchString(s)
}

func parseReferences(s string) (all []Reference, err error) {
	for _, triple := range strings.Fields(s) {
		parts := strings.Split(triple, ",")
		if len(parts) != 3 || checkName(parts[0]) != nil || checkName(parts[1]) != nil {
			return nil, errTriple
		}
		sent, err := parseTime(parts[2])
		if err != nil {
			return nil, errTriple
		}
		all = append(all, Reference{parts[0], parts[1], sent})
	}
	if len(all) == 0 {
		return nil, errTriple
	}
	return all, nil
}

func checkPolygon(s string) error {
	points := strings.Fields(s)
	if len(points) < 4 || points[0] != points[len(points)-1] && !samePoint(points[0], points[len(points)-1]) {
		return errPolygon
	}
	for _, p := range points {
		if _, _, ok := parsePoint(p); !ok {
			return errPolygon
		}
	}
	return nil
}

func samePoint(a, b string) bool {
	lat, lon, ok := parsePoint(a)
	lat2, lon2, ok2 := parsePoint(b)
	return ok && ok2 && lat == lat2 && lon == lon2
}

// parsePoint reads a coordinate of WGS 84.
func parsePoint(s string) (lat, lon float64, ok bool) {
	first, second, found := strings.Cut(s, ",")
	lat, ok = parseNumber(first)
	lon, ok2 := parseNumber(second)
	return lat, lon, found && ok && ok2 && math.Abs(lat) <= 90 && math.Abs(lon) <= 180
}

// parseNumber reads a decimal as XML Schema has it: without exponent, infinity and hexadecimal.
func parseNumber(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "+-.0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsInf(n, 0)
}

func checkCircle(s string) error {
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return errCircle
	}
	_, _, ok := parsePoint(parts[0])
	if radius, number := parseNumber(parts[1]); !ok || !number || radius < 0 {
		return errCircle
	}
	return nil
}

func checkDecimal(s string) error {
	if _, ok := parseNumber(strings.TrimSpace(s)); !ok {
		return errNumber
	}
	return nil
}

func checkSize(s string) error {
	if _, err := strconv.ParseUint(strings.TrimSpace(s), 10, 63); err != nil {
		return errSize
	}
	return nil
}

func checkWeb(s string) error {
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil || !u.IsAbs() {
		return errURI
	}
	return nil
}

func checkURI(s string) error {
	if _, err := url.Parse(strings.TrimSpace(s)); err != nil || strings.TrimSpace(s) == "" {
		return errAnyURI
	}
	return nil
}

func checkMIME(s string) error {
	kind, _, err := mime.ParseMediaType(strings.TrimSpace(s))
	if err != nil || !strings.Contains(kind, "/") {
		return errMIME
	}
	return nil
}

func checkBase64(s string) error {
	plain := strings.Join(strings.Fields(s), "")
	if _, err := base64.StdEncoding.DecodeString(plain); err != nil || plain == "" {
		return errBase64
	}
	return nil
}

func checkDigest(s string) error {
	if b, err := hex.DecodeString(strings.TrimSpace(s)); err != nil || len(b) != 20 {
		return errDigest
	}
	return nil
}
