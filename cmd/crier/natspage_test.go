package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// natsPage is the page for developers of NATS clients.
const natsPage = root + "/deploy/nats.md"

// blocks are the pieces of the page in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	page, err := os.ReadFile(natsPage)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("the page has nothing in %s", language)
	}
	return all
}

// TestNATSPageCommands wants each command of the page to be in the story of the nats command, which is run.
func TestNATSPageCommands(t *testing.T) {
	story, err := os.ReadFile("testdata/script/nats.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks(t, "console") {
		for line := range strings.Lines(block) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
			if ok && !strings.HasPrefix(command, "export ") && !strings.Contains(string(story), "\nexec "+command) {
				t.Errorf("the story lacks: %s", command)
			}
		}
	}
}

// TestNATSPagePrograms runs the programs of the page: each publishes, and gets that message live and from its consumer.
func TestNATSPagePrograms(t *testing.T) {
	program, err := exec.LookPath("crier")
	if err != nil {
		t.Fatal(err)
	}
	g := startGateway(t, program, filepath.Join(t.TempDir(), "store"), "")
	for _, language := range []string{"go", "js"} {
		t.Run(language, func(t *testing.T) {
			reader := client.New(client.Options{Servers: []string{g.API}, Token: client.Static(rooms.NewSecret(g.Token))})
			consumer, err := reader.CreateConsumer(t.Context(), g.Room, v1.NewConsumer{Name: language, Start: v1.Position{From: v1.FromNew}})
			if err != nil {
				t.Fatal(err)
			}
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "main."+language), []byte(blocks(t, language)[0]), 0o600); err != nil {
				t.Fatal(err)
			}
			c := programOf(t, language, folder)
			c.Env = append(os.Environ(), "NATS_URL="+g.NATS, "CONSUMER="+consumer.Consumer, "TOKEN_URL="+g.Issuer+"/oauth/token",
				"CLIENT_ID="+g.ClientID, "CLIENT_SECRET="+g.ClientSecret)
			var said tail
			c.Stdout, c.Stderr = &said, t.Output()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
			eventually(t, busyFor, func() string {
				receipt := regexp.MustCompile(`(?m)^receipt .*"umid":"(\w+)"`).FindStringSubmatch(said.String())
				if receipt == nil {
					return "no receipt in: " + said.String()
				}
				for _, how := range []string{"live", "durable"} {
					if !strings.Contains(said.String(), how+" "+receipt[1]+` {"text":"Please come on Tuesday 9:00."}`) {
						return how + " brought nothing: " + said.String()
					}
				}
				return ""
			})
		})
	}
}

// programOf makes a program of the page runnable with what tests are built and installed with.
func programOf(t *testing.T, language, folder string) *exec.Cmd {
	t.Helper()
	if language == "js" {
		if err := os.Symlink(peerFile(t, peersFolder+"/node_modules"), filepath.Join(folder, "node_modules")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(folder, "main.js"), filepath.Join(folder, "main.mjs")); err != nil {
			t.Fatal(err)
		}
		return exec.Command("node", filepath.Join(folder, "main.mjs"))
	}
	built := filepath.Join(folder, "main")
	if out, err := exec.Command("go", "build", "-o", built, filepath.Join(folder, "main.go")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return exec.Command(built)
}
