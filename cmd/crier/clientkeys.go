package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func (t terminal) clientKey() *cobra.Command {
	c := &cobra.Command{
		Use:   "key",
		Short: "Give clients keys of GovStack's e-mail API, and end them",
		Long: `Give clients keys of GovStack's e-mail API, and end them (platform admins).

Who shows a client's key sends e-mails from that client's registered senders, and can do nothing else. The key is shown once,
when it is made; what is kept of it, a keyed hash, gives it to nobody. The e-mails go by a room of the client, email-CLIENT, which
is made with its first key: crier message list email-CLIENT shows them, crier replies email-CLIENT what people have answered.

Beside the key, on standard error, stands the secret by which the client checks the calls to the callback URIs that it names. It
is the same with each key, and left out once the client has set a callback itself (crier callback set).`,
		Example: `  crier client set hosp-7 --organisation 'Ministry of Health' --email noreply@health.example
  KEY=$(crier client key add hosp-7)
  curl https://messages.example.org/send/email/single -H "apiKey: $KEY" -H 'Content-Type: application/json' -d '{
    "recipientInfo": {"email": "a@example.com"}, "emailContent": {"title": "Vaccination", "content": "Tuesday 9:00"}}'
  crier client key list hosp-7
  crier client key revoke hosp-7 4KX2M6ZL3R5P`,
	}
	c.AddCommand(t.clientKeyAdd(), t.clientKeyList(), t.clientKeyRevoke())
	return c
}

func (t terminal) clientKeyAdd() *cobra.Command {
	c := &cobra.Command{Use: "add CLIENT", Short: "Make a key and print it, this once", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		key, err := gateway.MakeAPIKey(c.Context(), args[0])
		if err != nil {
			return err
		}
		if !p.json && key.CallbackSecret != "" {
			fmt.Fprintln(t.err, "callback secret:", key.CallbackSecret)
		}
		return p.value(key, func(w io.Writer) { fmt.Fprintln(w, key.Key) })
	}
	return c
}

func (t terminal) clientKeyList() *cobra.Command {
	c := &cobra.Command{Use: "list CLIENT", Short: "List a client's keys, such as your own", Args: cobra.ExactArgs(1)}
	n, p := t.connect(c), t.printer(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		list, err := gateway.APIKeys(c.Context(), args[0])
		for _, one := range list {
			err := p.value(one, func(w io.Writer) {
				fmt.Fprintf(w, "%s\troom %s\tsince %s\tby %s\n", one.ID, one.Room, moment(one.CreatedAt), one.CreatedBy)
			})
			if err != nil {
				return err
			}
		}
		return err
	}
	return c
}

func (t terminal) clientKeyRevoke() *cobra.Command {
	c := &cobra.Command{Use: "revoke CLIENT ID", Short: "End a key, by its id", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.RevokeAPIKey(c.Context(), args[0], args[1])
	}
	return c
}
