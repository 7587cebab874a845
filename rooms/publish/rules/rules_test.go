package rules

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/publish"
)

// asker answers as it is told, and keeps what it was asked.
type asker struct {
	status int
	answer string
	err    error
	slow   time.Duration
	asked  []string
}

func (a *asker) Ask(ctx context.Context, to rooms.Address, id string, body []byte) (int, []byte, error) {
	a.asked = append(a.asked, to.Reveal()+" "+id+" "+string(body))
	select {
	case <-time.After(a.slow):
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	return a.status, []byte(a.answer), a.err
}

func address(t *testing.T, parse func(string) (rooms.Address, error), s string) rooms.Address {
	t.Helper()
	a, err := parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func message(t *testing.T) publish.Request {
	t.Helper()
	return publish.Request{Client: "hosp-7", Room: "newborn", Type: "reminder", Lane: rooms.Normal, Content: []byte(`{"subject":"S","sms":"abc"}`), TransactionID: "t",
		Direct: true, Recipients: []rooms.Contact{{Channel: rooms.SMS, Address: address(t, rooms.ParsePhone, "+996555000111")}}}
}

// said is the kind of a refusal with its pointers, "" if there is none.
func refused(err error) string {
	var r *Refusal
	if !errors.As(err, &r) {
		if err != nil {
			return "another error: " + err.Error()
		}
		return ""
	}
	words := []string{strings.TrimPrefix(r.Error(), "rules: ")}
	for _, f := range r.Faults {
		words = append(words, f.Pointer)
	}
	return strings.Join(words, " ")
}

func TestWhatAPolicyLetsIn(t *testing.T) {
	schema := []byte(`{"required":["sms"],"properties":{"sms":{"maxLength":3}}}`)
	lanes := func(all ...rooms.Lane) map[rooms.Lane]rooms.Quota {
		out := map[rooms.Lane]rooms.Quota{}
		for _, l := range all {
			out[l] = rooms.Quota{}
		}
		return out
	}
	email := rooms.Contact{Channel: rooms.Email, Address: address(t, rooms.ParseEmail, "a@example.org")}
	both := email
	both.Others = []rooms.Endpoint{{Channel: rooms.SMS}}
	long := `{"text":"` + strings.Repeat("a", 161) + `"}`
	for name, tc := range map[string]struct {
		rules rooms.PolicyRules
		with  func(*publish.Request)
		want  string
	}{
		"no rules":           {rooms.PolicyRules{}, nil, ""},
		"its lane":           {rooms.PolicyRules{Lanes: lanes(rooms.Bulk, rooms.Normal)}, nil, ""},
		"another lane":       {rooms.PolicyRules{Lanes: lanes(rooms.Bulk)}, nil, "the policy does not have this lane /lane"},
		"its type":           {rooms.PolicyRules{Types: []rooms.MessageType{{Type: "news"}, {Type: "reminder"}}}, nil, ""},
		"another type":       {rooms.PolicyRules{Types: []rooms.MessageType{{Type: "news"}}}, nil, "the policy does not have this type /type"},
		"its schema":         {rooms.PolicyRules{Types: []rooms.MessageType{{Type: "reminder", Schema: schema}}}, nil, ""},
		"not as schema":      {rooms.PolicyRules{Types: []rooms.MessageType{{Type: "reminder", Schema: schema}}}, func(r *publish.Request) { r.Content = []byte(`{"sms":"abcd"}`) }, "the content is not as its type's schema says /content/sms"},
		"bytes":              {rooms.PolicyRules{Content: rooms.ContentLimits{Bytes: 27}}, nil, ""},
		"too many bytes":     {rooms.PolicyRules{Content: rooms.ContentLimits{Bytes: 26}}, nil, "the content is longer than the policy allows /content"},
		"segments":           {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, nil, ""},
		"too many segments":  {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content = []byte(`{"sms":"` + strings.Repeat("ж", 71) + `"}`) }, "the content is longer than the policy allows /content/sms"},
		"transliterated":     {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1, Transliterate: true}}, func(r *publish.Request) { r.Content = []byte(`{"sms":"` + strings.Repeat("“ő”", 40) + `"}`) }, ""},
		"not transliterated": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content = []byte(`{"sms":"` + strings.Repeat("“ő”", 40) + `"}`) }, "the content is longer than the policy allows /content/sms"},
		"of a text":          {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content = []byte(long) }, "the content is longer than the policy allows /content/text"},
		"in another language": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Content = []byte(`{"sms":"x","languages":{"ky":{"sms":"` + strings.Repeat("a", 161) + `"}}}`)
		}, "the content is longer than the policy allows /content/languages/ky/sms"},
		"in another place": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Content = []byte(`{"sms":"x","places":[{"audience":{"district":["a"]},"sms":"y"},{"audience":{"district":["b"]},"sms":"` + strings.Repeat("a", 161) + `"}]}`)
		}, "the content is longer than the policy allows /content/places/1/sms"},
		"what is said to one": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Content, r.Direct, r.Recipients = []byte(`{"sms":"{{word}}","mustache":true}`), true, []rooms.Contact{
				{Channel: rooms.SMS, Values: map[string]rooms.Body{"word": rooms.NewBody("short")}},
				{Channel: rooms.SMS, Values: map[string]rooms.Body{"word": rooms.NewBody(strings.Repeat("a", 161))}}}
		}, "the content is longer than the policy allows /recipients/1"},
		"a drill": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Exercise, r.Content = true, []byte(`{"sms":"`+strings.Repeat("a", 155)+`"}`)
		}, "the content is longer than the policy allows /content/sms"},
		"a short drill": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Exercise, r.Content = true, []byte(`{"sms":"`+strings.Repeat("a", 153)+`"}`)
		}, ""},
		"a drill too long for an SMS": {rooms.PolicyRules{}, func(r *publish.Request) {
			r.Exercise, r.Content = true, []byte(`{"sms":"`+strings.Repeat("a", 1530)+`"}`)
		}, "the content is longer than the policy allows /content"},
		"a drill said to one": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) {
			r.Exercise, r.Content, r.Recipients = true, []byte(`{"sms":"{{word}}","mustache":true}`), []rooms.Contact{
				{Channel: rooms.SMS, Values: map[string]rooms.Body{"word": rooms.NewBody(strings.Repeat("a", 155))}}}
		}, "the content is longer than the policy allows /recipients/0"},
		"two segments":   {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 2}}, func(r *publish.Request) { r.Content = []byte(long) }, ""},
		"nobody's SMS":   {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content, r.Recipients = []byte(long), []rooms.Contact{email} }, ""},
		"somebody's SMS": {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content, r.Recipients = []byte(long), []rooms.Contact{email, both} }, "the content is longer than the policy allows /content/text"},
		"subscribers":    {rooms.PolicyRules{Content: rooms.ContentLimits{Segments: 1}}, func(r *publish.Request) { r.Content, r.Recipients, r.Direct = []byte(long), nil, false }, "the content is longer than the policy allows /content/text"},
	} {
		m := message(t)
		if tc.with != nil {
			tc.with(&m)
		}
		r := Rules{Drill: "DRILL"} // asks nobody, or panics
		for range 2 {
			if got := refused(r.Check(t.Context(), rooms.Policy{PolicyRules: tc.rules}, m, "id")); got != tc.want {
				t.Errorf("%s: %q, want %q", name, got, tc.want)
			}
		}
	}
}

