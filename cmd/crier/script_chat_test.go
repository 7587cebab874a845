package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/govcrier/crier/channels/telegram/telegramtest"
)

// telegramScript is the Bot API of a script.
func telegramScript(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value(sessionKey{}).(*devProcess)
	switch args[0] {
	case "start":
		p.bot = telegramtest.Start()
		ts.Defer(p.bot.Stop)
		file := ts.MkAbs("bot.token")
		ts.Check(os.WriteFile(file, []byte(telegramtest.Token+"\n"), 0o600))
		ts.Setenv("BOT", p.bot.URL)
		ts.Setenv("BOT_TOKEN", file)
	case "write":
		p.bot.Write(aidasChat, args[1], 0)
	case "said":
		count, err := strconv.Atoi(args[1])
		ts.Check(err)
		for deadline := time.Now().Add(busyFor); len(p.bot.Sent()) < count; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				ts.Fatalf("the bot has said %d things, not %d", len(p.bot.Sent()), count)
			}
		}
		all := p.bot.Sent()
		said := all[len(all)-1].Text
		if code := regexp.MustCompile("[2-9A-Z]{4}-[2-9A-Z]{4}").FindString(said); code != "" {
			ts.Setenv("CODE", code)
		}
		fmt.Fprintln(ts.Stdout(), said)
	default:
		ts.Fatalf("telegram %s is not known", args[0])
	}
}
