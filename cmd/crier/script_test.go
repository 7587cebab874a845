package main

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/channels/matrix/matrixtest"
	"github.com/govcrier/crier/channels/telegram/telegramtest"
	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
)

// atOnce is how many parallel tests run at the same time, unless -parallel says otherwise: more than there are cores, since
// most of what they do is to wait.
const atOnce = "3"

func TestMain(m *testing.M) {
	if runtime.GOMAXPROCS(0) < 3 {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"crier": main})
}

// TestScripts runs the real program as the scripts in testdata/script say, and the nats command. Besides the usual commands
// they have
//
//	dev ARGS…              starts `crier dev --json` on a free port, and sets the environment to use it
//	stop                   ends it as an operator would, and wants its exit status to be 0
//	until REGEXP ARGS…     runs the program again and again until its output matches
//	keep NAME              sets a variable to what the last command printed
//	receive NAME           starts an application, sets NAME to its URL, and writes its n-th call to NAME-n.txt, and the latest
//	                       that says that a message is finished to NAME-finished.txt, or has a reply to NAME-replied.txt, or
//	                       what a reply says to NAME-reply.txt; the latest of each path to NAME-at-LAST.txt, LAST being its last segment
//	await FILE             waits until a file is there
//	field NAME FILE VAR    sets a variable to a field of the form in FILE, a call that was received
//	secret JSON            sets ID to the id of a webhook as JSON, and CRIER_WEBHOOK_SECRET to its secret
//	replace OLD NEW FILE   changes a word in a file
//	inbox CONTACT N        waits until a person has got N messages, and sets CODE, CONFIRM and LEAVE to what stands in the latest
//	submit URL FORM        sends a form, and prints status and page
//	mediator METHOD URL [FILE] does so with the token $AS, as the application $CLIENT, by the key $KEY if there is one
//	eventid NAME           sets a variable to the id in what the mediator has answered
//	signing                sets CRIER_WEBHOOK_SECRET to the secret in it
//	http METHOD URL [FILE] [HEADER:VALUE…]
//	                       sends FILE as JSON with $TOKEN, unless that is empty or there are headers, and prints status and body
//	member NAME VAR        sets a variable to a member of the JSON that the last command printed
//	telegram start         starts a Bot API, and sets BOT to its URL and BOT_TOKEN to a file with a token
//	telegram write TEXT    has Aida write to the bot, in chat 4711080815
//	telegram said N        waits until the bot has said N things, prints the latest, and sets CODE to a code that stands there
//	whatsapp start         starts Meta's Cloud API, and sets META to its URL, META_TOKEN, META_SECRET and META_VERIFY to
//	                       files with credentials, and CHALLENGE to the query by which Meta asks whether a URL is the right one
//	whatsapp calls URL     says which URL that is
//	whatsapp write TEXT    has Aida, +996555000111, write to the number
//	whatsapp said N        waits until N messages have been sent, and prints the latest: its text, or its template
//	homeserver USER…       starts one of Matrix, and sets HOMESERVER to its URL
//	person USER DOES TEXT  reads, answers (with a further text) or leaves a message with TEXT in Matrix, or begins with TEXT
func TestScripts(t *testing.T) {
	receivers, err := filepath.Abs("../../deploy/receivers")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"dev": devStart, "stop": devStop, "until": until, "keep": keep, "http": httpSend, "member": member, "receive": receive, "field": formField,
			"secret": secret, "replace": replace, "await": awaitFile, "inbox": inbox, "submit": submit,
			"mediator": mediatorSend, "eventid": eventID, "signing": signing,
			"telegram": telegramScript, "whatsapp": whatsappScript, "homeserver": homeserver, "person": matrixPerson,
		},
		Setup: func(e *testscript.Env) error {
			e.Values[sessionKey{}], e.Values[homeserverKey{}] = new(devProcess), new(*matrixtest.Server)
			e.Setenv("PATH", filepath.Dir(peerFile(t, natsCommand))+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("RECEIVERS", receivers)
			e.Setenv("MAIL", freeAddress(t)) // for a mail server
			e.Defer(e.Values[sessionKey{}].(*devProcess).kill)
			return nil
		},
		RequireUniqueNames: true,
	})
}

type sessionKey struct{}

// devProcess is the gateway of a script.
type devProcess struct {
	cmd  *exec.Cmd
	bot  *telegramtest.Server // of a script that has one
	meta *whatsapptest.Server // also
	at   string               // what meta calls
}

func (p *devProcess) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

