package channelstest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const breakEnv = "CRIER_CHANNELSTEST_BREAK"

// TestModel runs the suite over the model. With the variable set it runs it over a broken one,
// in the process that TestBrokenModels starts.
func TestModel(t *testing.T) { run(t, newModel(os.Getenv(breakEnv))) }

// The suite holds nothing if it cannot fail.
func TestBrokenModels(t *testing.T) {
	if os.Getenv(breakEnv) != "" {
		return
	}
	for broken, part := range map[string]string{
		"content":  "rejects_what_has_no_content",
		"context":  "sends_nothing_once_its_context_has_ended",
		"deadline": "returns_by_its_deadline",
		"leak":     "shows_each_result",
		"reason":   "shows_each_result",
		"wire":     "keeps_line_breaks_off_the_wire",
		"id":       "sends_again",
		"receipts": "brings_receipts",
	} {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			self := exec.Command(os.Args[0], "-test.run=^TestModel$/^"+part+"$")
			self.Env = append(os.Environ(), breakEnv+"="+broken)
			out, err := self.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestModel/"+part) {
				t.Errorf("not noticed: %v\n%s", err, out)
			}
		})
	}
}
