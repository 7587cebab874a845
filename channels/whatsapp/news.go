package whatsapp

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/rooms"
)

// call is what Meta says at once, about any of the numbers of an account.
type call struct {
	Object string `json:"object"`
	Entry  []struct {
		Changes []struct {
			Field string         `json:"field"`
			Value jsontext.Value `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// news are those of one number. What nobody can read of them keeps nobody from the rest.
type news struct {
	About struct {
		Number string `json:"display_phone_number"`
		ID     string `json:"phone_number_id"`
	} `json:"metadata"`
	Statuses []jsontext.Value `json:"statuses"`
	Messages []jsontext.Value `json:"messages"`
}

// state is what has become of a message.
type state struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	At     string `json:"timestamp"`
	To     string `json:"recipient_id"`
	Token  string `json:"biz_opaque_callback_data"`
	Errors []struct {
		Code int `json:"code"`
	} `json:"errors"`
}

// written is a message of somebody.
type written struct {
	From    string `json:"from"`
	ID      string `json:"id"`
	At      string `json:"timestamp"`
	Type    string `json:"type"`
	Context struct {
		ID string `json:"id"`
	} `json:"context"`
	Text struct {
		Body string `json:"body"`
	} `json:"text"`
	Button struct {
		Text string `json:"text"`
	} `json:"button"`
	Interactive struct {
		Button titled `json:"button_reply"`
		List   titled `json:"list_reply"`
	} `json:"interactive"`
	Image    captioned `json:"image"`
	Video    captioned `json:"video"`
	Document captioned `json:"document"`
}

type titled struct {
	Title string `json:"title"`
}

type captioned struct {
	Caption string `json:"caption"`
}

// read takes a call apart; false if it is not one of WhatsApp. What it says of anything but messages is left out.
func read(body []byte) (all []news, ok bool) {
	var c call
	if json.Unmarshal(body, &c) != nil || c.Object != "whatsapp_business_account" {
		return nil, false
	}
	for _, e := range c.Entry {
		for _, change := range e.Changes {
			if change.Field != "messages" {
				continue
			}
			var n news
			if json.Unmarshal(change.Value, &n) != nil {
				return nil, false
			}
			all = append(all, n)
		}
	}
	return all, true
}

// take hands on everything, one after the other.
func (c *Cloud) take(ctx context.Context, all []news) error {
	for _, n := range all {
		if n.About.ID != c.options.PhoneNumberID {
			c.deps.Log.Warn("a call about another number is passed over", "provider", c.deps.Name)
			continue
		}
		for _, raw := range n.Statuses {
			var s state
			if json.Unmarshal(raw, &s) != nil || s.ID == "" {
				c.deps.Log.Warn("a receipt that cannot be read is passed over", "provider", c.deps.Name)
				continue
			}
			if err := c.takeState(ctx, s); err != nil {
				return err
			}
		}
		for _, raw := range n.Messages {
			var w written
			if json.Unmarshal(raw, &w) != nil || w.ID == "" {
				c.deps.Log.Warn("a message that cannot be read is passed over", "provider", c.deps.Name)
				continue
			}
			if err := c.takeWritten(ctx, n.About.Number, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeState hands on the last word on a message; that it was sent is none.
func (c *Cloud) takeState(ctx context.Context, s state) error {
	r := channels.Receipt{Channel: rooms.WhatsApp, ProviderID: idOf(s.ID), At: c.when(s.At)}
	switch s.Status {
	case "delivered", "read":
		r.Status = rooms.Delivered
	case "failed":
		r.Status = rooms.Failed
		c.fail(&r, s)
	default:
		return nil
	}
	if early, err := c.early(ctx, r); early || err != nil {
		return cmp.Or(err, errEarly)
	}
	if a, err := c.deps.Open(s.Token); s.Token != "" && err == nil {
		// Where the room is not known now, the id of the provider is looked for, as long as it takes.
		if room, err := c.deps.Room(ctx, a.UMID); err == nil {
			r.Room, r.ID, r.Attempt, r.Round = room, a.DeliveryID, a.Attempt, a.Round
		}
	}
	return c.receipts.Tell(ctx, r)
}

// soon is for how long a message may not be known as sent that was.
const soon = time.Minute

var errEarly = errors.New("whatsapp: a failure that is told before its message is known as sent")

// early says that it is told again later that a number takes nothing, since nobody would believe it of a message that is not
// known to have gone there.
func (c *Cloud) early(ctx context.Context, r channels.Receipt) (bool, error) {
	if r.Reason != rooms.NoMailbox || c.deps.Now().Sub(r.At) > soon {
		return false, nil
	}
	a, err := c.deps.Answered(ctx, r.ProviderID)
	return a.UMID == "", err
}

// fail says why a message has not arrived. Nothing is tried again from here, so what would be deferred has bounced.
func (c *Cloud) fail(r *channels.Receipt, s state) {
	r.Reason = rooms.Bounced
	if len(s.Errors) == 0 {
		return
	}
	code := s.Errors[0].Code
	m := meaning(code, 0)
	r.Code = named(code, m.word)
	if m.result == channels.Rejected || m.result == channels.Suppressed {
		r.Reason = m.reason
	}
	if to, err := rooms.ParsePhone("+" + s.To); err == nil {
		r.To = to
	}
}

var errNoNumber = errors.New("whatsapp: no number")

// takeWritten hands on what somebody has written to our number. Who has no number cannot be answered, and is not heard.
func (c *Cloud) takeWritten(ctx context.Context, number string, w written) error {
	said := w.said()
	from, err := c.sender(ctx, w.From)
	if err != nil && !errors.Is(err, errNoNumber) {
		return err
	}
	if said == "" || err != nil {
		c.deps.Log.Info("what is no text of a number is not heard", "provider", c.deps.Name, "type", known(w.Type))
		return nil
	}
	in := rooms.Inbound{
		ID: c.deps.Name + ":" + idOf(w.ID), Kind: rooms.InboundReply, Channel: rooms.WhatsApp, Provider: c.deps.Name,
		From: from, Text: rooms.NewBody(said), At: c.when(w.At),
	}
	in.To, _ = rooms.ParsePhone("+" + digits(number))
	if w.Context.ID != "" {
		if in.Answers, err = c.deps.Answered(ctx, idOf(w.Context.ID)); err != nil {
			return err
		}
		in.Signed = in.Answers.UMID != "" // Meta's call is signed, and nobody but the person can answer what he has got
	}
	return c.texts.Tell(ctx, in)
}

// said is a message in words; empty if it is nothing that a person has written.
func (w written) said() string {
	switch w.Type {
	case "reaction", "system", "":
		return ""
	}
	said := cmp.Or(w.Text.Body, w.Button.Text, w.Interactive.Button.Title, w.Interactive.List.Title, w.Image.Caption, w.Video.Caption, w.Document.Caption)
	return cmp.Or(said, "["+known(w.Type)+"]")
}

// known is the type of a message if it is a word.
func known(kind string) string {
	if !isWord(kind) {
		return "other"
	}
	return kind
}

// digits are those of a number, which Meta may show with spaces.
func digits(number string) string {
	var b []rune
	for _, r := range number {
		if '0' <= r && r <= '9' {
			b = append(b, r)
		}
	}
	return string(b)
}

// when is the time that something has, or now if that cannot be.
func (c *Cloud) when(seconds string) time.Time {
	now := c.deps.Now().UTC()
	n, err := strconv.ParseInt(seconds, 10, 64)
	t := time.Unix(n, 0).UTC()
	if err != nil || t.After(now.Add(time.Hour)) || now.Sub(t) > 30*24*time.Hour {
		return now
	}
	return t
}
