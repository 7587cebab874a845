package api

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/problem"
	"github.com/govcrier/crier/api/request"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const (
	uploadBatch  = 500  // rows that are stored together
	reportedRows = 1000 // faulty rows that are named; the others are counted
)

// upload adds one person for each row, and answers when all are stored: a line for each faulty row, then the sums. For a
// preview the rows are read, and nothing is stored.
func (s *Server) upload(c *call, form request.Form) (answer, error) {
	preview, err := flagOf(c, "preview", "true")
	if err != nil {
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
	for {
		switch err := u.batch(); {
		case err == io.EOF:
			return u.answer()
		case err != nil:
			return answer{}, err
		}
	}
}

type uploading struct {
	server  *Server
	call    *call
	control *http.ResponseController
	rows    *request.Rows
	preview bool

	good, added, existing, faulty int64
	report                        bytes.Buffer
}

// batch reads some rows and stores them; io.EOF after the last.
func (u *uploading) batch() error {
	if err := u.call.context().Err(); err != nil {
		return err
	}
	u.extend()
	var contacts []rooms.Contact
	var end error
	for read := 0; read < uploadBatch && end == nil; read++ {
		var row request.Row
		if row, end = u.rows.Next(); end == nil {
			if err := u.row(row, &contacts); err != nil {
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
	if err := u.store(contacts); err != nil {
		return err
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

func (u *uploading) row(row request.Row, contacts *[]rooms.Contact) error {
	if len(row.Faults) == 0 {
		u.good++
		*contacts = append(*contacts, row.Contact)
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

func (u *uploading) store(contacts []rooms.Contact) error {
	if len(contacts) == 0 || u.preview {
		return nil
	}
	ctx, cancel := u.server.beyond(u.call)
	defer cancel()
	added, existing, err := u.server.deps.Subscribers.AddMany(ctx, u.call.room.Name, contacts)
	u.added += int64(added)
	u.existing += int64(existing)
	return err
}

func (u *uploading) answer() (answer, error) {
	sums := v1.UploadLine{Added: &u.added, Existing: &u.existing, Faulty: &u.faulty}
	if u.preview {
		sums.Good = &u.good
	}
	if err := u.say(sums); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, kind: ndjsonType, body: u.report.Bytes()}, nil
}
