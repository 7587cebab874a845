package emailtest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// Verb is a moment of an SMTP session at which a sink can be told to misbehave.
type Verb string

// The moments. At Connect, Hello and Mail the recipient is not known yet, so rules for them are
// for everybody.
const (
	Connect Verb = "connect" // instead of the greeting
	Hello   Verb = "EHLO"
	Mail    Verb = "MAIL"
	Rcpt    Verb = "RCPT"
	Data    Verb = "DATA"         // after 354, before the content is read
	End     Verb = "end of DATA"  // after the whole content was read
	Taken   Verb = "taken anyway" // as End, but the sink has kept the message
)

// Everybody is the recipient of rules that hold for all.
const Everybody = ""

// Do is what a sink does instead of saying yes.
type Do struct {
	reply      *smtp.SMTPError
	hang, drop bool
	until      <-chan struct{}
}

// Reply answers with a line such as "451 4.7.1 try again in 300 seconds". At End a line that
// begins with 250 takes the message.
func Reply(line string) Do {
	var r smtp.SMTPError
	e := &r.EnhancedCode
	code, text, _ := strings.Cut(line, " ")
	enhanced, rest, _ := strings.Cut(text, " ")
	if _, err := fmt.Sscanf(code, "%d", &r.Code); err != nil {
		panic("emailtest: not a reply: " + line)
	}
	if _, err := fmt.Sscanf(enhanced, "%d.%d.%d", &e[0], &e[1], &e[2]); err != nil {
		r.EnhancedCode, rest = smtp.NoEnhancedCode, text
	}
	r.Message = rest
	return Do{reply: &r}
}

// Hang says nothing more, and keeps the connection.
func Hang() Do { return Do{hang: true} }

// Until goes on once a channel is closed.
func Until(done <-chan struct{}) Do { return Do{until: done} }

// Drop ends the connection without a word.
func Drop() Do { return Do{drop: true} }

type rule struct {
	to   string
	at   Verb
	do   Do
	left int // how often it still applies; negative: always
}

// rules are those of a sink. The first that fits applies.
type rules struct {
	mu  sync.Mutex
	all []*rule
}

func (r *rules) add(to string, at Verb, do Do, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, &rule{to, at, do, times})
}

func (r *rules) find(to string, at Verb) (Do, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range r.all {
		if rule.at == at && rule.left != 0 && (rule.to == Everybody || rule.to == to) {
			rule.left--
			return rule.do, true
		}
	}
	return Do{}, false
}
