package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/mux"

	"github.com/govcrier/crier/api/govstack/email"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
	"github.com/govcrier/crier/rooms/publish"
	"github.com/govcrier/crier/rooms/registry"
)

// emailCalls are those of GovStack's e-mail API, without what stands before the path.
func (s *Server) emailCalls() []route {
	return []route{
		{http.MethodPost, email.PathSingle, caller, s.sendEmail(email.ParseSingle)},
		{http.MethodPost, email.PathBatch, caller, s.sendEmail(email.ParseBatch)},
		{http.MethodPost, email.PathCallback, caller, s.hearEmailReply},
		{http.MethodGet, email.PathStatus, caller, s.emailStatus},
		{http.MethodGet, email.PathReplies, caller, s.listEmailReplies},
		{http.MethodDelete, email.PathReply, caller, s.takeEmailReply},
		{http.MethodGet, email.PathHealth, public, s.readyz},
	}
}

// emailRoutes serve it at the root and below the prefix, where its document is too. On its paths problems are application/json,
// and any other method is refused as the document says.
func (s *Server) emailRoutes(m *mux.Router) {
	prefix := s.options.GovstackEmail.Prefix
	for _, r := range s.emailCalls() {
		f := &front{identify: s.holder, kind: jsonType, allow: strings.Join(methods(r), ", "), reword: email.Reworded}
		for _, before := range []string{"", prefix} {
			known := r
			known.path = before + r.path
			e := s.endpoint(known)
			e.front = f
			m.Handle(known.path, e).Methods(methods(r)...)
			other := s.endpoint(route{handle: func(*call) (answer, error) { return answer{}, problem.Of(v1.ProblemCodeMethodNotAllowed) }})
			other.front = f
			m.Handle(known.path, other)
		}
	}
	at, document := prefix+"/openapi.yaml", email.Document(prefix)
	page := sync.OnceValues(func() ([]byte, error) { return s.renderDocumentation(document, at) })
	m.Handle(at, s.endpoint(route{http.MethodGet, at, public, func(*call) (answer, error) {
		return answer{status: http.StatusOK, kind: "application/yaml", body: document}, nil
	}})).Methods(http.MethodGet, http.MethodHead)
	m.Handle(prefix+"/docs", s.endpoint(route{http.MethodGet, prefix + "/docs", public, func(c *call) (answer, error) {
		text, err := page()
		return documentPage(c, text, err)
	}})).Methods(http.MethodGet, http.MethodHead)
}

// holder finds out whose API key came with a call, or who sent a token in its place.
func (s *Server) holder(c *call) error {
	given := append(c.r.Header.Values("apiKey"), c.r.Header.Values("api_key")...)
	if len(given) == 0 && len(c.r.Header.Values("Authorization")) > 0 {
		return s.authenticate(c)
	}
	if len(given) == 0 || given[0] == "" {
		return email.Missing(problem.Of(v1.ProblemCodeTokenMissing))
	}
	key, err := rooms.ParseAPIKey(given[0])
	if err != nil || slices.ContainsFunc(given, func(other string) bool { return other != given[0] }) {
		return problem.Of(v1.ProblemCodeKeyInvalid)
	}
	c.client, err = s.deps.APIKeys.Client(c.context(), key)
	if errors.Is(err, registry.ErrUnknownAPIKey) {
		return problem.Of(v1.ProblemCodeKeyInvalid)
	}
	c.has = caller
	return err
}

// enterEmailRoom opens the room of the caller's e-mail API calls, in which he may name recipients.
func (s *Server) enterEmailRoom(c *call) (err error) {
	c.room, err = s.deps.Rooms.Get(c.context(), rooms.EmailRoom(c.client))
	if errors.Is(err, registry.ErrUnknownRoom) { // which is made with the first key
		return problem.Of(v1.ProblemCodeForbidden)
	}
	if err != nil {
		return err
	}
	if c.has |= roomRights(c.room, c.client); !c.has.any(direct) {
		return problem.Of(v1.ProblemCodeDirectForbidden)
	}
	return nil
}

func (s *Server) facade() email.Facade {
	return email.Facade{Publisher: s.deps.Publisher, Senders: s.deps.Senders, Callbacks: s.deps.Callbacks, Replies: s.deps.Replies, Now: s.now}
}

