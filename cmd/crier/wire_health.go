package main

import (
	"github.com/govcrier/crier/broker"
	"github.com/govcrier/crier/channels"
)

// reports are where the nodes tell each other how the providers answer; a single one has nobody to tell.
func (a *App) reports(s *store) channels.Reports {
	if a.config.Broker.Topology == broker.Single {
		return nil
	}
	return s.log
}
