package lease

import "time"

// pace is how much slower than agreed a holder goes, since the log stores what he writes only then. All times become longer
// by the same factor, which is a power of two. Without it a log that needs longer than look to store an entry would have
// everybody lose what he holds after each term, and all work begin anew for ever.
type pace struct {
	Options
	doubled int
}

// times are those that hold now.
func (p *pace) times() Options {
	o := p.Options
	o.TTL <<= p.doubled
	return o
}

// mostDoubled bounds by how much a takeover may become slower: eight times, 12 seconds of the default TTL.
const mostDoubled = 3

// late is called when an entry was stored whose answer was not waited for long enough.
func (p *pace) late() {
	if p.doubled < mostDoubled && p.times().TTL <= maxTTL/2 {
		p.doubled++
	}
}

// answered is called when an answer came in time. Half the times are enough if it would have come early with them too.
func (p *pace) answered(took time.Duration) {
	if p.doubled > 0 && took < p.times().look()/4 {
		p.doubled--
	}
}
