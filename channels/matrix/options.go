package matrix

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/govcrier/crier/channels/credential"
	"github.com/govcrier/crier/rooms"
)

// Options say at which homeserver, and as whom.
type Options struct {
	// Credentials reads the files of credentials; nil if no key service has encrypted them.
	Credentials *credential.Files `yaml:"-"`
	Homeserver  string            `yaml:"homeserver"` // base URL of the client-server API; https, but on loopback
	UserID      string            `yaml:"userId"`     // @local:server
	// AccessTokenFile holds the token of a session, the same on all nodes; of mode 0600. It is read again when the token is
	// no longer good.
	AccessTokenFile string        `yaml:"accessTokenFile"`
	PasswordFile    string        `yaml:"passwordFile"` // instead: every node logs in; of mode 0600
	DeviceID        string        `yaml:"deviceId"`     // with passwordFile, before "-" and the node; default crier
	CAFile          string        `yaml:"caFile"`       // PEM file of the authorities to trust instead of the system's
	Timeout         time.Duration `yaml:"timeout"`      // of one request; default 20s
	Connections     int           `yaml:"connections"`  // at once; default 32
	Poll            time.Duration `yaml:"poll"`         // how long the homeserver waits for news; default 30s
	Recheck         time.Duration `yaml:"recheck"`      // for how long a direct room is used without asking; default 10m
	Notices         string        `yaml:"notices"`      // what goes as m.notice: bulk, all or none; default bulk
	NoReceipts      bool          `yaml:"noReceipts"`   // sent is then the last word
	// RefuseInvitations leaves unanswered who wants to begin a conversation.
	RefuseInvitations bool `yaml:"refuseInvitations"`
	// EncryptedText is what is said to who writes in an encrypted room.
	EncryptedText string `yaml:"encryptedText"`
}

// What goes as m.notice.
const (
	NoticesBulk = "bulk"
	NoticesAll  = "all"
	NoticesNone = "none"
)

// WithDefaults fills in what is not set.
func (o Options) WithDefaults() Options {
	o.DeviceID = cmp.Or(o.DeviceID, "crier")
	o.Timeout = cmp.Or(o.Timeout, 20*time.Second)
	o.Connections = cmp.Or(o.Connections, 32)
	o.Poll = cmp.Or(o.Poll, 30*time.Second)
	o.Recheck = cmp.Or(o.Recheck, 10*time.Minute)
	o.Notices = cmp.Or(o.Notices, NoticesBulk)
	o.EncryptedText = cmp.Or(o.EncryptedText, "This service cannot read encrypted messages. Please write in a room without encryption.")
	return o
}

// Check names every fault. It reads no file and calls nobody.
func (o Options) Check() []error {
	o = o.WithDefaults()
	var faults []error
	when := func(wrong bool, text string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf(text, args...))
		}
	}
	if err := checkServer(o.Homeserver); err != nil {
		faults = append(faults, fmt.Errorf("homeserver: %w", err))
	}
	_, err := rooms.ParseMatrixID(o.UserID)
	when(err != nil || !strings.HasPrefix(o.UserID, "@"), "userId: reads @local:server")
	when((o.AccessTokenFile == "") == (o.PasswordFile == ""), "set one of accessTokenFile and passwordFile")
	when(!isToken(o.DeviceID, maxDevice), "deviceId: at most %d letters, digits and marks", maxDevice)
	when(o.Timeout < 0 || o.Poll < 0 || o.Recheck < 0, "timeout, poll, recheck: longer than 0s")
	when(o.Connections < 0, "connections: at least 1")
	when(!slices.Contains([]string{NoticesBulk, NoticesAll, NoticesNone}, o.Notices), "notices: one of bulk, all, none")
	return faults
}

const maxDevice = 100

func checkServer(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("a URL such as https://matrix.example.org")
	case u.Scheme == "http" && !loopback(u.Hostname()) || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("begins with https://")
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// isToken holds for a short word of printable ASCII.
func isToken(s string, limit int) bool {
	return s != "" && len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
