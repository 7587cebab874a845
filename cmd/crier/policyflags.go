package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

const draftLong = `Draft a policy, or a new revision of one of yours, or change a revision that is not published.

What is not given stays as it is: of a new policy as in the policy standard, of a new revision as in the latest one. Flags
come before what stands in the file. An empty value ("", {} or []) takes a rule away, and so does the number 0 of a flag; in the file it is null.

"crier policy rules" says which rules there are, and "crier policy show NAME REVISION --json" writes such a file.`

// ruleFlags are the rules that can be given.
type ruleFlags struct {
	file       string
	retry      []string
	jitter     float64
	expiry     string
	duplicates string
	unknown    string

	lanes           []string
	segments, bytes int
	transliterate   bool
	check           string
	release         string
	fallback        []string
	zone            string
	quietHours      []string
	frequency       string
	sentIsDelivered []string
	holdAfter       int
	window          string
	history         string
}

func (r *ruleFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&r.file, "file", "", "rules as JSON, - for standard input")
	f.StringSliceVar(&r.retry, "retry", nil, "the waits after attempts 1, 2, …; the last one repeats")
	f.Float64Var(&r.jitter, "jitter", 0, "the share by which a wait may be longer or shorter, 0 to 1")
	f.StringVar(&r.expiry, "expiry", "", "from acceptance until a delivery is given up")
	f.StringVar(&r.duplicates, "duplicates", "", "what is done against sending twice: resend (nothing) or avoid (each attempt is claimed first)")
	f.StringVar(&r.unknown, "unknown", "", "with --duplicates avoid, what follows an attempt of unknown outcome: hold (a person decides) or resend")
	f.StringSliceVar(&r.lanes, "lane", nil, "a lane that may be used, without limits; may be repeated")
	f.IntVar(&r.segments, "segments", 0, "the most parts of an SMS")
	f.IntVar(&r.bytes, "bytes", 0, "the most bytes of a content")
	f.BoolVar(&r.transliterate, "transliterate", false, "SMS are written with the letters of GSM 7 where all of the text then fits")
	f.StringVar(&r.check, "check", "", "the URL of an application that is asked before a message is accepted")
	f.StringVar(&r.release, "release", "", "who lets an emergency go: at-once or two-person")
	f.StringSliceVar(&r.fallback, "fallback", nil, "FROM:AFTER:TO, such as sms:4h:email; may be repeated")
	f.StringVar(&r.zone, "zone", "", "the time zone of quiet hours and dates, such as Asia/Bishkek")
	f.StringSliceVar(&r.quietHours, "quiet-hours", nil, `such as 21:00-08:00 or "sat sun 00:00-24:00"; may be repeated`)
	f.StringVar(&r.frequency, "cap", "", "how many messages reach one person in which time, such as 3/24h")
	f.StringSliceVar(&r.sentIsDelivered, "sent-is-delivered", nil, "a channel where the provider's confirmation is the last word; may be repeated")
	f.IntVar(&r.holdAfter, "hold-after", 0, "failed deliveries of a message after which the rest of it waits for a person")
	f.StringVar(&r.window, "replies-window", "", "how long what a person writes answers the last message to him, such as 48h")
	f.StringVar(&r.history, "history", "", "what becomes of a content afterwards: keep, erase or room")
}

// readOnly are the members of a revision that are no rules.
func readOnly() []string {
	return []string{"name", "revision", "state", "author", "approver", "changedAt"}
}

