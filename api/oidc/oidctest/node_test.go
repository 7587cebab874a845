package oidctest

import (
	"strings"
	"testing"
)

func TestMissingPeerNamesTheCommand(t *testing.T) {
	fails := func() {
		t.Helper()
		if _, _, err := findNode(t.TempDir()); err == nil || !strings.Contains(err.Error(), "make deps") {
			t.Errorf("got %v, want an error that names `make deps`", err)
		}
	}
	fails() // without the packages
	t.Setenv("PATH", "")
	fails() // without Node.js
}
