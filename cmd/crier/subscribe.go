package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

const subscribeLong = `Say who gets the messages of a room. Whoever adds a person answers for that person's consent.

Contacts are stored sealed and are never shown again: a list gives ids. A person who is added with
--confirm, or for whom a portal asks, confirms with a code that crier sends.

Who has left a room is not added again, alone or by a list, unless the person confirms, has consented
since, or is added with --again.

To a person with an S/MIME certificate or an OpenPGP key e-mail is encrypted, and never sent in the
clear. Whoever sets the key answers for whose it is.`

const subscribeExample = `  crier subscribe add newborn a@example.com --name "Aida A."
  crier subscribe add newborn +996555000111
  crier subscribe import newborn mothers.ndjson
  crier subscribe import newborn mothers.csv --preview
  crier subscribe import newborn mothers.csv --purpose "vaccination reminders" --source "form 12" --consented-at 2026-11-20
  crier subscribe add newborn +996555000222 --also b@example.com --language ky --attribute district=emme --source "form 12"
  crier subscribe add newborn c@example.com --confirm
  crier subscribe add newborn @aida:matrix.example.org --also +996555000333
  crier subscribe add newborn d@example.com --openpgp-key d.asc
  crier subscribe list newborn
  crier subscribe remove newborn n3fXk0mZq9sV2hYt7LwB1cRjEuA

Each line of a file to import is a JSON object:
  {"email":"a@example.com","name":"Aida A."}
  {"phone":"+996555000111"}
or, if it is a table, a row below a header, whose other columns become attributes:
  email;phone;channels;name;language;district
  a@example.com;+996555000111;sms email;Aida A.;ky;Osh
The columns purpose, source and consented_at are the person's consent; what is the same in all rows may be
said by --purpose, --source and --consented-at instead.`

func (t terminal) subscribeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "subscribe", Short: "Add and remove subscribers", Long: subscribeLong, Example: subscribeExample,
	}
	c.AddCommand(t.subscribeAdd(), t.subscribeList(), t.subscribeRemove(), t.subscribeImport())
	c.AddCommand(t.subscriberCommands()...)
	return c
}

func (t terminal) subscribeAdd() *cobra.Command {
	var f personFlags
	confirm, again := false, false
	c := &cobra.Command{Use: "add ROOM CONTACT", Short: "Add one person", Long: "Add one person. CONTACT is " + reachHelp + ".", Args: cobra.ExactArgs(2)}
	n, p := t.connect(c), t.printer(c)
	f.add(c)
	c.Flags().BoolVar(&confirm, "confirm", false, "invite the person, who has to confirm with the code that crier sends")
	c.Flags().BoolVar(&again, "again", false, "take the person back who has left the room")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		person, err := f.person(args[1])
		if err != nil {
			return err
		}
		person.Confirm, person.Again = confirm, again
		s, err := gateway.AddSubscriber(c.Context(), args[0], person)
		if err != nil {
			return err
		}
		return p.subscriber(s)
	}
	return c
}

