package rules

import (
	"context"
	"net/http"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

const maxDetail = 200 // characters of what a check says

// question is what an application is asked.
type question struct {
	Room      rooms.Room     `json:"room"`
	Type      rooms.Type     `json:"type"`
	Lane      rooms.Lane     `json:"lane"`
	Publisher rooms.Client   `json:"publisher"`
	Content   jsontext.Value `json:"content"`
}

// verdict is what it answers.
type verdict struct {
	Accept *bool `json:"accept"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Detail  string `json:"detail"`
	} `json:"errors"`
}

// ask gives nil only if the application agrees.
func (r *Rules) ask(ctx context.Context, c rooms.ExternalCheck, m publish.Request, id string) error {
	silent := &Refusal{Kind: ErrNoAnswer}
	body, err := json.Marshal(question{m.Room, m.Type, m.Lane, m.Client, m.Content})
	if err != nil || c.URL.IsZero() { // it is not known whom to ask
		return silent
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	status, answer, err := r.Asker.Ask(ctx, c.URL, id, body)
	if err != nil || status != http.StatusOK {
		return silent
	}
	var v verdict
	if err := json.Unmarshal(answer, &v); err != nil || v.Accept == nil {
		return silent
	}
	if *v.Accept {
		return nil
	}
	return &Refusal{ErrRefused, v.faults()}
}

// faults are what an application says of a message, as far as it can be shown.
func (v verdict) faults() []rooms.Fault {
	var all []rooms.Fault
	for _, e := range v.Errors[:min(len(v.Errors), maxFaults)] {
		if !jsontext.Pointer(e.Pointer).IsValid() || len(e.Pointer) > maxPointer {
			e.Pointer = ""
		}
		all = append(all, rooms.Fault{Pointer: e.Pointer, Code: codeInvalid, Detail: line(e.Detail)})
	}
	return all
}

// line makes one line of a text, and cuts it.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	if all := []rune(s); len(all) > maxDetail {
		return string(all[:maxDetail])
	}
	return s
}
