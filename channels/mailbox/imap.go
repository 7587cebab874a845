package mailbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// answerIn is how long the server may take for what it is asked.
const answerIn = 2 * time.Minute

// imapFolder is a folder on an IMAP server (RFC 9051).
type imapFolder struct {
	client *imapclient.Client
	more   chan struct{} // has something when the server says that mail has come
	poll   time.Duration
	limit  int64
}

// openIMAP connects, logs in and opens the folder.
func openIMAP(ctx context.Context, o Options) (folder, error) {
	f := &imapFolder{more: make(chan struct{}, 1), poll: o.IMAP.Poll, limit: o.MaxMessageBytes}
	var err error
	if f.client, err = f.connect(ctx, o.IMAP); err != nil {
		return nil, said("connect", err)
	}
	if err := f.begin(ctx, o.IMAP); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *imapFolder) begin(ctx context.Context, o IMAPOptions) error {
	if err := f.within(ctx, "log in", func() error { return logIn(ctx, f.client, o) }); err != nil {
		return err
	}
	folders := []string{o.Failed}
	if !o.Delete {
		folders = append(folders, o.Processed)
	}
	for _, name := range folders { // it may be there, and if it is not, moving mail will tell
		_ = f.within(ctx, "create", func() error { return f.client.Create(name, nil).Wait() })
	}
	return f.within(ctx, "open the folder", func() error {
		_, err := f.client.Select(o.Folder, nil).Wait()
		return err
	})
}

func (f *imapFolder) connect(ctx context.Context, o IMAPOptions) (*imapclient.Client, error) {
	options := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(*imapclient.UnilateralDataMailbox) {
		select {
		case f.more <- struct{}{}:
		default:
		}
	}}}
	dialer := &net.Dialer{Timeout: 30 * time.Second}
	if o.TLS == TLSNone {
		conn, err := dialer.DialContext(ctx, "tcp", o.Address)
		if err != nil {
			return nil, err
		}
		return imapclient.New(conn, options), nil
	}
	secure, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if o.TLS == TLSImplicit {
		conn, err := (&tls.Dialer{NetDialer: dialer, Config: secure}).DialContext(ctx, "tcp", o.Address)
		if err != nil {
			return nil, err
		}
		return imapclient.New(conn, options), nil
	}
	options.TLSConfig, options.Dialer = secure, dialer
	return imapclient.DialStartTLS(o.Address, options)
}

func (o IMAPOptions) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName, NextProtos: []string{"imap"}}
	if c.ServerName == "" {
		c.ServerName, _, _ = net.SplitHostPort(o.Address)
	}
	if o.CAFile == "" {
		return c, nil
	}
	text, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("imap.caFile: %w", err)
	}
	if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("imap.caFile: %s holds no certificate", o.CAFile)
	}
	return c, nil
}

func logIn(ctx context.Context, c *imapclient.Client, o IMAPOptions) error {
	known, err := o.Credentials.Read(ctx, o.PasswordFile)
	if err != nil {
		return fmt.Errorf("imap.passwordFile: %w", err)
	}
	password := known.Reveal()
	if o.Auth == AuthXOAUTH2 {
		return c.Authenticate(xoauth2{o.Username, password})
	}
	return c.Login(o.Username, password).Wait()
}

// xoauth2 logs in with an access token, as several big providers want it.
type xoauth2 struct{ user, token string }

var _ sasl.Client = xoauth2{}

// Start says everything at once.
func (x xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the explanation of an error, which the server waits for.
func (x xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// Waiting lists the mails that nobody has deleted.
func (f *imapFolder) Waiting(ctx context.Context) (found []uint32, err error) {
	err = f.within(ctx, "search", func() error {
		data, err := f.client.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagDeleted}}, nil).Wait()
		if err != nil {
			return err
		}
		for _, uid := range data.AllUIDs() {
			found = append(found, uint32(uid))
		}
		return nil
	})
	return found, err
}

// Fetch leaves the mail unseen.
func (f *imapFolder) Fetch(ctx context.Context, uid uint32) (raw []byte, err error) {
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: f.limit}}
	err = f.within(ctx, "fetch", func() error {
		cmd := f.client.Fetch(imap.UIDSetNum(imap.UID(uid)), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		defer cmd.Close()
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			for item := m.Next(); item != nil; item = m.Next() {
				if body, ok := item.(imapclient.FetchItemDataBodySection); ok && body.Literal != nil {
					if raw, err = io.ReadAll(io.LimitReader(body.Literal, f.limit)); err != nil {
						return err
					}
				}
			}
		}
		return cmd.Close()
	})
	return raw, err
}

// Put marks the mail as seen, so that whoever looks there is not told of it as new.
func (f *imapFolder) Put(ctx context.Context, uid uint32, into string) error {
	set := imap.UIDSetNum(imap.UID(uid))
	flags := []imap.Flag{imap.FlagSeen}
	if into == "" {
		flags = append(flags, imap.FlagDeleted)
	}
	return f.within(ctx, "put away", func() error {
		err := f.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: flags}, nil).Close()
		switch {
		case err != nil:
			return err
		case into != "":
			_, err := f.client.Move(set, into).Wait()
			return err
		case f.client.Caps().Has(imap.CapUIDPlus):
			return f.client.UIDExpunge(set).Close()
		}
		return f.client.Expunge().Close()
	})
}

// Idle waits for the server's word (RFC 2177), or for a while if it gives none.
func (f *imapFolder) Idle(ctx context.Context, atMost time.Duration) error {
	idle := f.client.Caps().Has(imap.CapIdle)
	if !idle {
		atMost = min(atMost, f.poll)
	}
	end := func() error { return f.within(ctx, "noop", func() error { return f.client.Noop().Wait() }) }
	if idle {
		var cmd *imapclient.IdleCommand
		err := f.within(ctx, "idle", func() (err error) { cmd, err = f.client.Idle(); return err })
		if err != nil {
			return err
		}
		end = func() error {
			return f.within(ctx, "idle", func() error { return errors.Join(cmd.Close(), cmd.Wait()) })
		}
	}
	timer := time.NewTimer(atMost)
	defer timer.Stop()
	select {
	case <-f.more:
	case <-timer.C:
	case <-f.client.Closed():
	case <-ctx.Done():
	}
	return end()
}

// Close takes leave, if the server is quick about it.
func (f *imapFolder) Close() {
	last := time.AfterFunc(time.Second, func() { _ = f.client.Close() })
	defer last.Stop()
	_ = f.client.Logout().Wait()
	_ = f.client.Close()
}

// within does something with the server. If it does not answer, or ctx ends, the connection is cut.
func (f *imapFolder) within(ctx context.Context, what string, do func() error) error {
	cut := func() { _ = f.client.Close() }
	defer time.AfterFunc(answerIn, cut).Stop()
	defer context.AfterFunc(ctx, cut)()
	if err := do(); err != nil {
		return said(what, err)
	}
	return ctx.Err()
}

// errAnswered is of the server, the connection is good.
var errAnswered = errors.New("the server answers")

// said is an error without the server's own words.
func said(what string, err error) error {
	var answer *imap.Error
	var network net.Error
	var path *os.PathError
	switch {
	case errors.As(err, &answer):
		return fmt.Errorf("mailbox: imap: %s: %w %s %s", what, errAnswered, answer.Type, answer.Code)
	case errors.As(err, &network), errors.As(err, &path), errors.Is(err, io.ErrUnexpectedEOF), strings.HasPrefix(err.Error(), "imap."):
		return fmt.Errorf("mailbox: imap: %s: %w", what, err)
	}
	return fmt.Errorf("mailbox: imap: %s: %T", what, err)
}
