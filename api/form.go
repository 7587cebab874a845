package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// part is one of a form (RFC 7578), byte for byte.
type part struct {
	kind string
	body []byte
}

// partsOf takes a form apart: message and recipients, each once, and nothing else.
func partsOf(c *call, body []byte) (map[string]part, error) {
	_, parameters, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" {
		return nil, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	parts := map[string]part{}
	for form := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		p, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, problem.Of(v1.ProblemCodeIncompleteBody)
		}
		name := p.FormName()
		if _, there := parts[name]; there || name != "message" && name != "recipients" {
			return nil, formFault("", v1.FaultCodeUnknownMember, "the form has the parts message and recipients, each once")
		}
		if parts[name], err = readPart(p); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"message", "recipients"} {
		if _, there := parts[name]; !there {
			return nil, formFault("/"+name, v1.FaultCodeMissing, "this part of the form is needed")
		}
	}
	return parts, nil
}

func formFault(pointer string, code v1.FaultCode, detail string) error {
	return problem.Faults(v1.ProblemCodeInvalidRequest, rooms.Fault{Pointer: pointer, Code: string(code), Detail: detail})
}

// readPart reads a part. What its client has not named by type is known by the name of the file.
func readPart(p *multipart.Part) (part, error) {
	if e := p.Header.Get("Content-Transfer-Encoding"); e != "" && !strings.EqualFold(e, "binary") && !strings.EqualFold(e, "8bit") {
		return part{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
	}
	body, err := io.ReadAll(p)
	if err != nil {
		return part{}, problem.Of(v1.ProblemCodeIncompleteBody)
	}
	if kind := p.Header.Get("Content-Type"); kind == "" || kind == "application/octet-stream" {
		return part{kindByName(p.FileName()), body}, nil
	}
	kind, err := mediaType(http.Header(p.Header))
	return part{kind, body}, err
}

func kindByName(file string) string {
	switch path.Ext(file) {
	case ".json":
		return jsonType
	case ".csv":
		return csvType
	case ".ndjson", ".jsonl":
		return ndjsonType
	}
	return ""
}
