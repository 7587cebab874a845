//go:build crashpoints

package index

import "testing"

// TestCrashBeforeCommit dies after the writes of a transaction and before its commit.
func TestCrashBeforeCommit(t *testing.T) {
	o := testOptions(t)
	for _, point := range []string{"index-write:2", "index-write:9", "index-write:30"} {
		kill(t, o.Path, 0, point)
	}
	checkGoesOn(t, o)
}
