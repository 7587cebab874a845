package mailbox

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// maxTagged is what a token of 56 characters and its + leave of a local part (RFC 5321 §4.5.3.1.1).
const maxTagged = 64 - 56 - 1

type faults []error

func (f *faults) when(is bool, format string, args ...any) {
	if is {
		*f = append(*f, fmt.Errorf("mailbox: "+format, args...))
	}
}

// Check names every fault of the options. It reads no file and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var f faults
	kinds := []string{KindNone, KindSMTP, KindLMTP, KindIMAP}
	f.when(!slices.Contains(kinds, o.Kind), "kind: one of %s", strings.Join(kinds, ", "))
	switch {
	case o.Listens():
		return slices.Concat(f, o.checkAddresses(), o.checkListener())
	case o.Kind == KindIMAP:
		return slices.Concat(f, o.checkAddresses(), o.IMAP.check())
	}
	return f
}

func (o Options) checkAddresses() (f faults) {
	for name, local := range map[string]string{"bounce": o.Bounce, "reply": o.Reply, "unsubscribe": o.Unsubscribe} {
		_, err := rooms.ParseEmail(local + "@example.org")
		f.when(err != nil || strings.Contains(local, "+"), "%s: what stands before + and @ in an address", name)
	}
	f.when(len(o.Bounce) > maxTagged, "bounce: at most %d characters, since a token follows them", maxTagged)
	f.when(len(o.Reply) > maxTagged, "reply: at most %d characters, since a token follows them", maxTagged)
	f.when(len(o.Unsubscribe) > 16, "unsubscribe: longer than 16 characters")
	f.when(strings.EqualFold(o.Bounce, o.Reply) || strings.EqualFold(o.Reply, o.Unsubscribe) || strings.EqualFold(o.Bounce, o.Unsubscribe),
		"reply: bounce, reply and unsubscribe must differ")
	modes := []string{UnsignedNone, UnsignedSingle, UnsignedAll}
	f.when(!slices.Contains(modes, o.UnsignedIDs), "unsignedIds: one of %s", strings.Join(modes, ", "))
	f.when(o.MaxMessageBytes < 64<<10, "maxMessageBytes: at least 65536")
	return f
}

func (o Options) checkListener() (f faults) {
	_, port, err := net.SplitHostPort(o.Listen)
	f.when(err != nil || port == "", "listen: of the form host:port, or :port for every address")
	f.when(len(o.Domains) == 0, "domains: missing, those for which mail is taken")
	for _, d := range o.Domains {
		_, err := rooms.ParseEmail("a@" + d)
		f.when(err != nil, "domains: domain names, such as example.org")
	}
	f.when(strings.ContainsAny(o.Hostname, " \t\r\n"), "hostname: not a host name")
	f.when((o.TLS.CertFile == "") != (o.TLS.KeyFile == ""), "tls.keyFile: certFile and keyFile, or neither")
	for _, n := range o.Trusted {
		_, err := netip.ParsePrefix(n)
		f.when(err != nil, "trusted: networks, such as 192.0.2.0/24")
	}
	f.when(o.MaxConnections < 1, "maxConnections: must be positive")
	f.when(o.MaxConnectionsPerSource < 1, "maxConnectionsPerSource: must be positive")
	f.when(o.MailsPerMinute < 1, "mailsPerMinute: must be positive")
	f.when(o.MaxRecipients < 1, "maxRecipients: must be positive")
	f.when(o.ReadTimeout < 0, "readTimeout: must be positive")
	f.when(o.SessionTimeout < o.ReadTimeout, "sessionTimeout: shorter than readTimeout")
	return f
}

func (o IMAPOptions) check() (f faults) {
	host, port, err := net.SplitHostPort(o.Address)
	f.when(err != nil || port == "" || host == "", "imap.address: of the form host:port")
	modes := []string{TLSImplicit, TLSStart, TLSNone}
	f.when(!slices.Contains(modes, o.TLS), "imap.tls: one of %s", strings.Join(modes, ", "))
	ip := net.ParseIP(host)
	f.when(o.TLS == TLSNone && host != "localhost" && (ip == nil || !ip.IsLoopback()), "imap.tls: without it the password could be read on its way")
	f.when(o.Username == "", "imap.username: missing")
	f.when(o.PasswordFile == "", "imap.passwordFile: missing")
	f.when(o.Auth != AuthLogin && o.Auth != AuthXOAUTH2, "imap.auth: one of %s, %s", AuthLogin, AuthXOAUTH2)
	f.when(o.Poll < 0, "imap.poll: must be positive")
	for name, folder := range map[string]string{"imap.processed": o.Processed, "imap.failed": o.Failed} {
		f.when(strings.EqualFold(folder, o.Folder), "%s: is imap.folder, so that mail would be read again and again", name)
	}
	return f
}
