package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"
)

func (t terminal) policyDelete() *cobra.Command {
	var etag string
	c := &cobra.Command{Use: "delete NAME REVISION", Short: "Delete a draft of yours", Args: cobra.ExactArgs(2)}
	n := t.connect(c)
	c.Flags().StringVar(&etag, "etag", "", "of the revision as you have seen it: one that was changed since is refused")
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, one, err := n.policy(c.Context(), args)
		if err != nil {
			return err
		}
		return gateway.DeletePolicy(c.Context(), one.Name, one.Revision, cmp.Or(etag, one.ETag))
	}
	return c
}

func (t terminal) policyHandOver() *cobra.Command {
	c := &cobra.Command{
		Use:   "hand-over NAME CLIENT",
		Short: "Make a policy another client's; what is not published is a draft again (platform admins)",
		Args:  cobra.ExactArgs(2),
	}
	n := t.connect(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		gateway, err := n.open()
		if err != nil {
			return err
		}
		return gateway.HandOverPolicy(c.Context(), args[0], args[1])
	}
	return c
}

const rulesText = `The rules of a policy, as they stand in JSON. What a policy does not say is not limited.

How long and how often
  retry            ["5m","1h"]: the waits after attempts 1, 2, …; the last one repeats
  jitter           0.2: the share by which a wait may be longer or shorter
  expiry           "48h": from acceptance until a delivery is given up
  duplicates       "resend": an attempt of which nobody knows the outcome is made again; "avoid": each is claimed before it is
                   made, so that none is made twice; emergencies are always made again
  unknown          with "avoid": what follows where nobody knows: "hold" (a person decides, or it fails in the end) or "resend"

What is accepted
  quota            {"perMinute":10,"perDay":500}: what one publisher may send into a room
  lanes            {"normal":{},"bulk":{"perDay":2}}: the lanes that may be used, each with a quota;
                   emergencies count by themselves, and theirs stands in the place of the quota above
  content          {"segments":2,"bytes":4000}: parts of an SMS, and bytes of a content
  types            [{"type":"reminder","schema":{…}},{"type":"news"}]: the types that may be published, each with a JSON
                   Schema 2020-12 of its content if it is to have a form; a schema stands by itself ($ref leads nowhere else)
  check            {"url":"https://check.example.org/","timeout":"2s"}: an application that is asked first. It is sent
                   {"room","type","lane","publisher","content"}, never the recipients, and answers {"accept":true} or
                   {"accept":false,"errors":[{"pointer":"/content/text","detail":"…"}]}; if it does not answer, nothing is
                   accepted. Its URL is sealed, and shown to the author, to officers and to platform admins alone
  release          "two-person": an emergency goes when a second person has agreed

When it is sent (emergencies always are)
  zone             "Asia/Bishkek": the time zone of the next two; UTC if there is none
  quietHours       [{"from":"21:00","until":"08:00"},{"days":["sun"],"from":"00:00","until":"24:00"}]
  dates            {"from":"2026-12-01","until":"2026-12-31","not":["2026-12-24"]}
  cap              {"messages":3,"per":"24h"}: what reaches one person of a room

By what way
  providers        {"sms":[{"provider":"a","weight":3},{"provider":"b"},{"provider":"c","weight":0}]}: by the names in the operator's
                   configuration; of weight 0 are those that get what the others have failed at, in their order
  fallback         [{"from":"sms","after":"4h","to":"email"}]: where a delivery moves that is not delivered in time
  sentIsDelivered  ["email"]: the provider's confirmation is the last word
  holdAfter        100: failed deliveries of a message after which the rest of it waits for a person

Afterwards
  history          "keep" or "erase" the content when all deliveries are done with; "room": as the room says
  replies          {"window":"48h"}: how long what a person writes answers the last message to him; 72h if there is none`

func (t terminal) policyRules() *cobra.Command {
	return &cobra.Command{
		Use: "rules", Short: "Say which rules there are", Long: rulesText, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.out, rulesText)
			return err
		},
	}
}
