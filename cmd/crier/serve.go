package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/govcrier/crier/config"
)

const serveLong = `Run a node of the gateway until it is told to stop (SIGTERM, SIGINT). It then takes nothing new, finishes what it has in
hand, and ends; a second signal ends it at once, and nothing that was acknowledged is lost by that either.`

const serveExample = `  crier keys store /etc/crier/store.key
  crier keys new /etc/crier/keys.json
  crier config describe > /etc/crier/crier.yaml    # then edit it
  crier config check /etc/crier/crier.yaml
  crier serve --config /etc/crier/crier.yaml`

func (t terminal) serveCommand() *cobra.Command {
	var file string
	var gone []uint
	c := &cobra.Command{
		Use:     "serve",
		Short:   "Run a node of the gateway",
		Long:    serveLong,
		Example: serveExample,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf, err := config.Load(file, t.env)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			app := newApp(conf, conf.Logging.Logger(t.err))
			for _, id := range gone {
				app.keysGone = append(app.keysGone, uint32(id))
			}
			return app.Run(c.Context())
		},
	}
	c.Flags().StringVar(&file, "config", "/etc/crier/crier.yaml", "the configuration")
	c.Flags().UintSliceVar(&gone, "without-key", nil, "start though this key of the vault is missing, which the store was written with: what only it opens is lost; may be repeated")
	return c
}
