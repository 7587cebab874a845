package telegram

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/govcrier/crier/rooms"
)

// update is something that has happened; of all that there is, a message.
type update struct {
	ID      int64          `json:"update_id"`
	Message jsontext.Value `json:"message"`
}

// written is a message of somebody.
type written struct {
	ID      int64    `json:"message_id"`
	From    *account `json:"from"`
	Chat    chat     `json:"chat"`
	Date    int64    `json:"date"`
	Text    string   `json:"text"`
	Caption string   `json:"caption"`
	Answers *struct {
		ID   int64    `json:"message_id"`
		From *account `json:"from"`
	} `json:"reply_to_message"`
}

type account struct {
	ID  int64 `json:"id"`
	Bot bool  `json:"is_bot"`
}

type chat struct {
	ID int64 `json:"id"`
}

// kinds are those of messages without text that somebody may want to tell of.
func kinds() []string {
	return []string{"photo", "voice", "video", "video_note", "audio", "document", "sticker", "animation", "location", "contact", "poll"}
}

// hear hands on what an update says. What is no text of a person is passed over.
func (b *Bot) hear(ctx context.Context, u update, fn func(context.Context, rooms.Inbound) error) error {
	var m written
	if len(u.Message) == 0 || json.Unmarshal(u.Message, &m) != nil || m.From != nil && m.From.Bot {
		return nil
	}
	text := cmp.Or(m.Text, m.Caption, kind(u.Message))
	from, err := rooms.ParseTelegramChat(strconv.FormatInt(m.Chat.ID, 10))
	if err != nil || text == "" {
		return nil
	}
	in := rooms.Inbound{
		ID: b.deps.Name + ":" + b.number.Reveal() + ":" + strconv.FormatInt(u.ID, 10), Kind: rooms.InboundReply, Channel: rooms.Telegram,
		Provider: b.deps.Name, From: from, To: b.number, Text: rooms.NewBody(command(text)), At: b.when(m.Date),
	}
	if in.Answers, err = b.answered(ctx, from, m); err != nil {
		return err
	}
	return fn(ctx, in)
}

// answered is the attempt whose message somebody has answered, if it is one of ours.
func (b *Bot) answered(ctx context.Context, from rooms.Address, m written) (a rooms.AttemptID, err error) {
	if m.Answers == nil || m.Answers.From == nil || strconv.FormatInt(m.Answers.From.ID, 10) != b.number.Reveal() || b.deps.Answered == nil {
		return a, nil
	}
	t, err := b.token(ctx)
	if err != nil {
		return a, err
	}
	return b.deps.Answered(ctx, t.id(from, m.Answers.ID))
}

// kind is what a message without words is, in brackets; empty if it is none that a person has written.
func kind(message jsontext.Value) string {
	var members map[string]jsontext.Value
	if json.Unmarshal(message, &members) != nil {
		return ""
	}
	for _, k := range kinds() {
		if _, ok := members[k]; ok {
			return "[" + k + "]"
		}
	}
	return ""
}

// command is a text whose command has lost its slash and the name of the bot: "/start@our_bot books" is "start books".
func command(text string) string {
	rest, is := strings.CutPrefix(text, "/")
	if !is {
		return text
	}
	word, rest, _ := strings.Cut(rest, " ")
	word, _, _ = strings.Cut(word, "@")
	return strings.TrimSpace(word + " " + rest)
}

// when is the time that a message has, or now if that cannot be.
func (b *Bot) when(seconds int64) time.Time {
	now, t := b.deps.Now().UTC(), time.Unix(seconds, 0).UTC()
	if t.After(now.Add(time.Hour)) || now.Sub(t) > 30*24*time.Hour {
		return now
	}
	return t
}
