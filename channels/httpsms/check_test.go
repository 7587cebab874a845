package httpsms_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/govcrier/crier/channels/httpsms"
)

// All faults are told at once, each by its key.
func TestCheck(t *testing.T) {
	const good = "allow: [127.0.0.0/8]\nrequest: {url: 'http://127.0.0.1/send', form: {to: '{{.to}}'}}\n"
	if f := options(t, good).Check(); len(f) > 0 {
		t.Fatal(f)
	}
	open := file(t, "secret")
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	two := file(t, "two\nlines")
	for fault, text := range map[string]string{
		"profile: one of africastalking, twilio, vonage": "profile: pigeon\nrequest: {url: 'https://x.example'}",
		"profile: one of":                                               "profile: ../twilio\nrequest: {url: 'https://x.example'}",
		"request.url: is missing":                                       "from: CLINIC",
		"request.url: there is no value .to":                            "request: {url: 'https://x.example/{{.to}}'}",
		"request.url: has the account in it":                            "request: {url: 'https://x.example/{{.account}}'}",
		"request.url: https, for":                                       "request: {url: 'http://x.example/'}",
		"request.url: an absolute URL":                                  "request: {url: 'https://a:b@x.example/'}",
		"request.form.text: there is no value .body":                    "request: {url: 'https://x.example', form: {text: '{{.body}}'}}",
		"request.form.text: not a template":                             "request: {url: 'https://x.example', form: {text: '{{.text'}}",
		"request.form.text: a template has values and conditions":       "request: {url: 'https://x.example', form: {text: '{{range .text}}{{end}}'}}",
		"request.form.text: a template has values":                      "request: {url: 'https://x.example', form: {text: '{{.}}'}}",
		"request.form.text: printf is not to be had":                    "request: {url: 'https://x.example', form: {text: '{{printf \"%099d\" .text}}'}}",
		"request.form.text: cannot be filled in":                        "request: {url: 'https://x.example', form: {text: '{{if eq .text 1}}x{{end}}'}}",
		"request.json.n: there is no value .text":                       "request: {url: 'https://x.example', json: {n: {$number: '{{.text}}'}}}",
		"request.form.text: a template has no variables":                "request: {url: 'https://x.example', form: {text: '{{$a := .text}}'}}",
		"request.json.a[0].b: there is no value .c":                     "request: {url: 'https://x.example', json: {a: [{b: '{{.c}}'}]}}",
		"request.json.a: maps, lists, texts":                            "request: {url: 'https://x.example', json: {a: 2026-01-01}}",
		"request.headers.X-A: there is no value .text":                  "request: {url: 'https://x.example', headers: {X-A: '{{.text}}'}}",
		"request.headers: \"a b\" is no header":                         "request: {url: 'https://x.example', headers: {a b: x}}",
		"request.contentType: form, yet":                                "request: {url: 'https://x.example', contentType: form, form: {a: b}, json: {a: b}}",
		"request.contentType: form, json, xml":                          "request: {url: 'https://x.example', contentType: yaml}",
		"request.method: GET has no body":                               "request: {url: 'https://x.example', method: GET, form: {a: b}}",
		"request.method: POST, PUT":                                     "request: {url: 'https://x.example', method: BREW}",
		"secretFile: needed for":                                        "request: {url: 'https://x.example', auth: bearer}",
		"request.auth: none":                                            "secretFile: " + file(t, "x") + "\nrequest: {url: 'https://x.example', auth: digest}",
		"secretFile: " + open + " has mode 0644":                        "secretFile: " + open + "\nrequest: {url: 'https://x.example', auth: bearer}",
		"secretFile: " + two + " does not hold one line":                "secretFile: " + two + "\nrequest: {url: 'https://x.example', auth: bearer}",
		"secretFile: open /nowhere":                                     "secretFile: /nowhere\nrequest: {url: 'https://x.example', auth: bearer}",
		"answer.rules[0]: outcome is missing":                           good + "answer: {rules: [{status: [2xx]}]}",
		"answer.rules[1]: status: such as":                              good + "answer: {rules: [{status: [200], outcome: sent}, {status: [2x], outcome: sent}]}",
		"answer.rules[0]: outcome: sent":                                good + "answer: {rules: [{status: [200], outcome: fine}]}",
		"answer.rules[0]: reason: of rejected":                          good + "answer: {rules: [{status: [200], outcome: rejected, reason: quiet-hours}]}",
		"answer.rules[0]: field: not a JSON pointer":                    good + "answer: {rules: [{field: /a~b, outcome: sent}]}",
		"answer.rules[0]: matches: not a regular":                       good + "answer: {rules: [{field: /a, matches: '(', outcome: sent}]}",
		"answer.rules[0]: a status or a field":                          good + "answer: {rules: [{outcome: sent}]}",
		"answer.rules[0]: equals and matches":                           good + "answer: {rules: [{status: [200], equals: [x], outcome: sent}]}",
		"answer.id: a place is":                                         good + "answer: {id: id}",
		"answer.code: not a regular":                                    good + "answer: {code: 'regexp:('}",
		"verify.kind: one of hmac":                                      good + "verify: {kind: trust}",
		"verify.kind: whoever knows the URL":                            good + "receipt: {id: /id, status: /s, statuses: {a: delivered}}",
		"signingFile: needed for verify.kind":                           good + "verify: {kind: query, name: key}\nreceipt: {id: /id, status: /s, statuses: {a: delivered}}",
		"verify.name: the header":                                       good + "verify: {kind: hmac}",
		"verify.name: the parameter":                                    good + "verify: {kind: query, name: token}",
		"verify.over: one of url":                                       good + "verify: {kind: hmac, name: X, over: [body, soul]}",
		"verify.over: has to have body":                                 good + "verify: {kind: hmac, name: X, over: [url]}",
		"verify.stamp: the header":                                      good + "verify: {kind: hmac, name: X, over: [timestamp, body]}",
		"verify.networks: networks such":                                good + "verify: {networks: [10.0.0.1]}",
		"receipt.statuses: what":                                        good + "verify: {networks: [10.0.0.0/8]}\nreceipt: {status: /s}",
		"receipt.statuses.a: delivered, ignored":                        good + "verify: {networks: [10.0.0.0/8]}\nreceipt: {status: /s, statuses: {a: lost}}",
		"inbound: id and from":                                          good + "verify: {networks: [10.0.0.0/8]}\ninbound: {text: /t}",
		"receipt.reply.status: from 200":                                good + "receipt: {reply: {status: 500}}",
		"from: not a valid address":                                     good + "from: a_b",
		"allow: networks such as":                                       "allow: [x]\nrequest: {url: 'https://x.example'}",
		"signingFile: the credential for the provider would come with ": good + "secretFile: " + two[:0] + file(t, "a") + "\nsigningFile: SAME\nverify: {kind: header, name: X}\nreceipt: {status: /s, statuses: {a: delivered}}",
	} {
		o := options(t, text)
		if o.SigningFile == "SAME" {
			o.SigningFile = o.SecretFile
		}
		all := fmt.Sprint(errors.Join(o.Check()...))
		if !strings.Contains(all, "httpsms: "+fault) {
			t.Errorf("no fault %q among\n%s", fault, all)
		}
		if _, err := httpsms.New(o, deps(newTokens())); err == nil {
			t.Errorf("%s: a provider was made", fault)
		}
	}
	many := options(t, "profile: x\nrequest: {method: y, form: {a: '{{.b}}', c: '{{.d}}'}}\nanswer: {id: z}\nverify: {kind: w}").Check()
	if len(many) != 7 {
		t.Errorf("%d faults, want all 7: %v", len(many), many)
	}
}

func TestProfilesAreWithoutFault(t *testing.T) {
	for _, name := range httpsms.Profiles() {
		o := options(t, fmt.Sprintf("profile: %s\naccount: a\nfrom: CLINIC\nsecretFile: %s\nsigningFile: %s", name, file(t, "x"), file(t, "y")))
		if f := o.Check(); len(f) > 0 {
			t.Errorf("%s: %v", name, f)
		}
	}
}
