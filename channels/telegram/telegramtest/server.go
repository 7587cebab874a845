package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/govcrier/crier/channels/channelstest/stub"
)

// What the server knows.
const (
	Number = "123456789"
	Token  = Number + ":AAFtQcanary-token_0123456789abcdefgh"
	Secret = "what-was-given-to-setWebhook"
)

// Message is what the server was asked to send.
type Message struct {
	Chat     json.Number `json:"chat_id"`
	Text     string      `json:"text"`
	Entities []struct {
		Type           string
		Offset, Length int
	} `json:"entities"`
	Preview struct {
		Disabled bool `json:"is_disabled"`
	} `json:"link_preview_options"`
	ID int64 `json:"-"` // that it has got
}

// Server is the Bot API.
type Server struct {
	*stub.Server

	mu      sync.Mutex
	sent    []Message
	refused map[string]bool // chats that were told to wait
	updates []update
	last    int64
	more    chan struct{} // closed when there is another update
	revoked bool
	asked   int
}

type update struct {
	id   int64
	body json.RawMessage
}

// New starts one for a test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := Start()
	tb.Cleanup(s.Stop)
	return s
}

// Start starts one that has to be stopped.
func Start() *Server {
	s := &Server{refused: map[string]bool{}, more: make(chan struct{}), last: 870_000_000}
	s.Server = stub.Start(s.serve)
	return s
}

// Sent are the messages that were sent.
func (s *Server) Sent() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.sent...)
}

// Revoke has the token be no good any more, or good again.
func (s *Server) Revoke(revoked bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = revoked
}

// Unconfirmed are how many updates wait, and how often somebody has asked.
func (s *Server) Unconfirmed() (waiting, asked int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.updates), s.asked
}

// Write has a person write in a chat; with answers above 0 to a message of the bot. It gives the update.
func (s *Server) Write(chat int64, text string, answers int64) json.RawMessage {
	m := map[string]any{"text": text}
	if answers > 0 {
		m["reply_to_message"] = map[string]any{
			"message_id": answers, "from": map[string]any{"id": json.Number(Number), "is_bot": true, "first_name": "Clinic"},
			"chat": map[string]any{"id": chat, "type": "private"}, "date": time.Now().Unix(), "text": "what was said",
		}
	}
	return s.Post(chat, m)
}

// Post makes an update of a message with some members.
func (s *Server) Post(chat int64, members map[string]any) json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	m := map[string]any{
		"message_id": s.last - 869_000_000, "date": time.Now().Unix(), "from": map[string]any{"id": chat, "is_bot": false, "first_name": "Aida"},
		"chat": map[string]any{"id": chat, "type": "private", "first_name": "Aida"},
	}
	for name, value := range members {
		m[name] = value
	}
	body, err := json.Marshal(map[string]any{"update_id": s.last, "message": m})
	if err != nil {
		panic(err)
	}
	s.updates = append(s.updates, update{s.last, body})
	close(s.more)
	s.more = make(chan struct{})
	return body
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	s.mu.Lock()
	revoked := s.revoked
	s.mu.Unlock()
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+Token+"/")
	switch {
	case !ok || revoked:
		refuse(w, 401, "Unauthorized", "")
	case method == "sendMessage":
		s.send(w, r, body)
	case method == "getUpdates":
		s.tell(w, r, body)
	default:
		refuse(w, 404, "Not Found", "")
	}
}

func refuse(w http.ResponseWriter, code int, description, parameters string) {
	if parameters != "" {
		parameters = `,"parameters":{` + parameters + `}`
	}
	stub.Answer(w, code, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%q%s}`, code, description, parameters))
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, body []byte) {
	var m Message
	if json.Unmarshal(body, &m) != nil || m.Chat == "" || m.Text == "" {
		refuse(w, 400, "Bad Request: message text is empty", "")
		return
	}
	chat := string(m.Chat)
	switch chat[max(len(chat)-2, 0):] {
	case "01":
		stub.Answer(w, 500, "Internal Server Error: "+chat)
	case "02":
		refuse(w, 429, "Too Many Requests: retry after 7", `"retry_after":7`)
	case "03":
		refuse(w, 400, "Bad Request: chat not found "+chat, "")
	case "04":
		refuse(w, 403, "Forbidden: bot was blocked by the user", "")
	case "05":
		s.Hang(r)
	case "06":
		panic(http.ErrAbortHandler)
	case "07":
		stub.Answer(w, 200, "<html>Welcome to our hotel "+chat+"</html>")
	case "08":
		refuse(w, 400, "Bad Request: group chat was upgraded to a supergroup chat", `"migrate_to_chat_id":-100`+strings.TrimPrefix(chat, "-"))
	case "09":
		refuse(w, 403, "Forbidden: user is deactivated", "")
	case "10":
		refuse(w, 429, "Too Many Requests: retry after 3600", `"retry_after":3600`)
	default:
		s.accept(w, m)
	}
}

func (s *Server) accept(w http.ResponseWriter, m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat, before := string(m.Chat), 0
	for _, one := range s.sent {
		if one.Chat == m.Chat {
			before++
		}
	}
	switch {
	case strings.HasSuffix(chat, "11") && before == 1 && !s.refused[chat]:
		s.refused[chat] = true
		refuse(w, 429, "Too Many Requests: retry after 1", `"retry_after":1`)
		return
	case strings.HasSuffix(chat, "12") && before == 1:
		refuse(w, 400, "Bad Request: what is that", "")
		return
	}
	m.ID = int64(len(s.sent) + 1)
	s.sent = append(s.sent, m)
	stub.Answer(w, 200, fmt.Sprintf(`{"ok":true,"result":{"message_id":%d,"from":{"id":%s,"is_bot":true},"chat":{"id":%s,"type":"private"},"date":%d,"text":%q}}`,
		m.ID, Number, chat, time.Now().Unix(), "quoted"))
}

// tell answers getUpdates: what is below the offset is confirmed.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, body []byte) {
	var q struct{ Offset, Limit, Timeout int64 }
	if json.Unmarshal(body, &q) != nil {
		refuse(w, 400, "Bad Request", "")
		return
	}
	over := time.After(time.Duration(q.Timeout) * time.Second)
	for first := true; ; first = false {
		s.mu.Lock()
		if first {
			s.asked++
		}
		for len(s.updates) > 0 && s.updates[0].id < q.Offset {
			s.updates = s.updates[1:]
		}
		page := s.updates[:min(len(s.updates), int(q.Limit))]
		more := s.more
		s.mu.Unlock()
		if len(page) > 0 {
			all := make([]string, len(page))
			for i, u := range page {
				all[i] = string(u.body)
			}
			stub.Answer(w, 200, `{"ok":true,"result":[`+strings.Join(all, ",")+`]}`)
			return
		}
		select {
		case <-more:
		case <-over:
			stub.Answer(w, 200, `{"ok":true,"result":[]}`)
			return
		case <-r.Context().Done():
			return
		case <-s.Done():
			return
		}
	}
}

// Call calls an inlet with an update as Telegram would, and gives the status of the answer; stub.NoAnswer if there is none.
func Call(at, secret string, update []byte) int {
	header := http.Header{}
	if secret != "" {
		header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
	}
	return stub.Post(at, string(update), header)
}
