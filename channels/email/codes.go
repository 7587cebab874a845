package email

// verdict is what an enhanced status code says should become of a message.
type verdict int

const (
	unsaid   verdict = iota // the class of the reply alone counts
	retry                   // it may pass, though the reply says never
	suppress                // nobody is there: the address is to be left alone
	ours                    // the gateway is refused, whoever is written to
)

// verdict is that of the enhanced status codes (RFC 3463, RFC 7372, RFC 7505) of replies that say never. Suppressed is only
// whom the mailbox's own side says not to be there: that a domain is not found (5.1.2) may be the relay's own trouble, and
// policy (5.7.1) speaks of the message. All others reject this message, and nothing more.
func (r reply) verdict() verdict {
	if r.code/100 != 5 {
		return unsaid
	}
	switch r.enhanced {
	case "5.1.1", // no such mailbox
		"5.1.6",  // moved away
		"5.1.10", // its domain takes no mail
		"5.2.1":  // disabled
		return suppress
	case "5.2.2", // the mailbox is full
		"5.3.1", // the relay's disk is
		"5.3.2", // the relay takes nothing now
		"5.4.1", // nobody answers further on
		"5.4.3", // the relay cannot ask where to
		"5.4.5": // congestion
		return retry
	case "5.1.7", "5.1.8", // the sender's address, which some relays judge only here
		"5.7.8", "5.7.9", "5.7.13", // who logs in
		"5.7.20", "5.7.21", "5.7.22", // DKIM
		"5.7.23", "5.7.24", // SPF
		"5.7.25", "5.7.26", "5.7.27": // the name of the gateway's address, DMARC, no mail back to the sender
		return ours
	}
	return unsaid
}
