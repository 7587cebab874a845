package rooms_test

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/rooms"
)

const private = "dinah@example.com"

// holder has what is personal in fields of every kind, where fmt calls no method of theirs.
type holder struct {
	Contact rooms.Contact
	Secret  rooms.Secret
	address rooms.Address
	body    *rooms.Body
	secrets []rooms.Secret
	byName  map[string]rooms.Body
	any     any
}

// personal are the types and what may hold them.
func personal(t *testing.T) map[string]any {
	t.Helper()
	a, err := rooms.ParseEmail(private)
	if err != nil {
		t.Fatal(err)
	}
	b, s := rooms.NewBody(private), rooms.NewSecret(private)
	c := rooms.Contact{Channel: rooms.Email, Address: a, Name: b}
	h := holder{c, s, a, &b, []rooms.Secret{s}, map[string]rooms.Body{"k": b}, a}
	return map[string]any{
		"address": a, "body": b, "secret": s, "pointer": &a, "slice": []rooms.Body{b}, "map": map[string]rooms.Secret{"k": s},
		"contact": c, "content": rooms.Content{Subject: b, Text: b, HTML: b, SMS: b}, "delivery": &rooms.Delivery{To: c},
		"struct": h, "pointer to a struct": &h, "error": fmt.Errorf("to %v: %w", a, errors.New(fmt.Sprint(b))),
	}
}

// quiet fails if what was written shows the value, plain, quoted or in hexadecimal.
func quiet(t *testing.T, how, written string) {
	t.Helper()
	for _, form := range []string{private, "dinah", fmt.Sprintf("%x", "dinah"), fmt.Sprintf("% X", "dinah"), fmt.Sprint([]byte("dinah"))[1:10]} {
		if strings.Contains(written, form) {
			t.Errorf("%s reveals it: %s", how, written)
		}
	}
}

func TestPrintingNeverReveals(t *testing.T) {
	for name, v := range personal(t) {
		for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %t %c %U %p %T %10s %-5.2v %!") {
			quiet(t, name+" "+verb, fmt.Sprintf(verb, v))
		}
		quiet(t, name+" without a verb", fmt.Sprintf(name, v))
		quiet(t, name+" as a width", fmt.Sprintf("%*d", v, 1))
		quiet(t, name+" wrapped", fmt.Errorf("about %s: %w", v, errors.ErrUnsupported).Error())
		quiet(t, name+" joined", fmt.Sprintln(v, []any{v}))
	}
}

func TestLoggingNeverReveals(t *testing.T) {
	var out bytes.Buffer
	for name, v := range personal(t) {
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			l := slog.New(h).With("first", v).WithGroup("g")
			l.Info("message", "value", v, slog.Group("deeper", "value", v), "list", []any{v})
		}
		quiet(t, name, out.String())
		out.Reset()
	}
}

func TestEncodingNeverReveals(t *testing.T) {
	for name, v := range personal(t) {
		if b, err := stdjson.Marshal(v); err == nil {
			quiet(t, name+" by encoding/json", string(b))
		}
		if b, err := json.Marshal(v); err == nil {
			quiet(t, name+" by go-json-experiment", string(b))
		}
	}
	a, _ := rooms.ParseEmail(private)
	for how, marshal := range map[string]func(any) ([]byte, error){
		"encoding/json": stdjson.Marshal, "go-json-experiment": func(v any) ([]byte, error) { return json.Marshal(v) },
	} {
		if b, err := marshal([]any{a, rooms.NewBody(private), rooms.NewSecret(private)}); err != nil || string(b) != `["[redacted]","[redacted]","[redacted]"]` {
			t.Errorf("%s writes %s, %v", how, b, err)
		}
	}
}

func TestRevealAloneGivesIt(t *testing.T) {
	a, err := rooms.ParseEmail(private)
	b, s := rooms.NewBody(private), rooms.NewSecret(private)
	if err != nil || a.Reveal() != private || b.Reveal() != private || s.Reveal() != private {
		t.Errorf("it is lost: %v", err)
	}
	if a.IsZero() || b.IsZero() || s.IsZero() {
		t.Error("what is held counts as zero")
	}
}

func TestZeroHoldsNothing(t *testing.T) {
	var a rooms.Address
	if !a.IsZero() || a.Reveal() != "" || a.Same() != "" {
		t.Error("the zero address holds something")
	}
	if b := rooms.NewBody(""); !b.IsZero() || b.Reveal() != "" {
		t.Error("an empty body is the zero one")
	}
	if s := rooms.NewSecret(""); !s.IsZero() || s.Reveal() != "" {
		t.Error("an empty secret is the zero one")
	}
}
