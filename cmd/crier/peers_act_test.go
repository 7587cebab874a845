package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/sync/errgroup"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// act is one peer's way through the scenario.
type act struct {
	*testing.T
	*stage
	peer    peer
	connect func(*testing.T) peer
	known   map[string]string
}

// play does all steps.
func (a *act) play(scenario string) {
	a.Helper()
	lines := strings.Split(scenario, "\n")
	for i := 0; i < len(lines); {
		step := lines[i]
		var want []string
		for i++; i < len(lines) && strings.HasPrefix(lines[i], "  "); i++ {
			want = append(want, strings.TrimSpace(lines[i]))
		}
		if step != "" {
			a.step(a.fill(step, func(s string) string { return s }), want)
		}
	}
}

// fill puts in what is known.
func (a *act) fill(text string, quote func(string) string) string {
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(a.known))) {
		text = strings.ReplaceAll(text, "$"+name, quote(a.known[name]))
	}
	return text
}

// step does one, and looks at what it gives. What was not refused, and gave nothing, gave the empty text.
func (a *act) step(step string, want []string) {
	a.Helper()
	verb, rest, _ := strings.Cut(step, " ")
	got, err := a.do(verb, rest)
	if errors.Is(err, errRefused) {
		got, err = errRefused.Error(), nil
	}
	if err != nil {
		a.Fatalf("%s: %v", step, err)
	}
	if len(want) == 0 && got == errRefused.Error() {
		a.Fatalf("%s: %s", step, got)
	}
	for _, w := range want {
		e := regexp.MustCompile("(?m)" + a.fill(w, regexp.QuoteMeta))
		found := e.FindStringSubmatch(got)
		if found == nil {
			a.Fatalf("%s\ngave\n%s\nwhich does not match %s", step, got, e)
		}
		for i, name := range e.SubexpNames() {
			if name != "" {
				a.known[name] = found[i]
			}
		}
	}
}

func (a *act) do(verb, rest string) (string, error) {
	switch verb {
	case "listen":
		return "", a.peer.listen(rest)
	case "hear":
		return a.hear(rest)
	case "consumer":
		name, start, _ := strings.Cut(rest, " ")
		return "", a.createConsumer(name, start)
	case "connect":
		a.peer.close()
		a.peer = a.connect(a.T)
		return "", nil
	case "publish":
		return "", a.publish(rest)
	case "read":
		return a.read(strings.Fields(rest))
	case "request":
		subject, body, _ := strings.Cut(rest, " ")
		m, err := a.peer.request(subject, body)
		return m.String(), err
	}
	return "", fmt.Errorf("there is no step %q", verb)
}

// hear hears so many, by default one, and gives the last.
func (a *act) hear(count string) (last string, err error) {
	for range countOf(a.T, cmp.Or(count, "1")) {
		m, err := a.peer.hear()
		if err != nil {
			return "", err
		}
		last = m.String()
	}
	return last, nil
}

// createConsumer knows it from then on by its name in capitals.
func (a *act) createConsumer(name, start string) error {
	n := v1.NewConsumer{Name: strings.ToLower(name)}
	if err := json.Unmarshal([]byte(start), &n.Start); err != nil {
		return err
	}
	c, err := a.caller().CreateConsumer(a.Context(), a.known["ROOM"], n)
	a.known[name] = c.Consumer
	if c.Stream != "ROOMS" || c.APIPrefix != "JS.crier.API" {
		a.Errorf("a consumer is in stream %q, under %q", c.Stream, c.APIPrefix)
	}
	return err
}

// caller calls the API as the peer's client.
func (a *act) caller() *client.Client {
	return client.New(client.Options{Servers: []string{a.gateway.API}, Token: client.Static(rooms.NewSecret(a.gateway.Token))})
}

// publish publishes so many messages, several at once.
func (a *act) publish(count string) error {
	c := a.caller()
	var all errgroup.Group
	all.SetLimit(32)
	for i := range countOf(a.T, count) {
		all.Go(func() error {
			_, err := c.Publish(a.Context(), a.known["ROOM"], v1.Publish{
				TransactionID: fmt.Sprintf("%s-many-%d", a.known["ROOM"], i), Type: "reminder", Content: v1.Content{Text: "one of many"},
			})
			return err
		})
	}
	return all.Wait()
}

// read gives how many came, each once and in the order of the log, and the last of them.
func (a *act) read(words []string) (string, error) {
	all, err := a.peer.read(words[0], words[1], countOf(a.T, words[2]))
	if err != nil || len(all) == 0 {
		return "0 in order", err
	}
	for i := 1; i < len(all); i++ {
		if all[i].Sequence <= all[i-1].Sequence {
			return "", fmt.Errorf("message %d comes after %d", all[i].Sequence, all[i-1].Sequence)
		}
	}
	return fmt.Sprintf("%d in order\n%s", len(all), all[len(all)-1]), nil
}

func countOf(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
