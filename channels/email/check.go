package email

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/govcrier/crier/rooms"
)

// Check names every fault of the options. It reads no file and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	return slices.Concat(o.checkRelay(), o.checkLogin(), o.checkTokens(), o.checkSender(), o.checkAnswers(), o.checkDKIM(), o.checkSMIME(), o.checkLimits())
}

type faults []error

func (f *faults) when(is bool, format string, args ...any) {
	if is {
		*f = append(*f, fmt.Errorf("email: "+format, args...))
	}
}

func (o Options) checkRelay() (f faults) {
	f.when(o.Host == "", "host is missing: the name of the mail relay")
	f.when(strings.ContainsAny(o.Host, " \t\r\n/@"), "host %q is not a host name or IP address", o.Host)
	f.when(strings.Contains(o.Host, ":") && !isAddress(o.Host), "host %q has more than a name: the port is set by port", o.Host)
	f.when(o.Port < 1 || o.Port > 65535, "port %d is not from 1 to 65535", o.Port)
	modes := []string{TLSNone, TLSOpportunistic, TLSRequired, TLSImplicit}
	f.when(!slices.Contains(modes, o.TLS), "tls %q is not one of %q", o.TLS, modes)
	return f
}

func (o Options) checkLogin() (f faults) {
	methods := []string{AuthAuto, AuthPlain, AuthLogin, AuthXOAUTH2}
	f.when(!slices.Contains(methods, o.Auth), "auth %q is not one of %q", o.Auth, methods)
	hasPassword := !o.Password.IsZero() || o.PasswordFile != ""
	f.when(!o.Password.IsZero() && o.PasswordFile != "", "set one of password and passwordFile")
	f.when(o.Username != "" && !hasPassword && !o.hasToken(), "username is set, passwordFile is not")
	f.when(o.Username == "" && hasPassword, "passwordFile is set, username is not")
	verified := o.TLS == TLSRequired || o.TLS == TLSImplicit
	f.when(o.Username != "" && !verified && !o.loopback(),
		"with tls %q the password could be read on its way: tls must be %s or %s", o.TLS, TLSRequired, TLSImplicit)
	return f
}

func (o Options) checkSender() (f faults) {
	_, err := rooms.ParseEmail(o.From)
	f.when(err != nil, "from: %w", err)
	_, err = rooms.ParseEmail(o.ReplyTo)
	f.when(err != nil && o.ReplyTo != "", "replyTo: %w", err)
	_, err = rooms.ParsePersonName(o.FromName)
	f.when(err != nil, "fromName: %w", err)
	_, err = rooms.ParsePersonName(o.EncryptedSubject)
	f.when(err != nil, "encryptedSubject: %w", err)
	f.when(!isHost(o.HelloName), "helloName %q is not a domain name", o.HelloName)
	f.when(!isHost(o.MessageIDDomain), "messageIDDomain %q is not a domain name", o.MessageIDDomain)
	return f
}

func (o Options) checkLimits() (f faults) {
	f.when(o.MaxConnections < 1, "maxConnections %d is not positive", o.MaxConnections)
	f.when(o.MaxMessagesPerConnection < 1, "maxMessagesPerConnection %d is not positive", o.MaxMessagesPerConnection)
	f.when(o.IdleTimeout < 0, "idleTimeout %s is not positive", o.IdleTimeout)
	f.when(o.SendTimeout < 0, "sendTimeout %s is not positive", o.SendTimeout)
	f.when(o.MaxPerDestination < 1, "maxPerDestination %d is not positive", o.MaxPerDestination)
	f.when(o.MaxRetryAfter < 0, "maxRetryAfter %s is not positive", o.MaxRetryAfter)
	f.when(o.CacheBytes < 0, "cacheBytes %d is not positive", o.CacheBytes)
	return f
}

// isAddress accepts IP addresses, with a zone too (RFC 4007 §11).
func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isHost accepts names in ASCII; a domain in another script is written in its xn-- form.
func isHost(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
	return s != "" && len(s) <= 255 && strings.Trim(s, plain) == "" && strings.Trim(s, ".-") == s
}

// errOptions joins the faults of options, nil if there are none.
func (o Options) errOptions() error { return errors.Join(o.Check()...) }
