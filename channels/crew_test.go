package channels

import (
	"bytes"
	"log/slog"
	"slices"
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

// Of a policy's providers, those without weight are a reserve, in the order of the policy: for what all others have failed at,
// and for all as long as those are out.
func TestReserveInOrder(t *testing.T) {
	uses := &used{}
	c := newCrew(metrics.NewSet(), rooms.Email, []Configured{provided("a", 1), provided("b", 1), provided("z", 1), provided("y", 1)}, uses, HealthOptions{}.WithDefaults(), slog.New(slog.DiscardHandler))
	routes := []rooms.Route{{Provider: "a", Weight: 1}, {Provider: "gone"}, {Provider: "z"}, {Provider: "y"}, {Provider: "b"}}
	order := func(n int, routes []rooms.Route) (names string) {
		for attempt := 1; attempt <= 4; attempt++ {
			names += first(c, jobOf(n, attempt), routes)
		}
		return names
	}
	each := func(when, want string, routes []rooms.Route) {
		t.Helper()
		for n := range 200 {
			if got := order(n, routes); got != want {
				t.Fatalf("%s: %s, want %s", when, got, want)
			}
		}
	}
	each("in order", "azyb", routes)
	each("the first is not configured", "zyba", append([]rooms.Route{{Provider: "gone", Weight: 1}}, append(slices.Clone(routes[1:]), rooms.Route{Provider: "a"})...))
	uses.set("a", rooms.ProviderPinned, 0)
	each("without a share", "zyba", routes)
	uses.set("a", rooms.ProviderDrained, 100)
	each("drained", "zybz", routes)
}

// A dead provider's deliveries go to the reserve, and come back when it is found well again.
func TestReserveStandsInForTheDead(t *testing.T) {
	o := HealthOptions{}.WithDefaults()
	c := newCrew(metrics.NewSet(), rooms.Email, []Configured{provided("reserve", 1), provided("main", 1)}, unmoved{}, o, slog.New(slog.DiscardHandler))
	routes := []rooms.Route{{Provider: "main", Weight: 1}, {Provider: "reserve"}}
	main := c.members[1].health
	for range o.Failures {
		main.end(main.begin(), Outcome{Result: Deferred}, dead)
	}
	now := time.Now()
	for n := range 50 {
		if m, _, ok := c.choose(jobOf(n, 1), routes, now); !ok || m.Name != "reserve" {
			t.Fatalf("while it is dead, %d goes to %+v", n, m)
		}
	}
	m, _, ok := c.choose(jobOf(50, 1), routes, now.Add(o.Probe+time.Second))
	if !ok || m.Name != "main" {
		t.Fatalf("nobody probes: %+v", m)
	}
	main.end(main.begin(), Outcome{Result: Sent}, alive)
	for n := range 50 {
		if m, _, ok := c.choose(jobOf(n, 1), routes, time.Now()); !ok || m.Name != "main" {
			t.Fatalf("when it is back, %d goes to %+v", n, m)
		}
	}
}
