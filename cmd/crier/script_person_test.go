package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/govcrier/crier/rooms"
)

// letter is what a person finds in the sandbox.
type letter struct{ To, Text, SMS, Type, Leave string }

// codeIn finds the code of an invitation.
var codeIn = regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`)

// lettersTo are those that a person has got, newest first.
func lettersTo(outbox, to string) (all []letter, err error) {
	answer, err := http.Get(outbox)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var everything []letter
	if err := json.UnmarshalRead(answer.Body, &everything, json.MatchCaseInsensitiveNames(true)); err != nil {
		return nil, err
	}
	for _, l := range everything {
		if l.To == to {
			all = append(all, l)
		}
	}
	return all, nil
}

// inbox waits until a person has got so many letters, and sets CODE, CONFIRM and LEAVE to what stands in the latest.
func inbox(ts *testscript.TestScript, _ bool, args []string) {
	var all []letter
	for deadline := time.Now().Add(busyFor); time.Now().Before(deadline); {
		var err error
		all, err = lettersTo(ts.Getenv("OUTBOX")+".json", args[0])
		ts.Check(err)
		if fmt.Sprint(len(all)) == args[1] {
			l := all[0]
			text := l.Text + l.SMS
			fmt.Fprintln(ts.Stdout(), text)
			ts.Setenv("CODE", codeIn.FindString(text))
			ts.Setenv("CONFIRM", regexp.MustCompile(`https?://\S+/confirm/\S+`).FindString(text))
			ts.Setenv("LEAVE", l.Leave)
			return
		}
	}
	ts.Fatalf("%s has %d letters after 20s, not %s", args[0], len(all), args[1])
}

// submit sends a form, as a page or a mail program does, and prints status and page.
func submit(ts *testscript.TestScript, _ bool, args []string) {
	form, err := url.ParseQuery(args[1])
	ts.Check(err)
	answer, err := http.PostForm(args[0], form)
	ts.Check(err)
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", answer.StatusCode, page)
}

// invited waits for the code that a person is sent.
func (s *stand) invited(to string) (code string) {
	s.t.Helper()
	await(s.t, busyFor, func() string {
		for _, it := range s.outbox() {
			if it.To == to && codeIn.MatchString(it.Text+it.SMS) {
				code = codeIn.FindString(it.Text + it.SMS)
				return ""
			}
		}
		return to + " has no code"
	})
	return code
}

// outbox is what the sandbox was given.
func (s *stand) outbox() (all []letter) {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.app.Outbox().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/outbox.json", nil))
	if err := json.Unmarshal(w.Body.Bytes(), &all, json.MatchCaseInsensitiveNames(true)); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// suppress has an address be one that takes nothing, and gives its id.
func (s *stand) suppress(to string) string {
	s.t.Helper()
	at, err := rooms.ParseEmail(to)
	if err != nil {
		s.t.Fatal(err)
	}
	e := rooms.Endpoint{Channel: rooms.Email, Address: at}
	if err := s.know.suppressions.Refused(s.t.Context(), e, rooms.NoMailbox, "test"); err != nil {
		s.t.Fatal(err)
	}
	one, err := s.know.suppressions.Find(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(one.ID)
}

// writes has somebody have written to a room, or to nobody, and gives the id of that.
func (s *stand) writes(room rooms.Room, text string) string {
	s.t.Helper()
	shelf := s.app.shelf(s.store, s.know)
	from, err := rooms.ParsePhone("+996555000111")
	if err != nil {
		s.t.Fatal(err)
	}
	r := rooms.Reply{ID: rand.Text(), Kind: rooms.InboundReply, Room: room, Channel: rooms.SMS, At: time.Now().UTC(), HeardAt: time.Now().UTC(), Publisher: demoPublisher}
	r.Sealed, err = shelf.Vault.Seal(rooms.Letter{From: from, Text: rooms.NewBody(text)}.Encode(), r.Bound()...)
	if err == nil {
		r.Sequence, _, err = shelf.Store.AddReply(s.t.Context(), r)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return strconv.FormatUint(r.Sequence, 10)
}
