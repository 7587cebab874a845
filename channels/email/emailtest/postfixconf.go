package emailtest

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// masterCF starts only what receives and relays (master(5)). Nothing runs in a chroot.
const masterCF = `127.0.0.1:%d inet n - n - - smtpd
pickup  unix       n - n 60    1 pickup
cleanup unix       n - n -     0 cleanup
qmgr    unix       n - n 300   1 qmgr
tlsmgr  unix       - - n 1000? 1 tlsmgr
rewrite unix       - - n -     - trivial-rewrite
bounce  unix       - - n -     0 bounce
defer   unix       - - n -     0 bounce
trace   unix       - - n -     0 bounce
smtp    unix       - - n -     - smtp
lmtp    unix       - - n -     - lmtp
error   unix       - - n -     - error
retry   unix       - - n -     - error
anvil   unix       - - n -     1 anvil
scache  unix       - - n -     1 scache
postlog unix-dgram n - n -     1 postlogd
`

// mainCF is that of a relay which keeps no mail of its own and asks no DNS (postconf(5)).
const mainCF = `compatibility_level = 3.6
myhostname = %[1]s
queue_directory = %[2]s/queue
data_directory = %[2]s/data
maillog_file = %[2]s/log/mail.log
maillog_file_prefixes = %[2]s/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtp_dns_support_level = disabled
default_transport = smtp:%[3]s
relayhost =
`

// write makes the folders and the configuration of a Postfix.
func (p *Postfix) write(tb testing.TB, o PostfixOptions) {
	tb.Helper()
	if err := os.Chmod(p.folder, 0o755); err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"conf", "queue", "data", "log"} {
		if err := os.Mkdir(p.path(name), 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	p.giveTo(tb, "postfix", "data")
	for name, text := range map[string]string{
		"master.cf": fmt.Sprintf(masterCF, p.Port),
		"main.cf":   fmt.Sprintf(mainCF, p.name, p.folder, nextHop(tb, o.Relay)) + restrictions(o.Refuse) + transports(o.Transports) + tlsSettings(o.Certificate) + hold(o.Hold),
	} {
		if err := os.WriteFile(p.path("conf", name), []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
}

// giveTo makes a user the owner of a folder.
func (p *Postfix) giveTo(tb testing.TB, name, folder string) {
	tb.Helper()
	owner, err := user.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	uid, errU := strconv.Atoi(owner.Uid)
	gid, errG := strconv.Atoi(owner.Gid)
	if errU != nil || errG != nil {
		tb.Fatalf("user %s has no numeric id", name)
	}
	if err := os.Chown(p.path(folder), uid, gid); err != nil {
		tb.Fatal(err)
	}
}

// nextHop is host:port as transport(5) wants it: without looking for MX records.
func nextHop(tb testing.TB, relay string) string {
	tb.Helper()
	host, port, err := net.SplitHostPort(relay)
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprintf("[%s]:%s", host, port)
}

// restrictions answers some recipients with a refusal (access(5)).
func restrictions(refuse map[string]string) string {
	var table strings.Builder
	for _, to := range slices.Sorted(maps.Keys(refuse)) {
		fmt.Fprintf(&table, " { %s = %s }", to, refuse[to])
	}
	if table.Len() == 0 {
		return "smtpd_recipient_restrictions = permit_mynetworks, reject\n"
	}
	return fmt.Sprintf("smtpd_recipient_restrictions = check_recipient_access inline:{%s }, permit_mynetworks, reject\n", &table)
}

// transports sends mail for some domains elsewhere (transport(5)).
func transports(by map[string]string) string {
	var table strings.Builder
	for _, domain := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&table, " { %s = %s }", domain, by[domain])
	}
	if table.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("transport_maps = inline:{%s }\n", &table)
}

func tlsSettings(c *Certificate) string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf("smtpd_tls_security_level = may\nsmtpd_tls_cert_file = %s\nsmtpd_tls_key_file = %s\n", c.File, c.KeyFile)
}

// holding keeps everything in the queue (postconf(5)).
const holding = "defer_transports = smtp\n"

func hold(on bool) string {
	if on {
		return holding
	}
	return ""
}