// rules are those that the command line names, and its file.
func (r *ruleFlags) rules(c *cobra.Command, in io.Reader) (client.Rules, error) {
	rules, err := r.read(in)
	if err != nil {
		return nil, err
	}
	for flag, give := range map[string]func() (name string, value any, err error){
		"retry":             func() (string, any, error) { return "retry", r.retry, nil },
		"jitter":            func() (string, any, error) { return "jitter", r.jitter, nil },
		"expiry":            func() (string, any, error) { return "expiry", r.expiry, nil },
		"duplicates":        func() (string, any, error) { return "duplicates", r.duplicates, nil },
		"unknown":           func() (string, any, error) { return "unknown", r.unknown, nil },
		"lane":              func() (string, any, error) { return "lanes", laneRules(r.lanes), nil },
		"segments":          func() (string, any, error) { return "content", r.content(), nil },
		"bytes":             func() (string, any, error) { return "content", r.content(), nil },
		"transliterate":     func() (string, any, error) { return "content", r.content(), nil },
		"check":             func() (string, any, error) { return "check", urlRule(r.check), nil },
		"release":           func() (string, any, error) { return "release", r.release, nil },
		"fallback":          func() (string, any, error) { return fallbackRules(r.fallback) },
		"zone":              func() (string, any, error) { return "zone", r.zone, nil },
		"quiet-hours":       func() (string, any, error) { return quietRules(r.quietHours) },
		"cap":               func() (string, any, error) { return capRule(r.frequency) },
		"sent-is-delivered": func() (string, any, error) { return "sentIsDelivered", r.sentIsDelivered, nil },
		"hold-after":        func() (string, any, error) { return "holdAfter", orNull(r.holdAfter), nil },
		"replies-window":    func() (string, any, error) { return windowRule(r.window) },
		"history":           func() (string, any, error) { return "history", r.history, nil },
	} {
		if !c.Flags().Changed(flag) {
			continue
		}
		name, value, err := give()
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		rules[name] = value
	}
	return rules, nil
}

func (r *ruleFlags) read(in io.Reader) (client.Rules, error) {
	if r.file == "" {
		return client.Rules{}, nil
	}
	if r.file != "-" {
		f, err := os.Open(r.file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var given map[string]jsontext.Value
	if err := json.UnmarshalRead(in, &given); err != nil {
		return nil, fmt.Errorf("the rules are not one JSON object: %w", err)
	}
	rules := client.Rules{}
	for name, value := range given {
		rules[name] = value
	}
	for _, name := range readOnly() {
		delete(rules, name)
	}
	return rules, nil
}

func (r *ruleFlags) content() any {
	return v1.PolicyContent{Segments: r.segments, Bytes: r.bytes, Transliterate: r.transliterate}
}

// orNull is a number, or what takes it away.
func orNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func laneRules(names []string) any {
	lanes := map[string]struct{}{}
	for _, name := range names {
		if name != "" {
			lanes[name] = struct{}{}
		}
	}
	return lanes
}

func urlRule(url string) any {
	if url == "" {
		return map[string]string{}
	}
	return map[string]string{"url": url}
}

func fallbackRules(texts []string) (string, any, error) {
	rules := []map[string]string{}
	for _, text := range texts {
		parts := strings.Split(text, ":")
		if len(parts) != 3 {
			return "", nil, fmt.Errorf("FROM:AFTER:TO, such as sms:4h:email, not %q", text)
		}
		rules = append(rules, map[string]string{"from": parts[0], "after": parts[1], "to": parts[2]})
	}
	return "fallback", rules, nil
}

func quietRules(texts []string) (string, any, error) {
	rules := []map[string]any{}
	for _, text := range texts {
		q, err := rooms.ParseQuietHours(text)
		if err != nil {
			return "", nil, err
		}
		rule := map[string]any{"from": q.From.String(), "until": q.Until.String()}
		var days []string
		for _, day := range q.Days {
			days = append(days, rooms.Weekdays()[day])
		}
		if days != nil {
			rule["days"] = days
		}
		rules = append(rules, rule)
	}
	return "quietHours", rules, nil
}

func capRule(text string) (string, any, error) {
	if text == "" {
		return "cap", map[string]any{}, nil
	}
	messages, per, ok := strings.Cut(text, "/")
	n, err := strconv.Atoi(messages)
	if !ok || err != nil {
		return "", nil, fmt.Errorf("such as 3/24h, not %q", text)
	}
	return "cap", map[string]any{"messages": n, "per": per}, nil
}

func windowRule(text string) (string, any, error) {
	if text == "" {
		return "replies", map[string]any{}, nil
	}
	return "replies", map[string]any{"window": text}, nil
}
