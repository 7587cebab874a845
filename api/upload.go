package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	uploadBatch  = 1000 // rows that are stored together
	storing      = 3    // batches at once, while the next one is read
	reportedRows = 1000 // faulty rows that are named; the others are counted
)

// upload adds one person for each row, and answers when all are stored: a line for each faulty row, then the sums. For a
// preview the rows are read, and nothing is stored.
func (s *Server) upload(c *call, form request.Form) (answer, error) {
	preview, err := flagOf(c, "preview", "true")
	if err != nil {
		return answer{}, err
	}
	if form.Consent, err = request.ParseFileConsent(c.r.URL.Query(), form.Now); err != nil {
		return answer{}, err
	}
	c.reads = preview
	if c.r.ContentLength > s.options.MaxUpload {
		return answer{}, problem.Of(v1.ProblemCodeBodyTooLarge)
	}
	u := &uploading{
		server: s, call: c, control: http.NewResponseController(c.w), preview: preview,
		rows: request.NewRows(http.MaxBytesReader(c.w, c.r.Body, s.options.MaxUpload), form),
	}
	u.stores.SetLimit(storing)
	for {
		err := u.batch()
		if err == nil {
			continue
		}
		if stored := u.stores.Wait(); stored != nil {
			return answer{}, stored
		}
		if err == io.EOF {
			return u.answer()
		}
		return answer{}, err
	}
}

type uploading struct {
	server  *Server
	call    *call
	control *http.ResponseController
	rows    *request.Rows
	preview bool

	stores errgroup.Group // of batches
	failed atomic.Bool    // one of them was not stored

	added, existing, left atomic.Int64
	good, faulty          int64
	report                bytes.Buffer
}

// errNotStored ends an upload of which a batch was not stored.
var errNotStored = errors.New("api: a batch of an upload was not stored")

// batch reads some rows and has them stored; io.EOF after the last. Of two rows with the same contact in batches that are
// stored at once either comes first.
func (u *uploading) batch() error {
	if u.failed.Load() {
		return errNotStored
	}
	if err := u.call.context().Err(); err != nil {
		return err
	}
	u.extend()
	var people []rooms.Subscription
	var end error
	for read := 0; read < uploadBatch && end == nil; read++ {
		var row request.Row
		if row, end = u.rows.Next(); end == nil {
			if err := u.row(row, &people); err != nil {
				return err
			}
		}
	}
	var header *problem.Error
	if errors.As(end, &header) {
		return header
	}
	if end != nil && end != io.EOF {
		return bodyProblem(end)
	}
	if len(people) > 0 && !u.preview {
		u.stores.Go(func() error { return u.store(people) })
	}
	return end
}

// extend gives the next rows, and then the answer, the time that a whole request has otherwise. Where there is no
// connection, there is no time either.
func (u *uploading) extend() {
	o := u.server.options
	_ = u.control.SetReadDeadline(time.Now().Add(o.BodyTimeout))
	_ = u.control.SetWriteDeadline(time.Now().Add(o.AnswerTimeout))
}

func (u *uploading) row(row request.Row, people *[]rooms.Subscription) error {
	if len(row.Faults) == 0 {
		u.good++
		person := rooms.Subscription{Contact: row.Contact, Consent: row.Consent}
		u.server.witness(u.call, &person)
		*people = append(*people, person)
		return nil
	}
	if u.faulty++; u.faulty > reportedRows {
		return nil
	}
	return u.say(v1.UploadLine{Line: row.Line, Errors: problem.Translate(row.Faults)})
}

func (u *uploading) say(line v1.UploadLine) error {
	if err := json.MarshalWrite(&u.report, line); err != nil {
		return err
	}
	return u.report.WriteByte('\n')
}

func (u *uploading) store(people []rooms.Subscription) error {
	ctx, cancel := u.server.beyond(u.call)
	defer cancel()
	sums, err := u.server.deps.Subscribers.SubscribeMany(ctx, u.call.room.Name, people)
	u.added.Add(int64(sums.Added))
	u.existing.Add(int64(sums.Existing))
	u.left.Add(int64(sums.Left))
	if err != nil {
		u.failed.Store(true)
	}
	return err
}

func (u *uploading) answer() (answer, error) {
	added, existing, left := u.added.Load(), u.existing.Load(), u.left.Load()
	sums := v1.UploadLine{Added: &added, Existing: &existing, Left: &left, Faulty: &u.faulty}
	if u.preview {
		sums.Good = &u.good
	}
	if err := u.say(sums); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, kind: ndjsonType, body: u.report.Bytes()}, nil
}
