package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
)

const tokenExample = `  export CRIER_ISSUER=https://id.example.org/realms/gov CRIER_CLIENT_ID=hosp-7 CRIER_CLIENT_SECRET=…
  export CRIER_TOKEN=$(crier token)`

func (t terminal) tokenCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "token",
		Short:   "Print an access token of the identity provider",
		Long:    "Get an access token from the identity provider with a client's own credentials, and print it.",
		Example: tokenExample,
		Args:    cobra.NoArgs,
	}
	n := t.credentials(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		h, err := n.httpClient()
		if err != nil {
			return err
		}
		credentials, err := n.client(h)
		if err != nil {
			return err
		}
		token, err := client.FromIssuer(credentials)(c.Context())
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(t.out, token)
		return err
	}
	return c
}
