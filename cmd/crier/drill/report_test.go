package drill

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

func whole(n int) *int { return &n }

func report(t *testing.T, results ...Result) string {
	t.Helper()
	var b strings.Builder
	c := Conditions{Command: "crier drill --runs 3", Cluster: "Three nodes", Load: "200 a second"}
	if err := Report(&b, c, results); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func has(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l+"\n") {
			t.Errorf("no line %s in\n%s", l, text)
		}
	}
}

func TestReportOfOneRun(t *testing.T) {
	text := report(t, Result{
		Fault: "hang", Run: 1, PublishSilence: 1234, DeliverySilence: 2000, Acked: 5000, Lost: 1,
		Duplicated: whole(2), Redelivered: whole(3), Healed: 400, LongestDelivery: 31000,
	})
	has(t, text,
		"    crier drill --runs 3", "Three nodes. 200 a second.",
		"| hang | 1 | 1.23 s | 2.00 s | 5000 | 1 | 2 | 3 | 31.00 s | 0.40 s |")
	if strings.Contains(text, "median") {
		t.Errorf("one run has no distribution:\n%s", text)
	}
}

func TestReportOfSeveralRuns(t *testing.T) {
	run := func(n int, silence int64, acked, duplicated int) Result {
		return Result{Fault: "hang", Run: n, PublishSilence: silence, Acked: acked, Duplicated: whole(duplicated), Redelivered: whole(0)}
	}
	text := report(t, run(1, 3000, 10, 0), Result{Fault: "rolling", Run: 1}, run(2, 1000, 20, 5), run(3, 1500, 30, 1), run(4, 2000, 40, 0))
	has(t, text,
		"| hang | 4 | 3.00 s | 0.00 s | 100 | 0 | 6 | 0 | 0.00 s | 0.00 s |",
		"| rolling | 1 | 0.00 s | 0.00 s | 0 | 0 | – | – | 0.00 s | 0.00 s |",
		"| hang | longest publish silence | 4 | 1.00 s | 1.75 s | 3.00 s |",
		"| hang | acknowledged | 4 | 10 | 25 | 40 |")
	if strings.Contains(text, "| rolling | duplicated |") {
		t.Errorf("what is not known has no distribution:\n%s", text)
	}
}

// The names of the members are promised.
func TestResultAsJSON(t *testing.T) {
	text, err := json.Marshal(Result{Fault: "kill-leader", Run: 1, Duplicated: whole(0)})
	if err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{
		`"fault":"kill-leader"`, `"publishSilenceMs":0`, `"deliverySilenceMs":0`, `"acked":0`, `"lost":0`, `"duplicated":0`,
		`"redelivered":null`, `"healedMs":0`, `"maxDeliveryLatencyMs":0`,
	} {
		if !strings.Contains(string(text), member) {
			t.Errorf("no %s in %s", member, text)
		}
	}
}
