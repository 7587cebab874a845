package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

const rootLong = `crier is an open messaging gateway between a government and its people.

A publisher sends a message into a room; everyone who has subscribed to the room gets it, by e-mail or SMS. The answer is
given once the message is durable, and what became of it is read by its UMID.

Begin with "crier dev": the whole gateway on this machine, without any account. It prints what to try next.`

const rootExample = `  crier dev
  crier pub demo --subject Vaccination --text "Please come on Tuesday 9:00."
  crier status 01KAMVJVG0ZJ2C5YD3GZ7A8Q4M --follow`

// root is the table of commands.
func (t terminal) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "crier",
		Short:         "An open messaging gateway between a government and its people",
		Long:          rootLong,
		Example:       rootExample,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(
		&cobra.Group{ID: "server", Title: "Run a gateway:"},
		&cobra.Group{ID: "client", Title: "Use a gateway:"},
	)
	addAll(root, "server", t.devCommand(), t.serveCommand(), t.configCommand(), t.keysCommand(),
		t.clusterCommand(), t.promoteCommand(), t.drillCommand(), t.conformCommand())
	addAll(root, "client",
		t.pubCommand(), t.previewCommand(), t.alertCommand(), t.statusCommand(), t.explainCommand(), t.messageCommand(), t.failedCommand(),
		t.roomCommand(), t.policyCommand(), t.subscribeCommand(), t.suppressionCommand(), t.providerCommand(),
		t.repliesCommand(), t.unmatchedCommand(), t.personCommand(), t.listenCommand(), t.consumerCommand(),
		t.pullCommand(), t.webhookCommand(), t.callbackCommand(), t.clientCommand(), t.quotaCommand(), t.connectionsCommand(), t.tokenCommand())
	addAll(root, "", t.versionCommand())
	refuseWrongUse(root)
	return root
}

func addAll(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

func (t terminal) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(t.out, "crier", version)
			return err
		},
	}
}