// emailBody reads the body of a call, which is JSON whether it says so or says nothing.
func (s *Server) emailBody(c *call) (email.Call, error) {
	if err := s.enterEmailRoom(c); err != nil {
		return email.Call{}, err
	}
	if len(c.r.Header.Values("Content-Type")) > 0 || c.r.Header.Get("Content-Encoding") != "" {
		kind, err := mediaType(c.r.Header)
		if err != nil || kind != jsonType && kind != "text/plain" { // which is what many a client says of a string
			return email.Call{}, problem.Of(v1.ProblemCodeUnsupportedMediaType)
		}
	}
	key := c.r.Header.Get("Idempotency-Key")
	if !isTransactionID(key) {
		return email.Call{}, problem.Parameter("Idempotency-Key", v1.FaultCodeInvalidText, "1 to 128 printable characters")
	}
	body, err := s.readAll(c)
	return email.Call{Client: c.client, Key: key, Body: body}, err
}

const maxTransactionID = 128

// isTransactionID accepts none, too.
func isTransactionID(s string) bool {
	for _, b := range []byte(s) {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return len(s) <= maxTransactionID
}

func (s *Server) sendEmail(parse func(body []byte, most int) (email.Mail, error)) handler {
	return func(c *call) (answer, error) {
		call, err := s.emailBody(c)
		if err != nil {
			return answer{}, err
		}
		m, err := parse(call.Body, s.options.MaxRecipients)
		if err != nil {
			return answer{}, err
		}
		ctx, cancel := s.beyond(c)
		defer cancel()
		receipt, err := s.facade().Send(ctx, call, m)
		if err != nil {
			return answer{}, overQuota(c, err)
		}
		if err := s.sameCall(ctx, receipt, m.Lane); err != nil {
			return answer{}, err
		}
		allow(c, receipt.Allowance)
		c.umid, c.inLog = receipt.UMID, true
		return emailAnswer("Request successfully accepted", receipt.UMID)
	}
}

// sameCall refuses what repeats a call to the other path: a single e-mail and a batch are two requests, whatever their bodies.
func (s *Server) sameCall(ctx context.Context, r publish.Receipt, lane rooms.Lane) error {
	if !r.Duplicate {
		return nil
	}
	first, err := s.find(ctx, r.UMID)
	switch {
	case errors.Is(err, index.ErrUnknown): // it is accepted, and the index of this node does not know it yet
		return nil
	case err == nil && first.Lane != lane:
		return publish.ErrConflict
	}
	return err
}

// emailAnswer has the id under both the names by which clients read it.
func emailAnswer(text string, u rooms.UMID) (answer, error) {
	return orderedAnswer(map[string]string{"response": text, "requestUid": string(u), "requestUID": string(u)})
}

func orderedAnswer(value any) (answer, error) {
	body, err := json.Marshal(value, json.Deterministic(true))
	return answer{status: http.StatusOK, kind: jsonType, body: body}, err
}

// openEmail finds the message that the call is about, which is one of the caller's in the room of his e-mail API calls; else
// it is not there.
func (s *Server) openEmail(c *call) error {
	id := c.r.Header.Get("requestUid")
	if id == "" {
		return email.Missing(problem.Parameter("requestUid", v1.FaultCodeMissing, "this header is needed"))
	}
	unknown := problem.Of(v1.ProblemCodeUnknownMessage)
	u, err := rooms.ParseUMID(id)
	if err != nil {
		return unknown
	}
	m, err := s.find(c.context(), u)
	if err != nil {
		return err
	}
	if m.Publisher != c.client || m.Room != c.room.Name || predates(m, c.room) {
		return unknown
	}
	c.message, c.umid = s.latest(m), u
	return nil
}

func (s *Server) emailStatus(c *call) (answer, error) {
	if err := s.enterEmailRoom(c); err != nil {
		return answer{}, err
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return answer{}, problem.Parameter("status", v1.FaultCodeInvalidValue, "not a valid query")
	}
	asked, wrong := email.ParseStatuses(query)
	if err := s.openEmail(c); err != nil {
		return answer{}, err
	}
	if wrong != nil {
		return answer{}, wrong
	}
	n, err := email.CountOf(c.message, s.deps.Messages)
	if err != nil {
		return answer{}, err
	}
	return orderedAnswer(n.Answer(asked))
}

// hearEmailReply takes what somebody has answered to an e-mail.
func (s *Server) hearEmailReply(c *call) (answer, error) {
	call, err := s.emailBody(c)
	if err != nil {
		return answer{}, err
	}
	if err := s.openEmail(c); err != nil {
		return answer{}, err
	}
	letter, err := email.ParseReply(call.Body)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.context()), s.options.PublishTimeout)
	defer cancel()
	reply, err := s.facade().Reply(ctx, call, c.message.Header, letter)
	if err != nil {
		return answer{}, err
	}
	c.reply = rooms.ReplyID(strconv.FormatUint(reply.Sequence, 10))
	return emailAnswer("Reply successfully accepted", c.umid)
}
