package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"time"

	v1 "github.com/govcrier/crier/api/v1"
)

// File holds the recipients of a message, a row each.
type File struct {
	CSV  bool // a table with a header, not NDJSON
	Rows []byte
	// SkipFaulty has the rows left out that are wrong; else one is enough for nothing to be accepted.
	SkipFaulty bool
}

// PublishFile is PublishJSON with the recipients in a file.
func (c *Client) PublishFile(ctx context.Context, room string, message []byte, f File) (v1.Receipt, error) {
	r, err := formRequest(messagesPath(room), message, f)
	if err != nil {
		return v1.Receipt{}, err
	}
	if f.SkipFaulty {
		r.path += "?faulty=skip"
	}
	return c.publish(ctx, r)
}

// previewPatience is what a node may take longer for a preview: it may count a room of a million.
const previewPatience = 45 * time.Second

// Preview says what PublishJSON would do. Nothing is kept and nothing is sent.
func (c *Client) Preview(ctx context.Context, room string, message []byte) (v1.Preview, error) {
	var p v1.Preview
	_, err := c.call(ctx, request{method: http.MethodPost, path: previewPath(room), body: message, patience: previewPatience}, &p)
	return p, err
}

// PreviewFile says what PublishFile would do.
func (c *Client) PreviewFile(ctx context.Context, room string, message []byte, f File) (v1.Preview, error) {
	var p v1.Preview
	r, err := formRequest(previewPath(room), message, f)
	if err == nil {
		r.repeatable, r.patience = false, previewPatience
		_, err = c.call(ctx, r, &p)
	}
	return p, err
}

// formRequest is a form of a message and the file of its recipients (RFC 7578).
func formRequest(path string, message []byte, f File) (request, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	kind := contentRows
	if f.CSV {
		kind = contentCSV
	}
	for _, p := range []struct {
		name, kind string
		body       []byte
	}{{"message", contentJSON, message}, {"recipients", kind, f.Rows}} {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"`}, "Content-Type": {p.kind}}
		w, err := form.CreatePart(h)
		if err != nil {
			return request{}, fmt.Errorf("the form cannot be written: %w", err)
		}
		if _, err := io.Copy(w, bytes.NewReader(p.body)); err != nil {
			return request{}, fmt.Errorf("the form cannot be written: %w", err)
		}
	}
	if err := form.Close(); err != nil {
		return request{}, fmt.Errorf("the form cannot be written: %w", err)
	}
	return request{method: http.MethodPost, path: path, body: body.Bytes(), kind: form.FormDataContentType(), accept: contentJSON, repeatable: true}, nil
}

func previewPath(room string) string { return messagesPath(room) + "/preview" }