func devStart(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value(sessionKey{}).(*devProcess)
	p.cmd = command(ts, append([]string{"dev", "--json", "--api", "127.0.0.1:0"}, args...))
	errs, err := os.Create(ts.MkAbs("dev.log"))
	ts.Check(err)
	p.cmd.Stderr = errs
	out, err := p.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(p.cmd.Start())
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		ts.Fatalf("crier dev ended before it was ready:\n%s", ts.ReadFile("dev.log"))
	}
	var s session
	ts.Check(json.Unmarshal(line, &s))
	for name, value := range map[string]string{
		"CRIER_SERVER": s.API, "CRIER_ISSUER": s.Issuer, "CRIER_CLIENT_ID": s.ClientID, "CRIER_CLIENT_SECRET": s.ClientSecret,
		"NATS_URL": s.NATS, "TOKEN": s.Token, "ADMIN_TOKEN": s.AdminToken, "DPO_TOKEN": s.DPOToken, "OUTBOX": s.Outbox,
	} {
		ts.Setenv(name, value)
	}
}

func devStop(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(sessionKey{}).(*devProcess)
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.cmd.Wait(); err != nil {
		ts.Fatalf("crier dev: %v\n%s", err, ts.ReadFile("dev.log"))
	}
	p.cmd = nil
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	want := regexp.MustCompile("(?m)" + args[0])
	var out []byte
	for deadline := time.Now().Add(busyFor); time.Now().Before(deadline); {
		out, _ = command(ts, args[1:]).CombinedOutput()
		if want.Match(out) {
			fmt.Fprintf(ts.Stdout(), "%s", out)
			return
		}
	}
	ts.Fatalf("no %q within %v; the last output was\n%s", args[0], busyFor, out)
}

func keep(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// command is the program in the folder and environment of the script.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	c := exec.Command("crier", args...)
	c.Dir, c.Env = ts.Getenv("WORK"), environment(ts)
	if path, err := exec.LookPath("crier"); err == nil {
		c.Path = path
	}
	return c
}

func environment(ts *testscript.TestScript) []string {
	env := os.Environ()
	for _, name := range []string{"CRIER_SERVER", "CRIER_ISSUER", "CRIER_CLIENT_ID", "CRIER_CLIENT_SECRET", "CRIER_TOKEN", "CRIER_WEBHOOK_SECRET", "TMPDIR"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// receive answers every call with 200.
func receive(ts *testscript.TestScript, _ bool, args []string) {
	var calls atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var call bytes.Buffer
		_ = r.Header.Write(&call)
		call.WriteString("\r\n")
		_, _ = call.ReadFrom(r.Body)
		_ = os.WriteFile(ts.MkAbs(fmt.Sprintf("%s-%d.txt", args[0], calls.Add(1))), call.Bytes(), 0o600)
		_ = os.WriteFile(ts.MkAbs(args[0]+"-at-"+path.Base(r.URL.Path)+".txt"), call.Bytes(), 0o600)
		if bytes.Contains(call.Bytes(), []byte(`message.replied"`)) {
			_ = os.WriteFile(ts.MkAbs(args[0]+"-replied.txt"), call.Bytes(), 0o600)
		}
		if r.Header.Get("requestUid") != "" {
			_ = os.WriteFile(ts.MkAbs(args[0]+"-reply.txt"), call.Bytes(), 0o600)
		}
		if bytes.Contains(call.Bytes(), []byte(`"finishedAt":"`)) {
			_ = os.WriteFile(ts.MkAbs(args[0]+"-finished.txt"), call.Bytes(), 0o600)
		}
	}))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}

func formField(ts *testscript.TestScript, _ bool, args []string) {
	_, body, _ := strings.Cut(ts.ReadFile(args[1]), "\r\n\r\n")
	form, err := url.ParseQuery(body)
	ts.Check(err)
	ts.Setenv(args[2], form.Get(args[0]))
}

// awaitFile waits until a file is there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(busyFor); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
	}
	ts.Fatalf("no %s within %v", args[0], busyFor)
}

func secret(ts *testscript.TestScript, _ bool, args []string) {
	var w v1.Webhook
	ts.Check(json.Unmarshal([]byte(args[0]), &w))
	ts.Setenv("ID", w.ID)
	ts.Setenv("CRIER_WEBHOOK_SECRET", w.Secret)
}

func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.ReplaceAll(ts.ReadFile(args[2]), args[0], args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

func member(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(`"` + args[0] + `": ?"([^"]*)"`).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("no %s in %s", args[0], ts.ReadFile("stdout"))
	}
	ts.Setenv(args[1], found[1])
}

func httpSend(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 2 && !strings.Contains(args[2], ":") {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	r, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	for _, arg := range args[2:] {
		if name, value, ok := strings.Cut(arg, ":"); ok {
			r.Header.Set(name, value)
		}
	}
	if token := ts.Getenv("TOKEN"); token != "" && len(r.Header) == 0 {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%d %s\n", answer.StatusCode, b.String())
}
