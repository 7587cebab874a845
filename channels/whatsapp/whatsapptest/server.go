package whatsapptest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/channelstest/stub"
)

// What the server knows.
const (
	Token    = "EAAcanary-access-token"
	Secret   = "canary-app-secret"
	Verify   = "canary-verify-word"
	NumberID = "106540352242922"
	Number   = "+15550783881"
)

// Message is what the server was asked to send.
type Message struct {
	Product string `json:"messaging_product"`
	Kind    string `json:"recipient_type"`
	To      string `json:"to"`
	Type    string `json:"type"`
	Text    struct {
		Preview bool   `json:"preview_url"`
		Body    string `json:"body"`
	} `json:"text"`
	Template struct {
		Name     string
		Language struct{ Code string }
		// Components are as they came.
		Components json.RawMessage
	} `json:"template"`
	Token string `json:"biz_opaque_callback_data"`
	ID    string `json:"-"` // that it has got
}

// Server is the Cloud API.
type Server struct {
	*stub.Server

	mu       sync.Mutex
	sent     []Message
	callback string
	mute     bool // of tokens, in what it reports
	revoked  bool
}

// New starts one for a test, which calls nobody until it is told whom.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := Start()
	tb.Cleanup(s.Stop)
	return s
}

// Start starts one that has to be stopped.
func Start() *Server {
	s := &Server{}
	s.Server = stub.Start(s.serve)
	return s
}

// CallBack says which URL the operator has given. With mute the reports do not repeat the token of a message.
func (s *Server) CallBack(at string, mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback, s.mute = at, mute
}

// Revoke has the token be no good any more, or good again.
func (s *Server) Revoke(revoked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = revoked
}

// Sent are the messages that were taken.
func (s *Server) Sent() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.sent...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	revoked := s.revoked
	s.mu.Unlock()
	var m Message
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token || revoked:
		refuse(w, 401, 190, "Error validating access token: Session has expired")
	case r.URL.Path != "/v23.0/"+NumberID+"/messages":
		refuse(w, 400, 33, "Unsupported post request")
	case json.Unmarshal(body, &m) != nil || m.To == "" || m.Type == "text" && m.Text.Body == "" || m.Type == "template" && m.Template.Name == "":
		refuse(w, 400, 100, "Invalid parameter")
	default:
		s.act(w, r, m)
	}
}

func refuse(w http.ResponseWriter, status, code int, text string) {
	stub.Answer(w, status, fmt.Sprintf(`{"error":{"message":"(#%d) %s","type":"OAuthException","code":%d,"error_data":{"messaging_product":"whatsapp","details":%q},"fbtrace_id":"Az8or2yhqkZfEZ-_4Qn_Bam"}}`,
		code, text, code, text))
}

func (s *Server) act(w http.ResponseWriter, r *http.Request, m Message) {
	switch m.To[max(len(m.To)-2, 0):] {
	case "01":
		refuse(w, 500, 131000, "Something went wrong with "+m.To)
	case "02":
		refuse(w, 429, 130429, "Rate limit hit")
	case "03":
		refuse(w, 400, 131047, "Re-engagement message to "+m.To)
	case "04":
		refuse(w, 400, 131050, "User has stopped marketing messages")
	case "05":
		s.Hang(r)
	case "06":
		panic(http.ErrAbortHandler)
	case "07":
		_, _ = io.WriteString(w, "<html>Welcome to our hotel "+m.To+"</html>")
	case "08":
		s.accept(w, m, []string{"failed"}, 131026)
	case "09":
		s.accept(w, m, []string{"failed"}, 131047)
	default:
		s.accept(w, m, []string{"sent", "delivered", "read"}, 0)
	}
}

func (s *Server) accept(w http.ResponseWriter, m Message, states []string, code int) {
	s.mu.Lock()
	to := strings.TrimPrefix(m.To, "+")
	m.ID = "wamid." + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "\x1c\x18%s\x15\x02%018X", to, len(s.sent)+1))
	s.sent = append(s.sent, m)
	at, token := s.callback, m.Token
	if s.mute {
		token = ""
	}
	s.mu.Unlock()
	stub.Answer(w, 200, fmt.Sprintf(`{"messaging_product":"whatsapp","contacts":[{"input":%q,"wa_id":%q}],"messages":[{"id":%q,"message_status":"accepted"}]}`, m.To, to, m.ID))
	if at == "" {
		return
	}
	var calls []func() int
	for _, state := range states {
		calls = append(calls, func() int { return Call(at, Statuses(State(m.ID, state, to, token, code))) })
	}
	s.Insist(calls...)
}

// State is what has become of a message.
func State(id, state, to, token string, code int) string {
	more := ""
	if token != "" {
		more += fmt.Sprintf(`,"biz_opaque_callback_data":%q`, token)
	}
	if code > 0 {
		more += fmt.Sprintf(`,"errors":[{"code":%d,"title":"of %s","message":"of %s","error_data":{"details":"of %s"}}]`, code, to, to, to)
	}
	return fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":"%d","recipient_id":%q%s}`, id, state, time.Now().Unix(), to, more)
}

// Statuses is a call that reports some.
func Statuses(all ...string) string { return call(`"statuses":[` + strings.Join(all, ",") + `]`) }

// Messages is a call with what somebody has written.
func Messages(all ...string) string { return call(`"messages":[` + strings.Join(all, ",") + `]`) }

func call(what string) string {
	return Entry(fmt.Sprintf(`{"messaging_product":"whatsapp","metadata":{"display_phone_number":%q,"phone_number_id":%q},%s}`, strings.TrimPrefix(Number, "+"), NumberID, what))
}

// Entry is a call about values.
func Entry(values ...string) string {
	changes := make([]string, len(values))
	for i, v := range values {
		changes[i] = `{"value":` + v + `,"field":"messages"}`
	}
	return `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[` + strings.Join(changes, ",") + `]}]}`
}

// Text is a message of a person, which answers one of ours if answers is not empty.
func Text(id, from, body, answers string) string {
	context := ""
	if answers != "" {
		context = fmt.Sprintf(`"context":{"from":%q,"id":%q},`, strings.TrimPrefix(Number, "+"), answers)
	}
	return fmt.Sprintf(`{%s"from":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":%q}}`, context, strings.TrimPrefix(from, "+"), id, time.Now().Unix(), body)
}

// Sign is the header of a call.
func Sign(key, body string) string {
	h := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(h, body)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

// Call calls an inlet with a body that is signed, and gives the status of the answer.
func Call(at, body string) int { return Post(at, body, Sign(Secret, body)) }

// Post calls with any signature; stub.NoAnswer if there is no answer.
func Post(at, body, signature string) int {
	header := http.Header{}
	if signature != "" {
		header.Set("X-Hub-Signature-256", signature)
	}
	return stub.Post(at, body, header)
}
