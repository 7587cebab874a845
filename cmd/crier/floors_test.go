package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const module = "github.com/govcrier/crier"

// Patterns are those of the go command: "rooms/..." is rooms and whatever is under it.

// floors is the house that crier is, from the ground up. A package stands on the first row that names it. It imports from
// lower floors only, and nothing from its own floor but its own sub-packages, or they it.
var floors = []struct {
	floor    int
	packages []string
	why      string
}{
	{0, []string{"rooms"}, "the words everybody speaks, so they depend on nobody"},
	{0, []string{"rooms/crash"}, "places where tests stop the program, wanted on every floor"},
	{0, []string{"rooms/together"}, "waiting for one answer together, wanted on two floors; it knows nobody"},
	{0, []string{"api/v1"}, "the words of the wire, written from the API's document"},
	{0, []string{"broker/nodecert"}, "certificates for tests and drills, wanted on every floor"},
	{0, []string{"api/servercert"}, "the certificate that a server shows, wanted by those of NATS and of HTTP"},
	{1, []string{"rooms/templates"}, "what a content says to one person, wanted where it is accepted and where it is sent"},
	{1, []string{"rooms/mailkeys/..."}, "the keys to which mail is encrypted, wanted where they are accepted and where they are used"},
	{1, []string{"broker/..."}, "the embedded NATS server: it carries messages and does not know what they mean"},
	{2, []string{"rooms/stream/...", "rooms/vault/...", "rooms/audit/..."}, "the log, sealing and audit: what must never be lost"},
	{1, []string{"channels/lanes"}, "who waits for the same thing, the most urgent first; wanted where calls are made and where rates are kept"},
	{3, []string{"channels/outbound"}, "calls to URLs that others have named, wanted by webhooks and callbacks; it knows neither"},
	{3, []string{"channels/credential"}, "what proves to a provider who we are, read alike by all of them"},
	{0, []string{"channels/channelstest/stub"}, "what stand-ins of providers have in common, which knows no provider"},
	{3, []string{"channels"}, "the contract of providers; it has never heard of any of them"},
	{3, []string{"rooms/..."}, "planning and folding: steps that meet in the log, not in each other"},
	{3, []string{"api/problem"}, "the catalogue of errors, which everything that answers HTTP draws on"},
	{4, []string{"channels/..."}, "one kind of provider each; adding one touches no other"},
	{4, []string{"api/..."}, "HTTP in and out; it has never heard of any provider"},
	{5, []string{"config/..."}, "composes everybody's options, so it sees everybody"},
	{6, []string{"cmd/..."}, "introduces them all to each other"},
}

// onlyStandard imports nothing but Go's own library.
var onlyStandard = []string{"rooms", "rooms/crash", "rooms/together"}

// kept says which packages alone may import something from outside, so that it can be replaced by changing them alone.
var kept = []struct {
	imported string
	by       []string
	why      string
}{
	{"github.com/nats-io/nats-server/...", []string{"broker/...", "rooms/...test"}, "one package boots the server and holds its permissions"},
	{"github.com/nats-io/nats.go/...", []string{"broker/...", "rooms/..."}, "channels and api see jobs and messages as plain values"},
	{"github.com/nalgeon/redka/...", []string{"rooms/index/..."}, "the index can be thrown away and built anew; so can its store"},
	{"modernc.org/...", []string{"rooms/index/..."}, "SQL is a detail of the index"},
	{"database/sql/...", []string{"rooms/index/..."}, "SQL is a detail of the index"},
	{"github.com/cbroglie/mustache/...", []string{"rooms/templates"}, "what of Mustache there is, and its limits, stands in one place"},
	{"github.com/ProtonMail/...", []string{"rooms/mailkeys"}, "what keys are good enough stands in one place"},
	{"github.com/gorilla/mux/...", []string{"api/..."}, "routes belong to HTTP"},
	{"github.com/coreos/go-oidc/...", []string{"api/oidc/..."}, "one package decides whether a token is good"},
}

// folders are all there are at the top: the architecture can be read from a listing.
var folders = []string{"api", "broker", "channels", "cmd", "config", "deploy", "rooms"}