// Each revision has its own schemas, and there is an end to how many are at hand.
func TestSchemasAreOfTheirRevision(t *testing.T) {
	var r Rules
	m := message(t)
	policy := func(n int, schema string) rooms.Policy {
		return rooms.Policy{Revision: rooms.Revision{Name: "p", Revision: n}, PolicyRules: rooms.PolicyRules{Types: []rooms.MessageType{{Type: "reminder", Schema: []byte(schema)}}}}
	}
	for n := range maxSchemas + 10 {
		want := ""
		p := policy(n, `true`)
		if n%2 == 1 {
			want, p = "the content is not as its type's schema says /content", policy(n, `false`)
		}
		if got := refused(r.Check(t.Context(), p, m, "id")); got != want {
			t.Fatalf("revision %d: %q, want %q", n, got, want)
		}
	}
	if len(r.schemas) > maxSchemas {
		t.Errorf("%d schemas at hand", len(r.schemas))
	}
}

func TestWhatACheckAnswers(t *testing.T) {
	asks := rooms.Policy{PolicyRules: rooms.PolicyRules{Check: rooms.ExternalCheck{URL: address(t, rooms.ParseURL, "https://check.example.org/"), Timeout: time.Second}}}
	const no, silent = "the check has refused the message", "the check has not answered"
	for name, tc := range map[string]struct {
		asker asker
		want  string
	}{
		"accepted":       {asker{status: 200, answer: `{"accept":true}`}, ""},
		"refused":        {asker{status: 200, answer: `{"accept":false}`}, no},
		"with reasons":   {asker{status: 200, answer: `{"accept":false,"errors":[{"pointer":"/content/text","detail":"a"},{"detail":"b"},{"pointer":"x","detail":"c"}]}`}, no + " /content/text  "},
		"created":        {asker{status: 201, answer: `{"accept":true}`}, silent},
		"an error":       {asker{status: 503, answer: `{"accept":true}`}, silent},
		"no verdict":     {asker{status: 200, answer: `{}`}, silent},
		"another type":   {asker{status: 200, answer: `{"accept":"true"}`}, silent},
		"not JSON":       {asker{status: 200, answer: `yes`}, silent},
		"accepted twice": {asker{status: 200, answer: `{"accept":false,"accept":true}`}, silent},
		"no connection":  {asker{status: 200, answer: `{"accept":true}`, err: errors.New("refused")}, silent},
		"just in time":   {asker{status: 200, answer: `{"accept":true}`, slow: 999 * time.Millisecond}, ""},
		"late":           {asker{status: 200, answer: `{"accept":true}`, slow: time.Second + 1}, silent},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := Rules{Asker: &tc.asker}
				if got := refused(r.Check(t.Context(), asks, message(t), "id")); got != tc.want {
					t.Errorf("%q, want %q", got, tc.want)
				}
				const want = `https://check.example.org/ id {"room":"newborn","type":"reminder","lane":"normal","publisher":"hosp-7","content":{"subject":"S","sms":"abc"}}`
				if len(tc.asker.asked) != 1 || tc.asker.asked[0] != want {
					t.Errorf("asked %s, want %s", tc.asker.asked, want)
				}
			})
		})
	}
	unknown := rooms.Policy{PolicyRules: rooms.PolicyRules{Check: rooms.ExternalCheck{Timeout: time.Second}}}
	if got := refused((&Rules{Asker: &asker{status: 200, answer: `{"accept":true}`}}).Check(t.Context(), unknown, message(t), "id")); got != silent {
		t.Errorf("nobody is known to ask: %q", got)
	}
	other := asks
	other.Types = []rooms.MessageType{{Type: "news"}}
	a := asker{status: 200, answer: `{"accept":true}`}
	if got := refused((&Rules{Asker: &a}).Check(t.Context(), other, message(t), "id")); !strings.Contains(got, "type") || len(a.asked) > 0 {
		t.Errorf("asked about what is wrong otherwise: %q, %s", got, a.asked)
	}
}

