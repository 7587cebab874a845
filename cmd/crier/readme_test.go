package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadme does what the README says, in a copy of the source: from `make run` to a message
// that is seen on the sandbox page. What the transcript shortens with … is taken from what the
// program printed, as a reader would.
func TestReadme(t *testing.T) {
	commands := transcript(t)
	folder := copySource(t)
	printed := makeRun(t, folder, commands["make run"])

	exports := regexp.MustCompile(`(?m)^\s*(export CRIER_.*)$`).FindAllString(printed, -1)
	if len(exports) != 2 {
		t.Fatalf("what was printed has no exports to paste:\n%s", printed)
	}
	paste := strings.Join(exports, "\n") + "\n"

	umid := strings.TrimSpace(shell(t, folder, paste+commands["bin/crier pub"]))
	umid = umid[strings.LastIndexAny(umid, " \n")+1:]
	shell(t, folder, paste+strings.Split(commands["bin/crier status"], "01K")[0]+umid)
	answer := shell(t, folder, paste+commands["curl"])
	if !strings.Contains(answer, `"response":"Message received"`) {
		t.Errorf("curl was answered %s", answer)
	}
	if told := shell(t, folder, paste+roomScript(t, printed)); !strings.Contains(told, "added 2, existing 0, left 0, faulty 0") || !strings.Contains(told, "Its policy is patient, revision 1") {
		t.Errorf("setting up a room printed\n%s", told)
	}

	outbox := regexp.MustCompile(`http://\S+/outbox\b`).FindString(printed)
	eventually(t, busyFor, func() string {
		page := get(t, outbox)
		if n := strings.Count(page, umid); n < 4 {
			return "the outbox does not show the four messages yet"
		}
		if !strings.Contains(page, "Please come on Tuesday 9:00.") || !strings.Contains(page, "a@example.com") {
			return "the outbox does not show what was said, or to whom"
		}
		return ""
	})
}

// transcript gives the commands of the README by how they begin.
func transcript(t *testing.T) map[string]string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		for _, command := range strings.Split(block[1], "$ ")[1:] {
			for _, begin := range []string{"make run", "bin/crier pub", "bin/crier status", "curl"} {
				if strings.HasPrefix(command, begin) && found[begin] == "" {
					found[begin] = withoutAnswer(command)
				}
			}
		}
	}
	if len(found) != 4 {
		t.Fatalf("the README lacks one of its commands; found %v", found)
	}
	return found
}

// roomScript is what the README has an admin do, with the secrets that were printed.
func roomScript(t *testing.T, printed string) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "## Set up a room\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var script strings.Builder
	for _, command := range regexp.MustCompile(`(?m)^\$ (.*\n)`).FindAllStringSubmatch(section, -1) {
		script.WriteString(command[1])
	}
	said := regexp.MustCompile(`(CRIER_CLIENT_ID=\S+) CRIER_CLIENT_SECRET=…`).ReplaceAllStringFunc(script.String(), func(empty string) string {
		id, _, _ := strings.Cut(empty, " ")
		return regexp.MustCompile(regexp.QuoteMeta(id) + ` CRIER_CLIENT_SECRET=\S+`).FindString(printed)
	})
	said = regexp.MustCompile(`(?m)^bin/crier pub .*$`).ReplaceAllString(said, "UMID=$$($0)")
	return strings.ReplaceAll(said, "01KAPX…", "$UMID")
}

// withoutAnswer cuts off what a transcript shows below a command: it goes on only as long as a
// quotation is open.
func withoutAnswer(command string) string {
	var kept []string
	for line := range strings.Lines(command) {
		kept = append(kept, line)
		if strings.Count(strings.Join(kept, ""), "'")%2 == 0 {
			break
		}
	}
	return strings.Join(kept, "")
}

// copySource copies what git would clone, with what is being worked on.
func copySource(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	shell(t, "../..", "git ls-files -co --exclude-standard -z | xargs -0 cp --parents -t "+folder)
	return folder
}

// makeRun starts the gateway in the background and gives what it prints.
func makeRun(t *testing.T, folder, command string) string {
	t.Helper()
	run := exec.Command("bash", "-c", strings.TrimSpace(command)+` ARGS="--api 127.0.0.1:0"`)
	run.Dir = folder
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log tail
	run.Stderr = &log
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(-run.Process.Pid, syscall.SIGTERM); _ = run.Wait() })
	printed := make(chan string, 1)
	go func() {
		var all bytes.Buffer
		for lines := bufio.NewScanner(out); lines.Scan(); {
			all.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "fail on demand") {
				break
			}
		}
		printed <- all.String()
		_, _ = io.Copy(io.Discard, out)
	}()
	select {
	case p := <-printed:
		return p
	case <-time.After(5 * time.Minute):
		t.Fatalf("make run is not ready after five minutes:\n%s", log.String())
		return ""
	}
}

func shell(t *testing.T, folder, script string) string {
	t.Helper()
	c := exec.Command("bash", "-euo", "pipefail", "-c", script)
	c.Dir, c.Env = filepath.Clean(folder), append(os.Environ(), "NO_PROXY=127.0.0.1")
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s\n%v\n%s%s", script, err, out, problems.String())
	}
	return string(out)
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}
