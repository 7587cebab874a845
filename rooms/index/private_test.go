package index

import (
	"os"
	"path/filepath"
	"testing"
)

// The folder may be one that was there before, and open to others: the files are not.
func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	o := testOptions(t)
	open(t, o) // which writes, so that there is a -wal too
	files, err := filepath.Glob(o.Path + "*")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", filepath.Base(f), info.Mode(), err)
		}
	}
}
