package request

import (
	"errors"
	"net/url"
	"time"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// The columns of a table of subscribers that are their consent, and the parameters by which it is said of a whole file.
const (
	columnPurpose   = "purpose"
	columnSource    = "source"
	columnConsented = "consented_at"
)

func ofConsent(column string) bool {
	return column == columnPurpose || column == columnSource || column == columnConsented
}

// setConsent takes one of the columns of a consent; the code says what is wrong with it.
func setConsent(c *rooms.Consent, column, text string, now time.Time) (code v1.FaultCode, err error) {
	switch column {
	case columnPurpose:
		c.Purpose, err = rooms.ParsePurpose(text)
		return v1.FaultCodeInvalidText, err
	case columnSource:
		c.Source, err = rooms.ParsePurpose(text)
		return v1.FaultCodeInvalidText, err
	}
	c.At, err = consentedAt(text, now)
	return v1.FaultCodeInvalidTime, err
}

// east is how far the day begins before that of UTC, where it begins first.
const east = 14 * time.Hour

// consentedAt reads when somebody has consented: a time with its zone, or a day, of which the beginning in UTC counts.
func consentedAt(s string, now time.Time) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, s); err == nil && !day.After(now.Add(east)) {
		if day.After(now) {
			day = now.UTC().Truncate(time.Millisecond)
		}
		return day, nil
	}
	at, err := parseTime(s)
	return at, errors.Join(err, notAhead(at, now))
}

func notAhead(at, now time.Time) error {
	if at.After(now.Add(time.Minute)) {
		return errors.New("a time in the past")
	}
	return nil
}

// ParseFileConsent reads what the parameters purpose, source and consented_at say of every row that does not say it itself.
func ParseFileConsent(query url.Values, now time.Time) (c rooms.Consent, err error) {
	for _, name := range []string{columnPurpose, columnSource, columnConsented} {
		if !query.Has(name) {
			continue
		}
		if len(query[name]) > 1 {
			return c, problem.Parameter(name, v1.FaultCodeDuplicateEntry, "this parameter stands here twice")
		}
		if code, err := setConsent(&c, name, query.Get(name), now); err != nil {
			return c, problem.Parameter(name, code, err.Error())
		}
	}
	return c, nil
}

// or fills in what a row does not say.
func or(c, file rooms.Consent) rooms.Consent {
	if c.Purpose == "" {
		c.Purpose = file.Purpose
	}
	if c.Source == "" {
		c.Source = file.Source
	}
	if c.At.IsZero() {
		c.At = file.At
	}
	return c
}
