package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// requirements are the ids that the page of conformance must have.
var requirements = strings.Fields(`Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 P1 P2 P3 R1 R2 R3 R4 R5
	S1 S2 S3 S4 S5 S6 S7 S8 A1 A2 A3 A4 H1 H2 H3 H4 F1 F2 F3 F4`)

// promise is a row of the page.
type promise struct {
	id, state string
	tests     []string
}

// TestConformancePage holds the page to what is there.
func TestConformancePage(t *testing.T) {
	page, err := os.ReadFile("../../api/CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	known, err := testNames("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(known) < 300 {
		t.Fatalf("only %d tests found", len(known))
	}
	for _, fault := range conformance(string(page), known) {
		t.Error(fault)
	}
}

// TestConformanceFaultsAreCaught holds the check itself: each fault of a page is named.
func TestConformanceFaultsAreCaught(t *testing.T) {
	row := func(id, state, proof string) string {
		return "| " + id + " | promise | where | " + state + " | " + proof + " |\n"
	}
	var good strings.Builder
	for _, id := range requirements {
		good.WriteString(row(id, "done", "`TestA`, `FuzzB`"))
	}
	known := map[string]bool{"TestA": true, "FuzzB": true}
	for fault, page := range map[string]string{
		"":                                 good.String(),
		"F4 is missing":                    strings.Replace(good.String(), "| F4 ", "| F9 ", 1),
		"Q1 stands there 2 times":          good.String() + row("Q1", "not yet", "–"),
		"Q1 names TestC, which is nowhere": strings.Replace(good.String(), "`TestA`", "`TestC`", 1),
		"Q1 is done without a test":        strings.Replace(good.String(), "`TestA`, `FuzzB`", "–", 1),
		"Q1 has the state almost":          strings.Replace(good.String(), "done", "almost", 1),
		"Q1 has the state partly":          strings.Replace(good.String(), "done", "partly", 1),
	} {
		got := conformance(page, known)
		if fault == "" && len(got) > 0 || fault != "" && !slices.Contains(got, fault) {
			t.Errorf("%q: found %q", fault, got)
		}
	}
}

// conformance names the faults of a page.
func conformance(page string, tests map[string]bool) (faults []string) {
	count := map[string]int{}
	for _, p := range promises(page) {
		count[p.id]++
		open := strings.HasPrefix(p.state, "not yet")
		if p.state != "done" && !strings.HasPrefix(p.state, "partly: ") && !open {
			faults = append(faults, p.id+" has the state "+p.state)
		}
		if len(p.tests) == 0 && !open {
			faults = append(faults, p.id+" is "+p.state+" without a test")
		}
		for _, name := range p.tests {
			if !tests[name] {
				faults = append(faults, p.id+" names "+name+", which is nowhere")
			}
		}
	}
	for _, id := range requirements {
		switch n := count[id]; {
		case n == 0:
			faults = append(faults, id+" is missing")
		case n > 1:
			faults = append(faults, fmt.Sprintf("%s stands there %d times", id, n))
		}
		delete(count, id)
	}
	for id := range count {
		faults = append(faults, id+" is no requirement")
	}
	return faults
}

// promises reads the rows of a page's tables.
func promises(page string) (all []promise) {
	id, name := regexp.MustCompile(`^[A-Z]\d+$`), regexp.MustCompile("`((?:Test|Fuzz|Benchmark)\\w+)`")
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 5 || !id.MatchString(strings.TrimSpace(cells[0])) {
			continue
		}
		p := promise{id: strings.TrimSpace(cells[0]), state: strings.TrimSpace(cells[3])}
		for _, m := range name.FindAllStringSubmatch(cells[4], -1) {
			p.tests = append(p.tests, m[1])
		}
		all = append(all, p)
	}
	return all
}

// testNames are the tests, fuzz targets and benchmarks of all packages below a folder.
func testNames(root string) (map[string]bool, error) {
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && (f.Recv == nil || isTest(f)) {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	return names, err
}

// isTest says whether a method is a test of several that share what they are methods of.
func isTest(method *ast.FuncDecl) bool {
	all := method.Type.Params.List
	if len(all) != 1 || !strings.HasPrefix(method.Name.Name, "Test") {
		return false
	}
	pointer, ok := all[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	of, ok := pointer.X.(*ast.SelectorExpr)
	return ok && of.Sel.Name == "T"
}
