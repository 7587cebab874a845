package matrix_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels"
	"github.com/govcrier/crier/channels/matrix"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/rooms"
)

// While its token is no longer good the provider is as if it did not answer, until there is another in the file.
func TestTokenOfAFile(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	p := provider(t, o)
	p.sends(t, delivery(t, 1, matrixtest.ID(aida)))
	server.EndSessions()
	for range 2 {
		want := channels.Outcome{Result: channels.Deferred, Reason: rooms.Unreachable, Code: "M_UNKNOWN_TOKEN"}
		if got := p.Send(t.Context(), delivery(t, 2, matrixtest.ID(aida))); got != want {
			t.Errorf("outcome %+v", got)
		}
	}
	server.Grant("another", clinic)
	if err := os.WriteFile(o.AccessTokenFile, []byte("another\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.sends(t, delivery(t, 2, matrixtest.ID(aida)))
}

// With a password each node has a session of its own, which is refreshed, or begun anew.
func TestPassword(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	o := options(t, server)
	o.AccessTokenFile, o.PasswordFile = "", file(t, matrixtest.Password)
	of := func(node string) signed {
		return provider(t, o, func(d *matrix.Deps) { d.Node = node })
	}
	a, b := of("a"), of("b")
	for n, p := range []signed{a, b, a, b} {
		p.sends(t, delivery(t, n, matrixtest.ID(aida)))
	}
	if n := server.Count("POST login"); n != 2 {
		t.Errorf("%d logins, want 2: one node ends the session of the other", n)
	}
	server.EndSessions()
	a.sends(t, delivery(t, 5, matrixtest.ID(aida)))
	if server.Count("POST login") != 2 || server.Count("POST refresh") != 1 {
		t.Errorf("%d logins, %d refreshed", server.Count("POST login"), server.Count("POST refresh"))
	}
	server.EndSessions()
	server.Fail(1, "POST", "/refresh", matrixtest.Fault{Status: 401, Body: `{"errcode":"M_UNKNOWN_TOKEN"}`})
	first := a.sends(t, delivery(t, 6, matrixtest.ID(aida)))
	if server.Count("POST login") != 3 {
		t.Errorf("%d logins, want 3", server.Count("POST login"))
	}
	if again := of("a").sends(t, delivery(t, 6, matrixtest.ID(aida))); again.ProviderID != first.ProviderID {
		t.Error("the same node after a restart is another device")
	}
}

// Credentials that are not good, or not ours, are the operator's matter; nobody is asked for ever.
func TestWrongCredentials(t *testing.T) {
	server := matrixtest.New(t, clinic, aida)
	for name, change := range map[string]func(*matrix.Options){
		"password":           func(o *matrix.Options) { o.AccessTokenFile, o.PasswordFile = "", file(t, "guess") },
		"token of another":   func(o *matrix.Options) { o.AccessTokenFile = file(t, matrixtest.Token(aida)) },
		"file that has gone": func(o *matrix.Options) { o.AccessTokenFile = file(t, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, server)
			change(&o)
			p := provider(t, o)
			if strings.HasPrefix(name, "file") {
				if err := os.Remove(o.AccessTokenFile); err != nil {
					t.Fatal(err)
				}
			}
			want := rooms.Unconfigured
			if name == "password" { // the homeserver has refused it
				want = rooms.Unreachable
			}
			before := server.Count("POST login")
			for range 3 {
				if o := p.Send(t.Context(), delivery(t, 1, matrixtest.ID(aida))); o.Result != channels.Deferred || o.Reason != want {
					t.Errorf("outcome %+v", o)
				}
			}
			if n := server.Count("POST login") - before; n > 1 {
				t.Errorf("%d logins in a moment", n)
			}
		})
	}
}

func TestFileThatOthersMayReadIsRefused(t *testing.T) {
	server := matrixtest.New(t, clinic)
	o := options(t, server)
	if err := os.Chmod(o.AccessTokenFile, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := matrix.New(o, matrix.Deps{Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "want 0600") {
		t.Errorf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	good := matrix.Options{Homeserver: "https://matrix.example.org", UserID: "@clinic:example.org", AccessTokenFile: "f"}
	if faults := good.Check(); len(faults) > 0 {
		t.Errorf("%v", faults)
	}
	for want, change := range map[string]func(*matrix.Options){
		"begins with https": func(o *matrix.Options) { o.Homeserver = "http://matrix.example.org" },
		"a URL such as":     func(o *matrix.Options) { o.Homeserver = "https://a:b@matrix.example.org" },
		"userId":            func(o *matrix.Options) { o.UserID = "!room:example.org" },
		"set one of":        func(o *matrix.Options) { o.PasswordFile = "f" },
		"deviceId":          func(o *matrix.Options) { o.DeviceID = "a b" },
		"longer than 0s":    func(o *matrix.Options) { o.Recheck = -1 },
		"connections":       func(o *matrix.Options) { o.Connections = -1 },
		"notices":           func(o *matrix.Options) { o.Notices = "some" },
	} {
		o := good
		change(&o)
		if faults := o.Check(); len(faults) != 1 || !strings.Contains(faults[0].Error(), want) {
			t.Errorf("%s: %v", want, faults)
		}
	}
}