func (t terminal) subscribeList() *cobra.Command {
	c := &cobra.Command{Use: "list ROOM", Short: "List the subscribers of a room by their ids", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		for s, err := range gateway.Subscribers(c.Context(), args[0]) {
			if err == nil {
				err = p.subscriber(s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func (p *printer) subscriber(s v1.Subscriber) error {
	return p.value(s, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.ID, s.Channel, moment(s.Since), s.State) })
}

func (t terminal) subscribeRemove() *cobra.Command {
	c := &cobra.Command{Use: "remove ROOM ID", Short: "Remove a subscriber", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.RemoveSubscriber(c.Context(), args[0], args[1])
	}
	return c
}

func (t terminal) subscribeImport() *cobra.Command {
	c := &cobra.Command{
		Use:   "import ROOM FILE",
		Short: `Add many people from a file, CSV with a header or a JSON object a line; "-" reads standard input`,
		Args:  cobra.ExactArgs(2),
	}
	n, p := t.connect(c), t.printer(c)
	preview := c.Flags().Bool("preview", false, "check the rows, and store nothing")
	consent := consentFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		rows, err := t.rows(args[1])
		if err != nil {
			return err
		}
		defer rows.Close()
		file := bufio.NewReader(rows)
		begin, _ := file.Peek(512) // what is wrong with it is found when it is read
		upload := t.upload()
		if upload.Consent, err = consent(); err != nil {
			return err
		}
		upload.CSV, upload.Preview = isTable(args[1], begin), *preview
		sums, err := gateway.AddSubscribers(c.Context(), args[0], file, upload)
		if err != nil {
			return err
		}
		if *preview {
			return p.checked(sums)
		}
		return p.sums(sums)
	}
	return c
}

// consentFlags say of all people of a file what its rows do not.
func consentFlags(c *cobra.Command) func() (v1.NewConsent, error) {
	f := c.Flags()
	purpose := f.String("purpose", "", "what the people have consented to, where a row does not say it")
	source := f.String("source", "", "how they have consented, where a row does not say it")
	at := f.String("consented-at", "", "when they have, such as 2026-11-20T09:00:00+06:00 or 2026-11-20, where a row does not say it")
	return func() (v1.NewConsent, error) {
		said := v1.NewConsent{Purpose: *purpose, Source: *source}
		if *at == "" {
			return said, nil
		}
		when, err := time.Parse(time.RFC3339, *at)
		if err != nil {
			when, err = time.Parse(time.DateOnly, *at)
		}
		if err != nil {
			return said, fmt.Errorf("--consented-at takes a time such as 2026-11-20T09:00:00+06:00, or a day")
		}
		said.At = &when
		return said, nil
	}
}

// rows opens what is to be imported.
func (t terminal) rows(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(t.in), nil
	}
	return os.Open(name)
}

// progressEvery is how often an import says how far it is.
const progressEvery = time.Second

// upload tells on standard error how far an import is and which rows are wrong.
func (t terminal) upload() client.Upload {
	said := time.Now()
	return client.Upload{
		Sent: func(rows int64) {
			if time.Since(said) >= progressEvery {
				said = time.Now()
				fmt.Fprintf(t.err, "%d rows sent\n", rows)
			}
		},
		Faulty: func(line int64, faults []v1.Fault) {
			t.faultyRow(line, faults)
		},
	}
}

// faultyRow tells of a row that is wrong.
func (t terminal) faultyRow(line int64, faults []v1.Fault) {
	for _, f := range faults {
		fmt.Fprintf(t.err, "line %d: %s: %s (%s)\n", line, cmp.Or(f.Pointer, "row"), f.Detail, f.Code)
	}
}

// checked shows what a preview has found; rows that are wrong make it a failure.
func (p *printer) checked(s client.Sums) error {
	out := v1.UploadLine{Added: &s.Added, Existing: &s.Existing, Faulty: &s.Faulty, Good: &s.Good}
	err := p.value(out, func(w io.Writer) { fmt.Fprintf(w, "good %d, faulty %d\n", s.Good, s.Faulty) })
	if err == nil && s.Faulty > 0 {
		err = fmt.Errorf("%s; nothing was stored", wrongRows(s.Faulty))
	}
	return err
}

// sums shows how an import ended; rows that were refused make it a failure.
func (p *printer) sums(s client.Sums) error {
	out := v1.UploadLine{Added: &s.Added, Existing: &s.Existing, Left: &s.Left, Faulty: &s.Faulty}
	err := p.value(out, func(w io.Writer) {
		fmt.Fprintf(w, "added %d, existing %d, left %d, faulty %d\n", s.Added, s.Existing, s.Left, s.Faulty)
	})
	if err == nil && s.Faulty > 0 {
		err = fmt.Errorf("%s refused; the others are subscribed", plural(int(s.Faulty), "row"))
	}
	return err
}
