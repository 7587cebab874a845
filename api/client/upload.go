package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	v1 "github.com/govcrier/crier/api/v1"
)

// Upload says how an upload is made, and hears how it goes. Both functions may be nil.
type Upload struct {
	CSV     bool // a table with a header, not NDJSON
	Preview bool // check the rows, and store nothing
	// Consent is what people have consented to, where a row does not say it.
	Consent v1.NewConsent
	// Sent is told how many rows have left for the server.
	Sent func(rows int64)
	// Faulty is told of each row that was refused, of the first 1,000 of them.
	Faulty func(line int64, faults []v1.Fault)
}

// Sums are the outcome of an upload. Left are people who have left the room, and stay out; Good are the rows of a preview in
// which nothing is wrong.
type Sums struct{ Added, Existing, Left, Faulty, Good int64 }

// ErrBrokenOff says that the server stopped before it had read all rows. Who was added stays so; the upload may be
// repeated as a whole.
var ErrBrokenOff = errors.New("the upload broke off before its end; repeat it as a whole")

// AddSubscribers subscribes many people: rows are JSON objects such as {"email":"a@example.com","name":"A"}, one a line
// (NDJSON), or a table (CSV). Rows that are wrong do not keep the others from being added. It takes as long as ctx allows.
func (c *Client) AddSubscribers(ctx context.Context, room string, rows io.Reader, u Upload) (Sums, error) {
	var sums Sums
	r := request{method: http.MethodPost, path: subscribersPath(room), accept: contentRows, rows: &rowCounter{from: rows, told: u.Sent}}
	if u.CSV {
		r.kind = contentCSV
	}
	if query := u.query(); len(query) > 0 {
		r.path += "?" + query.Encode()
	}
	e := c.errand(r, func(answer *http.Response) (err error) {
		sums, err = readUpload(answer.Body, u)
		return err
	})
	e.limit, e.last = 0, 0
	return sums, e.pass(ctx)
}

func (u Upload) query() url.Values {
	q := url.Values{}
	if u.Preview {
		q.Set("preview", "true")
	}
	if u.Consent.Purpose != "" {
		q.Set("purpose", u.Consent.Purpose)
	}
	if u.Consent.Source != "" {
		q.Set("source", u.Consent.Source)
	}
	if u.Consent.At != nil {
		q.Set("consented_at", u.Consent.At.Format(time.RFC3339))
	}
	return q
}

// readUpload reads faulty rows, then the sums, without which the upload has not come to its end.
func readUpload(r io.Reader, u Upload) (Sums, error) {
	lines := jsontext.NewDecoder(r)
	for {
		var l v1.UploadLine
		err := json.UnmarshalDecode(lines, &l)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return Sums{}, ErrBrokenOff
		case err != nil:
			return Sums{}, fmt.Errorf("%w (%w)", ErrBrokenOff, err)
		case l.Added != nil && l.Existing != nil && l.Faulty != nil:
			sums := Sums{Added: *l.Added, Existing: *l.Existing, Faulty: *l.Faulty}
			if l.Left != nil {
				sums.Left = *l.Left
			}
			if l.Good != nil {
				sums.Good = *l.Good
			}
			return sums, nil
		case u.Faulty != nil:
			u.Faulty(l.Line, l.Errors)
		}
	}
}

// rowCounter counts the lines that are read through it.
type rowCounter struct {
	from io.Reader
	told func(int64)
	rows atomic.Int64
}

func (c *rowCounter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if found := int64(bytes.Count(p[:n], []byte{'\n'})); found > 0 {
		rows := c.rows.Add(found)
		if c.told != nil {
			c.told(rows)
		}
	}
	return n, err
}
