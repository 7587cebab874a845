package mailbox_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-smtp"

	"github.com/govcrier/crier/channels/email/emailtest"
	"github.com/govcrier/crier/channels/mailbox"
)

const accessToken = "token-of-crier"

// dovecot is a real IMAP server that ends with the test.
type dovecot struct {
	*testing.T
	folder             string
	imap, imaps, lmtp  int
	certificate        emailtest.Certificate
	password, ofOAuth2 string // files
}

const dovecotConf = `base_dir = %[1]s/run
log_path = %[1]s/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_vsz_limit = 0
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
ssl = yes
ssl_cert = <%[2]s
ssl_key = <%[3]s
mail_location = maildir:%[1]s/mail/%%u
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = %[1]s/oauth2.conf
}
passdb {
  driver = static
  mechanisms = plain login
  args = password=correct-horse
}
userdb {
  driver = static
  args = allow_all_users=yes uid=nobody gid=nogroup home=%[1]s/mail/%%u
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = %[4]d
  }
  inet_listener imaps {
    port = %[5]d
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    port = %[6]d
  }
}
`

func startDovecot(t *testing.T) *dovecot {
	t.Helper()
	program, err := exec.LookPath("dovecot")
	if err != nil {
		if program = "/usr/sbin/dovecot"; os.Getuid() != 0 {
			t.Fatal("this test starts a real Dovecot of its own, which only root may: run it as root, in a container for instance")
		}
	}
	folder, err := os.MkdirTemp("", "crier-dovecot-") // not t.TempDir, which is closed to its users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	d := &dovecot{T: t, folder: folder, imap: freePort(t), imaps: freePort(t), lmtp: freePort(t), certificate: emailtest.NewCertificate(t, "imap.test")}
	// Dovecot asks it whose a token is.
	oauth2 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("access_token") != accessToken && !strings.HasSuffix(r.Header.Get("Authorization"), accessToken) {
			http.Error(w, `{"active":false}`, http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"active":true,"email":"crier"}`)
	}))
	t.Cleanup(oauth2.Close)
	d.write("oauth2.conf", 0o644, "introspection_url = "+oauth2.URL+"/\nintrospection_mode = auth\nusername_attribute = email\nactive_attribute = active\nactive_value = true\n")
	conf := d.write("dovecot.conf", 0o644, fmt.Sprintf(dovecotConf, folder, d.certificate.File, d.certificate.KeyFile, d.imap, d.imaps, d.lmtp))
	d.password = d.write("password", 0o600, "correct-horse\n")
	d.ofOAuth2 = d.write("token", 0o600, accessToken+"\n")
	for _, one := range []string{folder, d.path("mail")} {
		_ = os.Mkdir(one, 0o755)
		if err := os.Chmod(one, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	d.run(program, conf)
	return d
}

// run has a shell beside it stop it as soon as its standard input ends: at the end of the test, or when its process is gone.
func (d *dovecot) run(program, conf string) {
	d.Helper()
	watch := exec.Command("sh", "-c", `"$0" -F -c "$1" & cat >/dev/null; kill $!; wait`, program, conf)
	input, err := watch.StdinPipe()
	if err != nil {
		d.Fatal(err)
	}
	if err := watch.Start(); err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { input.Close(); _ = watch.Wait() })
	eventually(d.T, func() string {
		for _, port := range []int{d.imap, d.imaps, d.lmtp} {
			c, err := net.Dial("tcp", d.at(port))
			if err != nil {
				return err.Error() + "\n" + d.log()
			}
			c.Close()
		}
		return ""
	})
}

func (d *dovecot) at(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (d *dovecot) path(name string) string { return filepath.Join(d.folder, name) }

func (d *dovecot) log() string {
	text, _ := os.ReadFile(d.path("dovecot.log"))
	return string(text)
}

func (d *dovecot) write(name string, mode os.FileMode, text string) string {
	d.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), mode); err != nil {
		d.Fatal(err)
	}
	return d.path(name)
}

// deliver brings mail to the mailbox, as a mail server before it does.
func (d *dovecot) deliver(from string, raw []byte) {
	d.Helper()
	conn, err := net.Dial("tcp", d.at(d.lmtp))
	if err != nil {
		d.Fatal(err)
	}
	c := smtp.NewClientLMTP(conn)
	defer c.Close()
	if got := bring(d.T, c, from, raw, "crier"); got != "250" {
		d.Fatalf("Dovecot answers %s:\n%s", got, d.log())
	}
}

// count says how much mail is in a folder.
func (d *dovecot) count(folder string) int {
	d.Helper()
	c, err := imapclient.DialInsecure(d.at(d.imap), nil)
	if err != nil {
		d.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("crier", "correct-horse").Wait(); err != nil {
		d.Fatal(err)
	}
	found, err := c.Select(folder, nil).Wait()
	if err != nil {
		return 0
	}
	return int(found.NumMessages)
}

func (d *dovecot) holds(want map[string]int) {
	d.Helper()
	eventually(d.T, func() string {
		for folder, n := range want {
			if got := d.count(folder); got != n {
				return fmt.Sprintf("%d mails in %s, want %d\n%s", got, folder, n, d.log())
			}
		}
		return ""
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A mailbox is read by each way of logging in; mail leaves it once it is durable, and not before.
func TestMailboxIsRead(t *testing.T) {
	t.Parallel()
	dove := startDovecot(t)
	plain := mailbox.IMAPOptions{Address: dove.at(dove.imap), TLS: mailbox.TLSNone, Username: "crier", PasswordFile: dove.password, Poll: 50 * time.Millisecond}
	d := newDesk(t)
	read := func(change func(*mailbox.IMAPOptions)) (stop func()) {
		o := mailbox.Options{Kind: mailbox.KindIMAP, IMAP: plain}
		change(&o.IMAP)
		p, err := mailbox.NewPoller(o, d.deps())
		if err != nil {
			t.Fatal(err)
		}
		return d.listen(t, p)
	}

	dove.deliver("", sample(t, "bounce-postfix"))
	dove.deliver(person, sample(t, "reply-below"))
	d.fail(func(what string) error {
		if strings.HasPrefix(what, "reply") {
			return fmt.Errorf("not now")
		}
		return nil
	})
	stop := read(func(*mailbox.IMAPOptions) {})
	dove.holds(map[string]int{"INBOX": 1, "Processed": 1})
	d.fail(nil)
	dove.holds(map[string]int{"INBOX": 0, "Processed": 2})
	want := "failed newborn 7.2/1 no-mailbox 550 5.1.1; reply from citizen@people.test to reply@crier.test: Re: Your certificate|Wednesday, please.|7.2"
	if got := d.all(); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	began := time.Now() // the reader idles for 25 minutes now
	dove.deliver(person, sample(t, "reply-gmail"))
	dove.holds(map[string]int{"INBOX": 0, "Processed": 3})
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Dovecot's word was heard after %s", took)
	}
	stop()

	for n, change := range []func(*mailbox.IMAPOptions){
		func(o *mailbox.IMAPOptions) { o.Address, o.TLS = dove.at(dove.imaps), mailbox.TLSImplicit },
		func(o *mailbox.IMAPOptions) { o.TLS = mailbox.TLSStart },
		func(o *mailbox.IMAPOptions) {
			o.TLS, o.Auth, o.PasswordFile = mailbox.TLSStart, mailbox.AuthXOAUTH2, dove.ofOAuth2
		},
	} {
		dove.deliver(person, sample(t, "automatic-vacation"))
		stop := read(func(o *mailbox.IMAPOptions) {
			o.CAFile, o.ServerName, o.Delete = dove.certificate.File, "imap.test", true
			change(o)
		})
		dove.holds(map[string]int{"INBOX": 0, "Processed": 3})
		stop()
		if got := strings.Count(d.all(), "automatic from"); got != n+1 {
			t.Errorf("way %d: heard %d, want %d: %s", n, got, n+1, d.all())
		}
	}
	if dove.Failed() {
		t.Log(dove.log())
	}
}