// files are all there are beside them; .git is one in a second working tree.
var files = []string{".editorconfig", ".git", ".gitattributes", ".gitignore", ".golangci.yml", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum"}

func TestEveryPackageStandsOnAFloor(t *testing.T) {
	for _, p := range house(t) {
		if floorOf(p.path) < 0 {
			t.Errorf("%s stands on no floor: give it a row in the table, with the reason", p.path)
		}
	}
}

func TestImportsGoDown(t *testing.T) {
	report(t, importsUp(house(t)))
}

func TestFamiliesImportOneWay(t *testing.T) {
	report(t, importsBothWays(house(t)))
}

func TestWordsNeedOnlyTheStandardLibrary(t *testing.T) {
	report(t, importsNonStandard(house(t)))
}

func TestOutsideLibrariesAreKept(t *testing.T) {
	report(t, importsKept(house(t)))
}

func TestEveryPackageHasAComment(t *testing.T) {
	for _, p := range house(t) {
		if !p.documented {
			t.Errorf("%s has no package comment: say in doc.go, or above the package clause, what it is for", p.path)
		}
	}
}

func TestNothingHappensAtImport(t *testing.T) {
	for _, p := range house(t) {
		for _, file := range p.inits {
			t.Errorf("%s has func init: let main call what has to happen, in an order one can read", file)
		}
	}
}

func TestTopFolders(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strays(entries) {
		t.Errorf("%s at the top; there is room only in %s, and for %s", name, strings.Join(folders, ", "), strings.Join(files, ", "))
	}
	strange := fstest.MapFS{"go.mod": {}, "api/api.go": {}, "bin/crier": {}, "notes.md": {}, "misc/x.go": {}}
	if entries, err = strange.ReadDir("."); err != nil {
		t.Fatal(err)
	}
	if got := strays(entries); !slices.Equal(got, []string{"misc", "notes.md"}) {
		t.Errorf("strays are %q", got)
	}
}

// strays are what has no place at the top.
func strays(entries []fs.DirEntry) (names []string) {
	for _, e := range entries {
		known := slices.Contains(files, e.Name())
		if e.IsDir() {
			known = skipped(e.Name()) || slices.Contains(folders, e.Name())
		}
		if !known {
			names = append(names, e.Name())
		}
	}
	return names
}

// The rules above hold nothing if they cannot fail.
func TestTrespassersAreCaught(t *testing.T) {
	for _, tc := range []struct {
		name string
		rule func([]pkg) []string
		pkgs []pkg
	}{
		{"up", importsUp, []pkg{imports("broker", module+"/rooms/stream")}},
		{"up from the words", importsUp, []pkg{imports("rooms", module+"/rooms/stream")}},
		{"up from the contract", importsUp, []pkg{imports("channels", module+"/channels/email")}},
		{"into main", importsUp, []pkg{imports("config", module+"/cmd/crier")}},
		{"across", importsUp, []pkg{imports("channels/email", module+"/channels/sms")}},
		{"across, one name within the other", importsUp, []pkg{imports("channels/sms", module+"/channels/smsgate")}},
		{"across in a family", importsUp, []pkg{imports("api/console", module+"/api/oidc")}},
		{"both ways", importsBothWays, []pkg{imports("api", module+"/api/oidc"), imports("api/client", module+"/api")}},
		{"words with a dependency", importsNonStandard, []pkg{imports("rooms", "github.com/google/uuid")}},
		{"server in a channel", importsKept, []pkg{imports("channels/channelstest", "github.com/nats-io/nats-server/v2/server")}},
		{"SQL in the API", importsKept, []pkg{imports("api", "database/sql")}},
		{"go-oidc beside its keeper", importsKept, []pkg{imports("api/oidcextra", "github.com/coreos/go-oidc/v3/oidc")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if len(tc.rule(tc.pkgs)) == 0 {
				t.Error("not noticed")
			}
		})
	}
}

func TestNeighboursMayMeet(t *testing.T) {
	for name, pkgs := range map[string][]pkg{
		"down":               {imports("config", module+"/api"), imports("api", module+"/channels", module+"/rooms", module+"/rooms/crash")},
		"own sub-package":    {imports("api", module+"/api/oidc"), imports("api/oidc/oidctest", module+"/api/oidc")},
		"helper of a family": {imports("api", module+"/api/oidc"), imports("api/apitest", module+"/api")},
		"server":             {imports("broker", "github.com/nats-io/nats-server/v2/server", "github.com/nats-io/nats.go")},
		"server in helper":   {imports("rooms/stream/streamtest", "github.com/nats-io/nats-server/v2/server")},
		"index":              {imports("rooms/index", "database/sql", "modernc.org/sqlite", "github.com/nalgeon/redka")},
	} {
		t.Run(name, func(t *testing.T) {
			report(t, slices.Concat(importsUp(pkgs), importsBothWays(pkgs), importsNonStandard(pkgs), importsKept(pkgs)))
		})
	}
}

// Rules

func importsUp(pkgs []pkg) (wrong []string) {
	for _, p := range pkgs {
		for _, other := range p.ours() {
			from, to := floorOf(p.path), floorOf(other)
			if to > from || to == from && !family(p.path, other) {
				wrong = append(wrong, fmt.Sprintf("%s (floor %d) imports %s (floor %d)", p.path, from, other, to))
			}
		}
	}
	return wrong
}

// importsBothWays finds the packages that import some of their sub-packages while others import them. Test helpers do
// not count: nothing that ships depends on them.
func importsBothWays(pkgs []pkg) (wrong []string) {
	up, down := map[string]string{}, map[string]string{}
	for _, p := range pkgs {
		for _, other := range p.ours() {
			switch {
			case strings.HasSuffix(p.path, "test"):
			case under(other, p.path):
				down[p.path] = other
			case under(p.path, other) && floorOf(p.path) == floorOf(other):
				up[other] = p.path
			}
		}
	}
	for parent, child := range down {
		if other, both := up[parent]; both {
			wrong = append(wrong, fmt.Sprintf("%s imports %s, yet %s imports %s: choose one direction", parent, child, other, parent))
		}
	}
	return wrong
}

func importsNonStandard(pkgs []pkg) (wrong []string) {
	for _, p := range pkgs {
		for _, name := range p.imports {
			first, _, _ := strings.Cut(name, "/")
			if slices.Contains(onlyStandard, p.path) && strings.Contains(first, ".") {
				wrong = append(wrong, fmt.Sprintf("%s imports %s; it may import only the standard library", p.path, name))
			}
		}
	}
	return wrong
}

func importsKept(pkgs []pkg) (wrong []string) {
	for _, p := range pkgs {
		for _, name := range p.imports {
			for _, k := range kept {
				if matches(name, k.imported) && !matches(p.path, k.by...) {
					wrong = append(wrong, fmt.Sprintf("%s imports %s; only %s may: %s", p.path, name, strings.Join(k.by, " and "), k.why))
				}
			}
		}
	}
	return wrong
}

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}

