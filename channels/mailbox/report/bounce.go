package report

import (
	"regexp"
	"strings"
)

// bounced reads a report that is written for people only, as qmail, Exim, old Exchange and some others do. It has to come from
// a machine that carries mail, and to say itself that a mail could not be delivered.
func (l *Letter) bounced(e Envelope) (verdict, bool) {
	if !l.fromCarrier(e) {
		return verdict{}, false
	}
	text := bounded(l.text, maxText)
	if at := aCopy().FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	said := strings.ToLower(l.subject + "\n" + text)
	v := failed(text, "")
	final := strings.HasPrefix(v.code, "5") || gaveUp().MatchString(said)
	switch {
	case stillTries().MatchString(said) && !gaveUp().MatchString(said):
		v.kind = Delayed
	case final && couldNot().MatchString(said):
	case v.code != "" && couldNot().MatchString(said): // for a time, says its code
		v.kind = Delayed
	default:
		return verdict{}, false
	}
	return v, true
}

// fromCarrier says that nobody can be answered: the return path is empty, or the sender a mail system.
func (l *Letter) fromCarrier(e Envelope) bool {
	if e.Null() || l.root.get("x-failed-recipients") != "" {
		return true
	}
	local, _, _ := strings.Cut(strings.ToLower(address(l.root.get("from")).Reveal()), "@")
	switch local {
	case "mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "microsoftexchange":
		return true
	}
	return strings.HasPrefix(local, "microsoftexchange") || strings.HasPrefix(local, "bounce")
}

// aCopy is where the mail that came back begins.
func aCopy() *regexp.Regexp {
	return regexp.MustCompile(`(?im)^(-{2,} ?below this line is a copy|-{3,} ?this is a copy|-{3,} ?original message|-{3,} ?message header|-{3,} ?returned message|` +
		`-{3,} ?the (header|body|rest) of|original message headers|message headers follow|-{3,} ?transcript of session|return-path:|received: from)`)
}

// couldNot says that a mail was not delivered.
func couldNot() *regexp.Regexp {
	return regexp.MustCompile(`undeliver|not be delivered|not delivered|delivery (has )?(failed|failure)|failed (permanently|to deliver)|failure notice|returned (mail|to sender)|` +
		`(wasn'?t|not|un)\s*able to deliver|delivery status notification \(failure\)|did not reach|could not deliver|couldn't be delivered|user unknown|unknown user|no such user|` +
		`mailbox (is )?(full|unavailable|disabled)|over quota|quota exceeded|exceeded (its|the) (storage|quota)|не (может быть )?доставлено|nicht zugestellt`)
}

// stillTries says that whoever reports goes on.
func stillTries() *regexp.Regexp {
	return regexp.MustCompile(`delay(ed)?|still (being )?(tr|ret)|will (be retried|keep trying|continue to)|warning:|temporar(y|ily)[^.]{0,40}(problem|failure|deferred)|not yet been delivered`)
}

// gaveUp says that he does not.
func gaveUp() *regexp.Regexp {
	return regexp.MustCompile(`permanent|giv(en|ing) up|fatal error|retry time(out)? exceeded|message expired|too (long|old)|user unknown|unknown user|no such user|` +
		`mailbox (is )?(full|disabled)|over quota|quota exceeded|undeliverable:|could not be delivered\.? (i|the following)|did not reach`)
}
