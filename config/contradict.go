package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/mailbox"
)

// eraseMargin is what passes after the window of duplicates before a body may be erased.
const eraseMargin = 5 * time.Minute

// envelope is what is stored of a message beside the request itself.
const envelope = 64 << 10

// contradictions are faults between sections, each of which is right by itself.
func (c Config) contradictions() []error {
	var faults []error
	bad := func(wrong bool, text string) {
		if wrong {
			faults = append(faults, errors.New(text))
		}
	}
	longest := max(c.Policy.Expiry, c.API.MaxExpiry)
	bad(c.Policy.Expiry > c.Log.MessageAge,
		"policy.expiry: longer than log.messageAge, so that content would be gone before it is sent")
	bad(c.API.MaxExpiry > c.Log.MessageAge,
		"api.maxExpiry: longer than log.messageAge, so that content would be gone before it is sent")
	bad(longest >= c.Log.MarkerTTL,
		"log.markerTTL: not longer than policy.expiry and api.maxExpiry, so that a page could be sent twice")
	bad(int64(c.Broker.MaxPayload) < c.API.MaxBody+envelope,
		"broker.maxPayload: not larger than api.maxBody and its envelope, so that the log would not take what the API does")
	bad(c.Retention.Settle < c.Log.Duplicates+eraseMargin,
		"retention.settle: shorter than log.duplicates and five minutes, so that a repeat could not be told from another request")
	bad(c.Index.Keep < c.Log.EventAge,
		"index.keep: shorter than log.eventAge, so that transaction ids would be forgotten early")
	bad(within(c.Vault.KeysFile, c.Broker.Store), "vault.keysFile: lies inside broker.store, which it protects")
	bad(within(c.API.TLS.KeyFile, c.Broker.Store), "api.tls.keyFile: lies inside broker.store")
	bad(c.Metrics.Listen != "" && c.Metrics.Listen == c.API.Listen, "metrics.listen: the same address as api.listen")
	bad(within(c.Mailbox.TLS.KeyFile, c.Broker.Store), "mailbox.tls.keyFile: lies inside broker.store")
	for i, one := range append([]EmailRelay{c.Providers.Email.EmailRelay}, c.Providers.Email.More...) {
		where := "providers.email."
		if i > 0 {
			where = fmt.Sprintf("providers.email.more: provider %d: ", i+1)
		}
		for _, text := range misses(c.Mailbox, one) {
			bad(true, where+text)
		}
	}
	return append(faults, c.Providers.shared()...)
}

// misses names the addresses of a relay at which the mailbox would not know again what comes back.
func misses(m mailbox.Options, relay EmailRelay) (faults []string) {
	if m.Kind == mailbox.KindNone || relay.Kind != KindSMTP {
		return nil
	}
	for _, one := range []struct{ option, address, local string }{
		{"bounceAddress", relay.BounceAddress, m.Bounce}, {"replyAddress", relay.ReplyAddress, m.Reply},
		{"unsubscribeAddress", relay.UnsubscribeAddress, m.Unsubscribe},
	} {
		local, domain, _ := strings.Cut(one.address, "@")
		ours := slices.ContainsFunc(m.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
		switch key := strings.TrimSuffix(one.option, "Address"); {
		case one.address == "":
		case !strings.EqualFold(local, one.local):
			faults = append(faults, fmt.Sprintf("%s: begins otherwise than mailbox.%s, so that what comes there would not be known again", one.option, key))
		case len(m.Domains) > 0 && !ours:
			faults = append(faults, one.option+": not in one of mailbox.domains, so that what comes there would not be taken")
		}
	}
	return faults
}

// within says whether a path lies below a folder.
func within(path, folder string) bool {
	if path == "" || folder == "" {
		return false
	}
	p, errP := filepath.Abs(path)
	f, errF := filepath.Abs(folder)
	if errP != nil || errF != nil {
		return false
	}
	rel, err := filepath.Rel(f, p)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