func TestWhatACheckSaysIsCut(t *testing.T) {
	answer := `{"accept":false,"errors":[` + strings.Repeat(`{"pointer":"`+strings.Repeat("/x", 200)+`","detail":"a\u0000b\n`+strings.Repeat("ж", 300)+`"},`, 30) + `{}]}`
	asks := rooms.Policy{PolicyRules: rooms.PolicyRules{Check: rooms.ExternalCheck{URL: address(t, rooms.ParseURL, "https://check.example.org/")}}}
	var r *Refusal
	err := (&Rules{Asker: &asker{status: 200, answer: answer}}).Check(t.Context(), asks, message(t), "id")
	if !errors.As(err, &r) || len(r.Faults) != maxFaults || r.Faults[0].Pointer != "" || r.Faults[0].Detail != "a b "+strings.Repeat("ж", maxDetail-4) {
		t.Errorf("%+v", r)
	}
}

// BenchmarkNoRules is what a policy without rules costs a message.
func BenchmarkNoRules(b *testing.B) {
	var r Rules
	m := publish.Request{Lane: rooms.Normal, Type: "reminder", Content: []byte(`{"text":"x"}`)}
	for b.Loop() {
		if r.Check(b.Context(), rooms.Policy{}, m, "id") != nil {
			b.Fatal("refused")
		}
	}
}
