package api

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
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
	lines   *bufio.Reader
	line    int64 // number of the last one read, from 1

	stores errgroup.Group // of batches
	failed atomic.Bool    // one of them was not stored

	added, existing atomic.Int64
	faulty          int64
	report          bytes.Buffer
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
	if len(people) > 0 {
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
	ctx, cancel := u.server.beyond(u.call)
	defer cancel()
	added, existing, err := u.server.deps.Subscribers.SubscribeMany(ctx, u.call.room.Name, people)
	u.added.Add(int64(added))
	u.existing.Add(int64(existing))
	if err != nil {
		u.failed.Store(true)
	}
	return err
}

func (u *uploading) answer() (answer, error) {
	added, existing := u.added.Load(), u.existing.Load()
	if err := u.say(v1.UploadLine{Added: &added, Existing: &existing, Faulty: &u.faulty}); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, kind: ndjsonType, body: u.report.Bytes()}, nil
}
