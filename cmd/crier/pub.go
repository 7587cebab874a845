package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const pubLong = `Publish a message into a room. Without --to it goes to everyone who has subscribed to the room.

With --recipients it goes to the people in a file: CSV with a header, or a JSON object a line. The columns email, phone,
channels, name and language are known; every other column is a value that the texts can use with --mustache.

The UMID is printed once the message is durable. While the gateway does not answer the request is repeated, under the same
transaction id, so that it is accepted once. To repeat it later by hand, give --tx.

With --send-at it waits for its time. With --repeat-cron and --repeat-zone it is sent again and again, each time as a
message of its own: the five fields are those of cron (minute, hour, day of month, month, day of week), by the clock on the
wall of the zone. With --alert and --references it takes the place of an earlier message, or takes it back: what was not
sent of that one never will be. With --exercise every text begins with a word that says that it is a drill.`

const pubExample = `  crier pub demo --subject Vaccination --text "Please come on Tuesday 9:00."
  crier pub demo --text "Flood warning" --sms "Flood: leave now" --lane emergency --type alert
  crier pub demo --text "Your case is decided" --to a@example.com --to +996555000111 --tx case-42
  crier pub demo --text "The clinic is open again." --send-at 2026-12-01T09:00:00+06:00
  crier pub demo --text "Vaccinations are on Tuesday." --repeat-cron "0 9 * * 1" --repeat-zone Asia/Bishkek
  crier pub demo --text "The water has gone." --lane emergency --alert cancel --references 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M
  crier pub demo --file body.json
  crier pub demo --mustache --text "Dear {{name}}, please come with {{child}}." --recipients mothers.csv --preview
  crier pub demo --file - < body.json`

// message is a message as flags give it.
type message struct {
	v1.Publish
	to      []string
	meant   []string // NAME=VALUE,…
	lane    string
	expires time.Duration
	sendAt  string
	until   string
	alert   string
	file    string

	recipients string // a file
	faulty     string // what becomes of its faulty rows
	most       int    // of its rows in a message
	preview    bool
}

func (t terminal) pubCommand() *cobra.Command {
	var m message
	c := &cobra.Command{
		Use:     "pub ROOM",
		Short:   "Publish a message",
		Long:    pubLong,
		Example: pubExample,
		Args:    cobra.ExactArgs(1),
	}
	n, p := t.connect(c), t.printer(c)
	m.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return t.pub(c.Context(), gateway, args[0], m, p)
	}
	return c
}

// pub publishes a message, or says what that would do.
func (t terminal) pub(ctx context.Context, gateway *client.Client, room string, m message, p *printer) error {
	if m.preview {
		return t.previewOf(ctx, gateway, room, m, p)
	}
	if m.recipients != "" {
		message, err := t.body(m)
		if err != nil {
			return err
		}
		b, err := t.batch(gateway, room, message, m)
		if err != nil {
			return err
		}
		return b.publish(ctx, p)
	}
	receipt, err := t.publish(ctx, gateway, room, m)
	if err != nil {
		return err
	}
	if receipt.Duplicate && !p.json {
		fmt.Fprintln(t.err, "accepted before; nothing new is sent")
	}
	if m.Type == string(rooms.Emergency) && m.lane == "" && m.file == "" {
		fmt.Fprintln(t.err, "its type is emergency, but it goes as any other: what makes haste is --lane emergency")
	}
	return p.value(receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.UMID) })
}

// body is the request without the recipients of a file.
func (t terminal) body(m message) ([]byte, error) {
	if m.file != "" {
		return t.read(m.file)
	}
	request, err := m.request(time.Now())
	if err != nil {
		return nil, err
	}
	return json.Marshal(request)
}

