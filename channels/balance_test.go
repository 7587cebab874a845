package channels

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/govcrier/crier/rooms"
)

// moves moves the factors of two providers step by step, as nodes report, and gives those of the first with the reasons.
func moves(steps []rooms.ProviderReport, beside rooms.ProviderReport) (line string, last rooms.ProviderUse) {
	o := BalanceOptions{}.WithDefaults()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	uses := map[string]rooms.ProviderUse{"a": rooms.UnmovedProvider(rooms.SMS, "a"), "b": rooms.UnmovedProvider(rooms.SMS, "b")}
	for _, r := range steps {
		now = now.Add(o.Every)
		r.Channel, r.Name, r.Use = rooms.SMS, "a", uses["a"].Entry
		beside.Channel, beside.Name, beside.Use = rooms.SMS, "b", uses["b"].Entry
		reports := []rooms.ProviderReport{r, beside}
		for _, u := range o.decide([]standing{stand(uses["a"], reports), stand(uses["b"], reports)}, now) {
			u.Entry++
			uses[u.Name] = u
		}
		line += fmt.Sprintf(" %d", uses["a"].Factor)
	}
	return strings.TrimSpace(line), uses["a"]
}

func TestWeightsMove(t *testing.T) {
	well := rooms.ProviderReport{Calls: 100, Quiet: 3600}
	ill := rooms.ProviderReport{Calls: 100, Failed: 12}
	slow := rooms.ProviderReport{Calls: 100, Slow: 60}
	few := rooms.ProviderReport{Calls: 9, Failed: 9}
	silent := rooms.ProviderReport{Open: true}
	soon := rooms.ProviderReport{Calls: 100, Quiet: 119}
	for _, tc := range []struct {
		name   string
		steps  []rooms.ProviderReport
		beside rooms.ProviderReport
		want   string
		reason string
	}{
		{"all is well", []rooms.ProviderReport{well, well}, well, "100 100", ""},
		{"down by half, never below the floor", []rooms.ProviderReport{ill, ill, ill, ill, ill, ill}, well, "50 25 12 6 5 5", "12 of 100 calls failed"},
		{"up again after a time", []rooms.ProviderReport{ill, soon, well, well, well, well, well, well}, well, "50 50 60 70 80 90 100 100", "nothing wrong for 2m0s"},
		{"slow", []rooms.ProviderReport{slow}, well, "50", "60 of 100 calls slow"},
		{"all are slow", []rooms.ProviderReport{slow, slow}, slow, "100 100", ""},
		{"all are ill", []rooms.ProviderReport{ill, ill}, ill, "100 100", ""},
		{"too little is known", []rooms.ProviderReport{few, few}, well, "100 100", ""},
		{"dead", []rooms.ProviderReport{silent, silent}, well, "50 25", "no answer on 1 of 1 nodes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, last := moves(tc.steps, tc.beside)
			if got != tc.want || last.Reason != tc.reason {
				t.Errorf("%s, %q; want %s, %q", got, last.Reason, tc.want, tc.reason)
			}
			if last.Entry > 1 && (len(last.Changes) != int(last.Entry)-1 || last.Changes[0].Reason == "") {
				t.Errorf("what was before: %+v", last.Changes)
			}
		})
	}
}

// What people have pinned or drained stays, a step comes after a time, and what was counted before the last change does not
// count again.
func TestWeightsStay(t *testing.T) {
	o := BalanceOptions{}.WithDefaults()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	use := func(name string, s rooms.ProviderState, ago time.Duration) rooms.ProviderUse {
		return rooms.ProviderUse{Channel: rooms.SMS, Name: name, ProviderChange: rooms.ProviderChange{State: s, Factor: 80, At: now.Add(-ago)}, Entry: 7}
	}
	bad := []rooms.ProviderReport{{Channel: rooms.SMS, Name: "a", Use: 7, Calls: 50, Failed: 50}, {Channel: rooms.SMS, Name: "b", Use: 7, Calls: 50, Quiet: 60}}
	before := []rooms.ProviderReport{{Channel: rooms.SMS, Name: "a", Use: 6, Calls: 50, Failed: 50}}
	for _, tc := range []struct {
		name    string
		use     rooms.ProviderUse
		reports []rooms.ProviderReport
		moved   int
	}{
		{"running", use("a", rooms.ProviderRunning, time.Minute), bad, 1},
		{"pinned", use("a", rooms.ProviderPinned, time.Minute), bad, 0},
		{"drained", use("a", rooms.ProviderDrained, time.Minute), bad, 0},
		{"moved a moment ago", use("a", rooms.ProviderRunning, 9*time.Second), bad, 0},
		{"counted before", use("a", rooms.ProviderRunning, time.Minute), before, 0},
	} {
		other := use("b", rooms.ProviderRunning, time.Minute)
		if got := o.decide([]standing{stand(tc.use, tc.reports), stand(other, bad)}, now); len(got) != tc.moved {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
}

func TestChangesRemembered(t *testing.T) {
	u := rooms.UnmovedProvider(rooms.SMS, "a")
	for n := range 30 {
		u = u.With(rooms.ProviderChange{State: rooms.ProviderPinned, Factor: n})
		u.Entry++
	}
	if len(u.Changes) != 20 || u.Factor != 29 || u.Changes[0].Factor != 28 || u.Changes[19].Factor != 9 {
		t.Errorf("%d changes: %+v", len(u.Changes), u)
	}
}

// What one node sees of a provider moves its weight although another node holds the lease; and when it is moved, all count
// anew.
func TestWhatAnotherNodeSeesMovesAWeight(t *testing.T) {
	r, uses := newRig(t), &used{}
	bridge := func(node string) *Bridge {
		d := r.deps(nil)
		d.Metrics, d.Reports, d.Node, d.Uses = metrics.NewSet(), r.log, node, uses
		d.Providers = map[rooms.Channel][]Configured{rooms.Email: {{Named: Named{"a", always(Outcome{})}, Weight: 1}, {Named: Named{"b", always(Outcome{})}, Weight: 1}}}
		return New(Options{}, d)
	}
	sees, holds := bridge("n1"), bridge("n2")
	a, err := sees.member(rooms.Email, "a")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		s := alive
		if n%4 == 0 {
			s = unwell
		}
		a.health.end(a.health.begin(), Outcome{Result: Deferred}, s)
	}
	sees.look(t.Context())
	holds.look(t.Context())
	holds.move(t.Context())
	if u := uses.Of(rooms.Email, "a"); u.Factor != 50 || u.Reason != "5 of 20 calls failed" || u.State != rooms.ProviderRunning {
		t.Errorf("%+v", u)
	}
	if u := uses.Of(rooms.Email, "b"); u.Entry != 0 {
		t.Errorf("the other one: %+v", u)
	}
	sees.look(t.Context())
	if report := sees.reports(); report[0].Use == 0 && report[0].Name == "a" && report[0].Channel == rooms.Email {
		t.Errorf("counted under the former use: %+v", report)
	}
}
