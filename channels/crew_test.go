package channels

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

func weights(log *slog.Logger, of ...Configured) *crew {
	return newCrew(metrics.NewSet(), rooms.Email, of, unmoved{}, HealthOptions{}, log)
}

// first is the provider whose turn an attempt is.
func first(c *crew, j rooms.Job, routes []rooms.Route) string {
	m, _, _ := c.choose(j, routes, time.Now())
	return m.Name
}

func provided(name string, weight int) Configured {
	return Configured{Named: Named{name, always(Outcome{Result: Sent})}, Weight: weight}
}

func jobOf(n, attempt int) rooms.Job {
	return rooms.Job{UMID: testUMID, N: n, Channel: rooms.Email, Attempt: attempt}
}

// Of many deliveries each provider gets the first attempts by its weight; the next attempt goes to another one, and the
// same attempt to the same one.
func TestProvidersByWeight(t *testing.T) {
	c := weights(slog.New(slog.DiscardHandler), provided("large", 70), provided("small", 30), provided("reserve", 0))
	count := map[string]int{}
	const all = 20_000
	for n := range all {
		var turns []string
		for attempt := 1; attempt <= 4; attempt++ {
			name := first(c, jobOf(n, attempt), nil)
			if again := first(c, jobOf(n, attempt), nil); again != name {
				t.Fatalf("attempt %d of %d goes to %s, then to %s", attempt, n, name, again)
			}
			turns = append(turns, name)
		}
		count[turns[0]]++
		if turns[0] == turns[1] || turns[2] != "reserve" || turns[3] != turns[0] {
			t.Fatalf("the attempts of %d go to %v", n, turns)
		}
		moved := jobOf(n, 5)
		moved.Moved = 5
		if name := first(c, moved, nil); name != turns[0] {
			t.Fatalf("%d, moved here, goes to %s first, others to %s", n, name, turns[0])
		}
	}
	if share := float64(count["large"]) / all; share < 0.68 || share > 0.72 || count["reserve"] > 0 {
		t.Errorf("of %d: %v", all, count)
	}
}

func TestProvidersThatAPolicyNames(t *testing.T) {
	var logged bytes.Buffer
	c := weights(slog.New(slog.NewTextHandler(&logged, nil)), provided("a", 1), provided("b", 0), provided("c", 0))
	for n := range 200 {
		if name := first(c, jobOf(n, 1), []rooms.Route{{Provider: "gone", Weight: 99}, {Provider: "b", Weight: 1}}); name != "b" {
			t.Fatalf("went to %s", name)
		}
	}
	if warnings := strings.Count(logged.String(), "WARN"); warnings != 1 || !strings.Contains(logged.String(), "provider=gone") {
		t.Errorf("%d warnings:\n%s", warnings, logged.String())
	}
	equal := map[string]int{}
	for n := range 2000 {
		equal[first(c, jobOf(n, 1), []rooms.Route{{Provider: "a"}, {Provider: "c"}})]++
	}
	if equal["a"] < 850 || equal["c"] < 850 {
		t.Errorf("without weights: %v", equal)
	}
	if name := first(c, jobOf(1, 1), []rooms.Route{{Provider: "gone"}}); name != "none" {
		t.Errorf("with none left it went to %s", name)
	}
	if name := first(weights(slog.New(slog.DiscardHandler)), jobOf(1, 1), nil); name != "none" {
		t.Errorf("without any it went to %s", name)
	}
}
