package smpp

import "github.com/govcrier/crier/channels"

var _ channels.Ready = (*Provider)(nil)

// Ready says why nothing can be sent at the moment: no bind stands, and the last try has failed.
func (p *Provider) Ready() error {
	p.places.mu.Lock()
	defer p.places.mu.Unlock()
	if p.places.down && len(p.places.live) == 0 {
		return errNoBind
	}
	return nil
}
