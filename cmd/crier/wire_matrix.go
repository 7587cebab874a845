package main

import (
	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/matrix"
	"github.com/govcrier/crier/rooms/registry"
)

// matrixHashes keeps the hashes of users of Matrix apart from all others.
const matrixHashes = "matrix-room"

// homeserver makes providers that send as a user of Matrix.
func (a *App) homeserver(c *crew, s *store, k *knowledge) func(name string, o matrix.Options) (channels.Provider, error) {
	return func(name string, o matrix.Options) (channels.Provider, error) {
		o.Credentials = a.credentials()
		p, err := matrix.New(o, matrix.Deps{
			Name: name, Node: a.config.Broker.Node, Open: registry.Tokens{Vault: s.vault}.Open, Message: conversations{k}.Message,
			Hashes: func(user string) (all []string) {
				for _, h := range s.vault.HashAll(matrixHashes, user) {
					all = append(all, string(h))
				}
				return all
			},
			Log: a.log.With("part", "matrix", "provider", name), Now: s.broker.Now,
		})
		if err != nil {
			return nil, err
		}
		c.onStop("matrix "+name, p.Close)
		return p, nil
	}
}
