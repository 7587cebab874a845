package drill

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Conditions are what figures cannot be read without.
type Conditions struct {
	Command string // the command line that made them
	Cluster string // what was measured
	Load    string
}

// column is a figure of the report.
type column struct {
	name  string
	value func(Result) (int64, bool) // false where it is not known
	sum   bool                       // of several runs; otherwise the largest
	print func(int64) string
}

func columns() []column {
	known := func(fn func(Result) int64) func(Result) (int64, bool) {
		return func(r Result) (int64, bool) { return fn(r), true }
	}
	maybe := func(fn func(Result) *int) func(Result) (int64, bool) {
		return func(r Result) (int64, bool) {
			if n := fn(r); n != nil {
				return int64(*n), true
			}
			return 0, false
		}
	}
	return []column{
		{"longest publish silence", known(func(r Result) int64 { return r.PublishSilence }), false, seconds},
		{"longest delivery silence", known(func(r Result) int64 { return r.DeliverySilence }), false, seconds},
		{"acknowledged", known(func(r Result) int64 { return int64(r.Acked) }), true, count},
		{"lost", known(func(r Result) int64 { return int64(r.Lost) }), true, count},
		{"duplicated", maybe(func(r Result) *int { return r.Duplicated }), true, count},
		{"redelivered", maybe(func(r Result) *int { return r.Redelivered }), true, count},
		{"longest from receipt to delivery", known(func(r Result) int64 { return r.LongestDelivery }), false, seconds},
		{"healed after", known(func(r Result) int64 { return r.Healed }), false, seconds},
	}
}

func seconds(ms int64) string {
	return strconv.FormatFloat((time.Duration(ms)*time.Millisecond).Seconds(), 'f', 2, 64) + " s"
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// Report writes the results as Markdown: for each fault the worst of its runs, and the distribution where there are
// several.
func Report(w io.Writer, c Conditions, results []Result) error {
	var b strings.Builder
	fmt.Fprintf(&b, "    %s\n\n%s. %s.\n\n", c.Command, c.Cluster, c.Load)
	worst(&b, results)
	if slices.ContainsFunc(results, func(r Result) bool { return r.Run > 1 }) {
		distribution(&b, results)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// worst is a row for each fault: the longest of times, the sums of counts.
func worst(b *strings.Builder, results []Result) {
	head := []string{"fault", "runs"}
	for _, c := range columns() {
		head = append(head, c.name)
	}
	table(b, head)
	for _, name := range faultsOf(results) {
		runs := of(results, name)
		row := []string{name, strconv.Itoa(len(runs))}
		for _, c := range columns() {
			row = append(row, c.worst(runs))
		}
		line(b, row)
	}
}

func (c column) worst(runs []Result) string {
	values := c.values(runs)
	if len(values) == 0 {
		return "–"
	}
	if !c.sum {
		return c.print(slices.Max(values))
	}
	var sum int64
	for _, v := range values {
		sum += v
	}
	return c.print(sum)
}

// values are those that are known, sorted.
func (c column) values(runs []Result) []int64 {
	var values []int64
	for _, r := range runs {
		if v, ok := c.value(r); ok {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	return values
}

// distribution is a row for each fault and figure.
func distribution(b *strings.Builder, results []Result) {
	b.WriteString("\nOf the runs:\n\n")
	table(b, []string{"fault", "figure", "runs", "least", "median", "most"})
	for _, name := range faultsOf(results) {
		for _, c := range columns() {
			values := c.values(of(results, name))
			if n := len(values); n > 0 {
				line(b, []string{name, c.name, strconv.Itoa(n), c.print(values[0]), c.print(median(values)), c.print(values[n-1])})
			}
		}
	}
}

// median of sorted values; of an even number the mean of the two in the middle.
func median(sorted []int64) int64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// faultsOf lists the faults in the order in which they came.
func faultsOf(results []Result) []string {
	var names []string
	for _, r := range results {
		if !slices.Contains(names, r.Fault) {
			names = append(names, r.Fault)
		}
	}
	return names
}

func of(results []Result, fault string) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Fault != fault })
}

func table(b *strings.Builder, head []string) {
	line(b, head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
}

func line(b *strings.Builder, cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
