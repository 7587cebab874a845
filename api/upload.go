package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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
	maxLine      = 4096 // bytes
	reportedRows = 1000 // faulty rows that are named; the others are counted
)

// upload adds one person for each line, and answers when all are stored: a line for each faulty row, then the sums.
func (s *Server) upload(c *call) (answer, error) {
	if c.r.ContentLength > s.options.MaxUpload {
		return answer{}, problem.Of(v1.ProblemCodeBodyTooLarge)
	}
	u := &uploading{
		server: s, call: c, control: http.NewResponseController(c.w),
		lines: bufio.NewReaderSize(http.MaxBytesReader(c.w, c.r.Body, s.options.MaxUpload), maxLine),
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
	lines   *bufio.Reader
	line    int64 // number of the last one read, from 1

	added, existing, faulty int64
	report                  bytes.Buffer
}

// batch reads some rows and stores them; io.EOF after the last.
func (u *uploading) batch() error {
	if err := u.call.context().Err(); err != nil {
		return err
	}
	u.extend()
	var people []rooms.Subscription
	var end error
	for read := 0; read < uploadBatch && end == nil; read++ {
		var row []byte
		if row, end = u.next(); len(row) > 0 {
			if err := u.row(row, &people); err != nil {
				return err
			}
		}
	}
	if end != nil && end != io.EOF {
		return bodyProblem(end)
	}
	if err := u.store(people); err != nil {
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

// next reads a line without its end. One that is too long is a fault and comes back empty.
func (u *uploading) next() ([]byte, error) {
	row, err := u.lines.ReadSlice('\n')
	if err == nil || len(row) > 0 {
		u.line++
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return bytes.TrimSpace(row), err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = u.lines.ReadSlice('\n')
	}
	detail := fmt.Sprintf("a line has at most %d bytes", maxLine)
	if err := u.fault(rooms.Fault{Code: string(v1.FaultCodeLineTooLong), Detail: detail}); err != nil {
		return nil, err
	}
	return nil, err
}

func (u *uploading) row(row []byte, people *[]rooms.Subscription) error {
	person, err := request.ParseSubscriber(row, u.server.now())
	var wrong *problem.Error
	if errors.As(err, &wrong) {
		return u.fault(wrong.Faults...)
	}
	if err == nil && person.Confirm {
		return u.fault(rooms.Fault{Pointer: "/confirm", Code: string(v1.FaultCodeNotSupported), Detail: "people are invited one by one"})
	}
	u.server.witness(u.call, &person.Subscription)
	*people = append(*people, person.Subscription)
	return err
}

func (u *uploading) fault(faults ...rooms.Fault) error {
	if u.faulty++; u.faulty > reportedRows {
		return nil
	}
	return u.say(v1.UploadLine{Line: u.line, Errors: problem.Translate(faults)})
}

func (u *uploading) say(line v1.UploadLine) error {
	if err := json.MarshalWrite(&u.report, line); err != nil {
		return err
	}
	return u.report.WriteByte('\n')
}

func (u *uploading) store(people []rooms.Subscription) error {
	if len(people) == 0 {
		return nil
	}
	ctx, cancel := u.server.beyond(u.call)
	defer cancel()
	added, existing, err := u.server.deps.Subscribers.SubscribeMany(ctx, u.call.room.Name, people)
	u.added += int64(added)
	u.existing += int64(existing)
	return err
}

func (u *uploading) answer() (answer, error) {
	if err := u.say(v1.UploadLine{Added: &u.added, Existing: &u.existing, Faulty: &u.faulty}); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, kind: ndjsonType, body: u.report.Bytes()}, nil
}
