package main

import (
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/govcrier/crier/channels/matrix/matrixtest"
)

type homeserverKey struct{}

// homeserver starts one of Matrix with users, and sets HOMESERVER to its URL.
func homeserver(ts *testscript.TestScript, _ bool, args []string) {
	s := matrixtest.Start(args...)
	ts.Defer(s.Stop)
	*ts.Value(homeserverKey{}).(**matrixtest.Server) = s
	ts.Setenv("HOMESERVER", s.URL)
}

// matrixPerson does something in Matrix: USER reads TEXT, answers TEXT WITH, begins WITH, or leaves TEXT, once a message with TEXT
// has come.
func matrixPerson(ts *testscript.TestScript, _ bool, args []string) {
	s := *ts.Value(homeserverKey{}).(**matrixtest.Server)
	p := s.Person(args[0])
	if args[1] == "begins" {
		p.Say(p.Begin("@clinic", true), args[2])
		return
	}
	for late := time.Now().Add(busyFor); time.Now().Before(late); time.Sleep(10 * time.Millisecond) {
		room, event := p.Find(args[2])
		switch {
		case room == "":
			continue
		case args[1] == "leaves":
			p.Leave(room)
		case args[1] == "answers":
			p.Answer(room, event, args[3])
		default:
			p.Enter(room)
			p.Read(room, event)
		}
		return
	}
	ts.Fatalf("%s has no message with %q within %v", args[0], args[2], busyFor)
}
