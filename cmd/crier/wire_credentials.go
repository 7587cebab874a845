package main

import "github.com/govcrier/crier/channels/credential"

// credentials reads what providers are told in secret: where there is a key service, also what it has encrypted.
func (a *App) credentials() *credential.Files {
	if transit := a.config.Vault.Transit; transit.Used() {
		return credential.New(transit)
	}
	return nil
}
