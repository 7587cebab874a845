package main

import (
	"net"
	"strings"
	"testing"
)

// A port that is taken is said at once, with the flag that takes another one.
func TestDevPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	status, out := runCommand(t.Context(), nil, "dev", "--api", taken.Addr().String())
	if status == 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "address already in use; --api takes another address") {
		t.Errorf("ended with %d:\n%s", status, out)
	}
}
