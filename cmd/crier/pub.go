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

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const pubLong = `Publish a message into a room. Without --to it goes to everyone who has subscribed to the room.

The UMID is printed once the message is durable. While the gateway does not answer the request is repeated, under the same
transaction id, so that it is accepted once. To repeat it later by hand, give --tx.`

const pubExample = `  crier pub demo --subject Vaccination --text "Please come on Tuesday 9:00."
  crier pub demo --text "Flood warning" --sms "Flood: leave now" --lane emergency --type alert
  crier pub demo --text "Your case is decided" --to a@example.com --to +996555000111 --tx case-42
  crier pub demo --file body.json
  crier pub demo --file - < body.json`

// message is a message as flags give it.
type message struct {
	v1.Publish
	to      []string
	meant   []string // NAME=VALUE,…
	lane    string
	expires time.Duration
	file    string
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
		receipt, err := t.publish(c.Context(), gateway, args[0], m)
		if err != nil {
			return err
		}
		if receipt.Duplicate && !p.json {
			fmt.Fprintln(t.err, "accepted before; nothing new is sent")
		}
		return p.value(receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.UMID) })
	}
	return c
}

func (m *message) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&m.Content.Text, "text", "", "the text, of e-mails and of SMS without --sms")
	f.StringVar(&m.Content.Subject, "subject", "", "the subject of e-mails")
	f.StringVar(&m.Content.HTML, "html", "", "the text of e-mails in HTML, beside --text")
	f.StringVar(&m.Content.SMS, "sms", "", "the text of SMS")
	f.StringSliceVar(&m.to, "to", nil, "an e-mail address or +number; may be repeated")
	f.StringArrayVar(&m.meant, "audience", nil, "of the subscribers those of whom this is known, as NAME=VALUE,VALUE such as language=de; may be repeated")
	f.StringVar(&m.lane, "lane", "", "emergency, normal or bulk")
	f.StringVar(&m.Type, "type", "message", "the kind of message")
	f.StringVar(&m.TransactionID, "tx", "", "your transaction id (default: a new one)")
	f.StringVar(&m.Reference, "reference", "", "your words about the case")
	f.StringVar(&m.Callback, "callback", "", "where to tell how it stands, instead of your own callback")
	f.DurationVar(&m.expires, "expires", 0, "what is not sent in this time is given up, such as 2h")
	f.StringVar(&m.file, "file", "", `the whole request as JSON, sent byte for byte; "-" reads standard input`)
	for _, flag := range []string{"text", "subject", "html", "sms", "to", "audience", "lane", "type", "tx", "reference", "callback", "expires"} {
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
	request := m.request(time.Now())
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

func (m message) request(now time.Time) v1.Publish {
	p := m.Publish
	p.Lane = v1.Lane(m.lane)
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
	return p
}

// contact takes what begins with + for a number and all else for an e-mail address; the gateway checks both.
func contact(to, name string) v1.Contact {
	if strings.HasPrefix(to, "+") {
		return v1.Contact{Phone: to, Name: name}
	}
	return v1.Contact{Email: to, Name: name}
}

// read reads a file, or standard input.
func (t terminal) read(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(t.in)
	}
	return os.ReadFile(name)
}
