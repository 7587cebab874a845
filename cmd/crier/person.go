package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// personFlags are what can be said of a person.
type personFlags struct {
	also, name, language string
	channels             []string
	attributes           map[string]string
	purpose, source      string
	keys                 keyFlags
}

func (p *personFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&p.also, "also", "", "another contact of the same person: "+reachHelp)
	f.StringSliceVar(&p.channels, "channels", nil, "the order in which to use them, such as sms,email (default: CONTACT, then --also)")
	f.StringVar(&p.name, "name", "", "the person's name")
	f.StringVar(&p.language, "language", "", "the person's language, such as ky or pt-BR")
	f.StringToStringVar(&p.attributes, "attribute", nil, "what is known of the person, as NAME=VALUE; may be repeated")
	p.keys.add(c)
	f.StringVar(&p.purpose, "purpose", "", "what the person has consented to")
	f.StringVar(&p.source, "source", "", "how the person has consented")
}

// person is who the command line is about.
func (p *personFlags) person(contacts ...string) (v1.Person, error) {
	out := v1.Person{Name: p.name, Language: p.language, Attributes: p.attributes}
	for _, c := range append(contacts, p.also) {
		if c != "" {
			out.Channels = append(out.Channels, at(c, reach{&out.Email, &out.Phone, &out.WhatsApp, &out.Telegram, &out.Matrix, &out.WebPush}))
		}
	}
	if len(contacts) == 0 || len(p.channels) > 0 {
		out.Channels = nil
	}
	for _, c := range p.channels {
		out.Channels = append(out.Channels, v1.Channel(c))
	}
	if p.purpose != "" || p.source != "" {
		out.Consent = &v1.NewConsent{Purpose: p.purpose, Source: p.source}
	}
	return out, p.keys.into(&out)
}

// ofSubscriber makes a command that does something about one subscriber, and shows him.
func (t terminal) ofSubscriber(use, short string, flags func(*cobra.Command), do func(context.Context, *client.Client, string, string) (v1.Subscriber, error)) *cobra.Command {
	c := &cobra.Command{Use: use + " ROOM ID", Short: short, Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		s, err := do(c.Context(), gateway, args[0], args[1])
		if err != nil {
			return err
		}
		return p.subscriber(s)
	}
	return c
}

func noFlags(*cobra.Command) {}

// subscriberCommands are about one subscriber each.
func (t terminal) subscriberCommands() []*cobra.Command {
	var change personFlags
	until := ""
	type gateway = *client.Client
	return []*cobra.Command{
		t.ofSubscriber("show", "Show what is known of a subscriber, but for contacts and values", noFlags,
			func(ctx context.Context, g gateway, room, id string) (v1.Subscriber, error) {
				return g.Subscriber(ctx, room, id)
			}),
		t.ofSubscriber("change", "Change what is named; attributes replace all that there were", change.add,
			func(ctx context.Context, g gateway, room, id string) (v1.Subscriber, error) {
				person, err := change.person()
				if err != nil {
					return v1.Subscriber{}, err
				}
				return g.ChangeSubscriber(ctx, room, id, person)
			}),
		t.ofSubscriber("approve", "Let somebody in who has asked; the person is sent a code to confirm", noFlags,
			func(ctx context.Context, g gateway, room, id string) (v1.Subscriber, error) {
				return g.ApproveSubscriber(ctx, room, id)
			}),
		t.ofSubscriber("pause", "Send nothing for a while", func(c *cobra.Command) {
			c.Flags().StringVar(&until, "until", "", "the end, such as 2027-01-08T00:00:00+06:00 (default: until resumed)")
		}, func(ctx context.Context, g gateway, room, id string) (v1.Subscriber, error) {
			end, err := parseUntil(until)
			if err != nil {
				return v1.Subscriber{}, err
			}
			return g.PauseSubscriber(ctx, room, id, end)
		}),
		t.ofSubscriber("resume", "End a pause", noFlags,
			func(ctx context.Context, g gateway, room, id string) (v1.Subscriber, error) {
				return g.ResumeSubscriber(ctx, room, id)
			}),
		t.subscribeDecline(), t.subscribeRequest(), t.subscribeConfirm(),
	}
}

func parseUntil(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return at, fmt.Errorf("--until takes a time such as 2027-01-08T00:00:00+06:00")
	}
	return at, nil
}

func (t terminal) subscribeDecline() *cobra.Command {
	c := &cobra.Command{Use: "decline ROOM ID", Short: "Do not let somebody in who has asked, and forget the person", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.DeclineSubscriber(c.Context(), args[0], args[1])
	}
	return c
}

func (t terminal) subscribeRequest() *cobra.Command {
	var f personFlags
	c := &cobra.Command{
		Use:   "request ROOM CONTACT",
		Short: "Ask for a person to be subscribed, as a portal does; prints the id under which the code is confirmed",
		Args:  cobra.ExactArgs(2),
	}
	n, p := t.connect(c), t.printer(c)
	f.add(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		person, err := f.person(args[1])
		if err != nil {
			return err
		}
		receipt, err := gateway.RequestSubscription(c.Context(), args[0], person)
		if err != nil {
			return err
		}
		return p.value(receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.ID) })
	}
	return c
}

func (t terminal) subscribeConfirm() *cobra.Command {
	c := &cobra.Command{Use: "confirm ROOM ID CODE", Short: "Confirm a subscription with the code that the person was sent", Args: cobra.ExactArgs(3)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.ConfirmSubscriber(c.Context(), args[0], args[1], args[2])
	}
	return c
}