// floorOf returns the floor of a package of ours, or -1.
func floorOf(path string) int {
	for _, row := range floors {
		if matches(path, row.packages...) {
			return row.floor
		}
	}
	return -1
}

func family(a, b string) bool { return under(a, b) || under(b, a) }

func under(path, parent string) bool { return strings.HasPrefix(path, parent+"/") }

// matches knows the patterns of the go command.
func matches(path string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		expr := regexp.QuoteMeta(pattern)
		if head, ok := strings.CutSuffix(expr, `/\.\.\.`); ok {
			expr = head + `(/.*)?`
		}
		expr = strings.ReplaceAll(expr, `\.\.\.`, `.*`)
		return regexp.MustCompile("^" + expr + "$").MatchString(path)
	})
}

// Reading the source: all files but tests, whatever their build tags.

const root = "../.."

type pkg struct {
	path       string // within the module
	imports    []string
	inits      []string // files with a func init
	documented bool
}

// imports makes up a package, for testing the rules.
func imports(path string, names ...string) pkg { return pkg{path: path, imports: names} }

// ours are the imports from this module, as paths within it.
func (p pkg) ours() (paths []string) {
	for _, name := range p.imports {
		if inner, ok := strings.CutPrefix(name, module+"/"); ok {
			paths = append(paths, inner)
		}
	}
	return paths
}

func house(t *testing.T) []pkg {
	t.Helper()
	found := map[string]pkg{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != root && (skipped(d.Name()) || isModule(name)):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		return add(found, name)
	})
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	for _, p := range found {
		pkgs = append(pkgs, p)
	}
	slices.SortFunc(pkgs, func(a, b pkg) int { return strings.Compare(a.path, b.path) })
	return pkgs
}

// skipped folders hold nothing of ours: hidden ones, what is built, and what is installed or only read by tests.
func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || slices.Contains([]string{"bin", "node_modules", "testdata"}, folder)
}

// isModule tells whether the folder is a module apart, such as deploy/tools.
func isModule(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, "go.mod"))
	return err == nil
}

// add reads one file into the package it belongs to.
func add(found map[string]pkg, name string) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	inner, err := filepath.Rel(root, name)
	if err != nil {
		return err
	}
	inner = filepath.ToSlash(inner)

	p := found[path.Dir(inner)]
	p.path = path.Dir(inner)
	p.documented = p.documented || strings.TrimSpace(file.Doc.Text()) != ""
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		p.imports = append(p.imports, imported)
	}
	if hasInit(file) && !ast.IsGenerated(file) {
		p.inits = append(p.inits, inner)
	}
	found[p.path] = p
	return nil
}

func hasInit(file *ast.File) bool {
	return slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
		f, ok := d.(*ast.FuncDecl)
		return ok && f.Recv == nil && f.Name.Name == "init"
	})
}
