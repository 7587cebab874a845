package index

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		foldUntilKilled(path)
	}
	// redka's sweeper waits for ever on a ticker that DB.Close stops; it holds no file.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nalgeon/redka.(*DB).startBgManager.func1"))
}
