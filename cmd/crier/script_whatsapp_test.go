package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/govcrier/crier/channels/whatsapp/whatsapptest"
)

// whatsappScript is the Cloud API of a script.
func whatsappScript(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value(sessionKey{}).(*devProcess)
	switch args[0] {
	case "start":
		p.meta = whatsapptest.Start()
		ts.Defer(p.meta.Stop)
		whatsappFiles(ts)
		ts.Setenv("META", p.meta.URL)
		ts.Setenv("CHALLENGE", url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {whatsapptest.Verify}, "hub.challenge": {"1158201444"}}.Encode())
	case "calls":
		p.at = args[1]
		p.meta.CallBack(p.at, false)
	case "write":
		body := whatsapptest.Messages(whatsapptest.Text("wamid."+strconv.FormatInt(time.Now().UnixNano(), 36), "+996555000111", args[1], ""))
		if status := whatsapptest.Call(p.at, body); status != http.StatusOK {
			ts.Fatalf("the call of Meta was answered %d", status)
		}
	case "said":
		said := p.said(ts, args[1])
		fmt.Fprintln(ts.Stdout(), said.Text.Body+said.Template.Name, said.Template.Language.Code, string(said.Template.Components))
	default:
		ts.Fatalf("whatsapp %s is not known", args[0])
	}
}

// whatsappFiles writes the credentials of the number, each into a file that a variable names.
func whatsappFiles(ts *testscript.TestScript) {
	for name, text := range map[string]string{"TOKEN": whatsapptest.Token, "SECRET": whatsapptest.Secret, "VERIFY": whatsapptest.Verify} {
		file := ts.MkAbs("whatsapp." + name)
		ts.Check(os.WriteFile(file, []byte(text+"\n"), 0o600))
		ts.Setenv("META_"+name, file)
	}
}

// said waits until so many messages have been sent, and gives the latest.
func (p *devProcess) said(ts *testscript.TestScript, count string) whatsapptest.Message {
	n, err := strconv.Atoi(count)
	ts.Check(err)
	for deadline := time.Now().Add(20 * time.Second); len(p.meta.Sent()) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("%d messages have been sent, not %d", len(p.meta.Sent()), n)
		}
	}
	all := p.meta.Sent()
	return all[len(all)-1]
}