func (m *message) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&m.Content.Text, "text", "", "the text, of e-mails and of SMS without --sms")
	f.StringVar(&m.Content.Subject, "subject", "", "the subject of e-mails")
	f.StringVar(&m.Content.HTML, "html", "", "the text of e-mails in HTML, beside --text")
	f.StringVar(&m.Content.SMS, "sms", "", "the text of SMS")
	f.StringSliceVar(&m.to, "to", nil, reachHelp+"; may be repeated")
	f.StringArrayVar(&m.meant, "audience", nil, "of the subscribers those of whom this is known, as NAME=VALUE,VALUE such as language=de; may be repeated")
	f.StringVar(&m.lane, "lane", "", "emergency, normal or bulk")
	f.StringVar(&m.Type, "type", "message", "the kind of message")
	f.StringVar(&m.TransactionID, "tx", "", "your transaction id (default: a new one)")
	f.StringVar(&m.Reference, "reference", "", "your words about the case")
	f.StringVar(&m.Callback, "callback", "", "where to tell how it stands, instead of your own callback")
	f.StringVar(&m.From.Email, "from-email", "", "the e-mail address that it is from, if not your first one")
	f.StringVar(&m.From.SMS, "from-sms", "", "the sender of SMS that it is from, if not your first one")
	f.DurationVar(&m.expires, "expires", 0, "what is not sent in this time is given up, such as 2h")
	f.StringVar(&m.sendAt, "send-at", "", "not before, such as 2026-12-01T09:00:00+06:00")
	f.StringVar(&m.Repeat.Cron, "repeat-cron", "", `when to send it again and again, such as "0 9 * * 1"`)
	f.StringVar(&m.Repeat.Zone, "repeat-zone", "", "by whose clock, such as Asia/Bishkek")
	f.StringVar(&m.until, "repeat-until", "", "the last moment at which it is sent")
	f.IntVar(&m.Repeat.Times, "repeat-times", 0, "how many times there are")
	f.StringVar(&m.alert, "alert", "", "update or cancel: what becomes of the message in --references")
	f.StringVar(&m.References, "references", "", "the UMID of an earlier message of the room")
	f.BoolVar(&m.Exercise, "exercise", false, "a drill, which says so wherever it is read")
	f.StringVar(&m.file, "file", "", `the whole request as JSON, sent byte for byte; "-" reads standard input`)
	f.BoolVar(&m.Content.Mustache, "mustache", false, "the texts are templates: {{child}} is the recipient's value of that name")
	f.StringVar(&m.recipients, "recipients", "", `a file of recipients, CSV with a header or NDJSON; "-" reads standard input`)
	f.StringVar(&m.faulty, "faulty", "", `"skip" sends to the good rows of the file; else one that is wrong stops all`)
	f.IntVar(&m.most, "rows", 10_000, "the most rows of the file in one message; more become several, with the transaction ids TX/1, TX/2 and so on")
	if !m.preview {
		f.BoolVar(&m.preview, "preview", false, "say what would be sent, and send nothing")
	}
	c.MarkFlagsMutuallyExclusive("recipients", "to")
	for _, flag := range []string{"text", "subject", "html", "sms", "to", "audience", "lane", "type", "tx", "reference", "callback", "expires", "mustache", "from-email", "from-sms",
		"send-at", "repeat-cron", "repeat-zone", "repeat-until", "repeat-times", "alert", "references", "exercise"} {
		c.MarkFlagsMutuallyExclusive("file", flag)
	}
	c.MarkFlagsOneRequired("file", "text", "html", "sms")
}

func (t terminal) publish(ctx context.Context, gateway *client.Client, room string, m message) (v1.Receipt, error) {
	if m.file != "" {
		body, err := t.read(m.file)
		if err != nil {
			return v1.Receipt{}, err
		}
		return gateway.PublishJSON(ctx, room, body)
	}
	request, err := m.request(time.Now())
	if err != nil {
		return v1.Receipt{}, err
	}
	receipt, err := gateway.Publish(ctx, room, request)
	if undecided(err) {
		fmt.Fprintf(t.err, "whether it was accepted is not known: repeat it with --tx %s\n", request.TransactionID)
	}
	return receipt, err
}

// undecided says that the message may have been accepted all the same: an answer was lost, or a node could not tell.
func undecided(err error) bool {
	var lost *client.ConnectionError
	var p *client.Problem
	return errors.As(err, &lost) || errors.As(err, &p) && p.Status >= http.StatusInternalServerError
}

func (m message) request(now time.Time) (v1.Publish, error) {
	p := m.Publish
	p.Lane, p.Alert = v1.Lane(m.lane), v1.PublishAlert(m.alert)
	for _, flag := range []struct {
		name, value string
		to          *time.Time
	}{{"send-at", m.sendAt, &p.SendAt}, {"repeat-until", m.until, &p.Repeat.Until}} {
		at, err := time.Parse(time.RFC3339, flag.value)
		if err != nil && flag.value != "" {
			return p, fmt.Errorf("--%s: a time reads 2026-12-01T09:00:00+06:00", flag.name)
		}
		*flag.to = at
	}
	if p.TransactionID == "" {
		p.TransactionID = "cli-" + rand.Text()
	}
	if m.expires != 0 {
		p.ExpiresAt = now.Add(m.expires).UTC().Truncate(time.Second)
	}
	for _, one := range m.meant {
		name, values, _ := strings.Cut(one, "=")
		if p.Audience == nil {
			p.Audience = v1.Audience{}
		}
		p.Audience[name] = strings.Split(values, ",")
	}
	for _, to := range m.to {
		p.Recipients = append(p.Recipients, contact(to, ""))
	}
	return p, nil
}

// contact is somebody with one contact; the gateway checks it.
func contact(to, name string) v1.Contact {
	c := v1.Contact{Name: name}
	at(to, reach{&c.Email, &c.Phone, &c.WhatsApp, &c.Telegram, &c.Matrix, &c.WebPush})
	return c
}

// read reads a file, or standard input.
func (t terminal) read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(t.in)
	}
	return os.ReadFile(name)
}
