package api

import (
	"fmt"
	"strings"
	"testing"

	v1 "github.com/govcrier/crier/api/v1"
)

// good is a publish request in which a test changes one thing.
const good = `{"transactionId":"t-1","type":"reminder","content":{"text":"hello"}}`

func with(members string) string { return strings.TrimSuffix(good, "}") + "," + members + "}" }

func withContent(content string) string {
	return `{"transactionId":"t-1","type":"reminder","content":` + content + `}`
}

func manyValues(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`"v%d":"x"`, i))
	}
	return strings.Join(list, ",")
}

// bad is a publish request that is refused. A fault is a code and the pointer to it.
type bad struct {
	name, body string
	status     int
	code       v1.ProblemCode
	fault      string
	unseen     bool // the schema cannot express it, or the JSON decoder of another does not mind
}

func badBodies() []bad {
	const json, request = v1.ProblemCodeInvalidJSON, v1.ProblemCodeInvalidRequest
	recipients := func(list string) string { return with(`"recipients":[` + list + `]`) }
	var many []string
	for i := range 10_001 {
		many = append(many, fmt.Sprintf(`{"phone":"+4179%07d"}`, i))
	}
	return []bad{
		{"empty", " ", 400, json, "empty_body ", false},
		{"not JSON", `hello`, 400, json, "syntax ", false},
		{"cut off", good[:20], 400, json, "syntax /transactionId", false},
		{"single quotes", `{'type':1}`, 400, json, "syntax ", false},
		{"byte order mark", "\ufeff" + good, 400, json, "syntax ", false},
		{"trailing data", good + `{}`, 400, json, "trailing_data ", true},
		{"trailing brace", good + `}`, 400, json, "trailing_data ", true},
		{"invalid UTF-8", with(`"reference":"` + "\xff" + `"`), 400, json, "invalid_utf8 ", true},
		{"lone surrogate", with(`"reference":"\ud800"`), 400, json, "syntax /reference", true},
		{"raw line break in a string", with("\"reference\":\"a\nb\""), 400, json, "syntax /reference", false},
		{"duplicate member", with(`"type":"other"`), 400, json, "duplicate_member /type", true},
		{"duplicate member, escaped", with(`"t\u0079pe":"other"`), 400, json, "duplicate_member /type", true},
		{"duplicate member in content", withContent(`{"text":"a","text":"b"}`), 400, json, "duplicate_member /content/text", true},
		{"deep nesting", with(`"deep":` + strings.Repeat("[", 100_000)), 400, json, "too_deep ", false},
		{"deep nesting in content", withContent(strings.Repeat(`{"text":`, 100_000)), 400, json, "too_deep ", false},
		{"deep nesting, closed", with(`"deep":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)), 400, json, "too_deep ", true},

		{"an array", `[]`, 400, request, "wrong_type ", false},
		{"a string", `"x"`, 400, request, "wrong_type ", false},
		{"null", `null`, 400, request, "wrong_type ", false},
		{"nothing in it", `{}`, 400, request, "missing /transactionId", false},
		{"unknown member", with(`"txid":1`), 400, request, "unknown_member /txid", false},
		{"member in another case", with(`"Lane":"bulk"`), 400, request, "unknown_member /Lane", false},
		{"unknown member in content", withContent(`{"text":"a","x":{}}`), 400, request, "unknown_member /content/x", false},
		{"unknown member in recipient", recipients(`{"email":"a@example.com","cc":"b@example.com"}`), 400, request, "unknown_member /recipients/0/cc", false},
		{"endless member name", with(`"` + strings.Repeat("x", 100_000) + `":1`), 400, request, "unknown_member ", false},

		{"no transaction id", `{"type":"reminder","content":{"text":"x"}}`, 400, request, "missing /transactionId", false},
		{"no type", `{"transactionId":"t","content":{"text":"x"}}`, 400, request, "missing /type", false},
		{"no content", `{"transactionId":"t","type":"reminder"}`, 400, request, "missing /content", false},
		{"transaction id a number", `{"transactionId":7,"type":"reminder","content":{"text":"x"}}`, 400, request, "wrong_type /transactionId", false},
		{"transaction id null", `{"transactionId":null,"type":"reminder","content":{"text":"x"}}`, 400, request, "wrong_type /transactionId", false},
		{"transaction id empty", `{"transactionId":"","type":"reminder","content":{"text":"x"}}`, 400, request, "invalid_text /transactionId", false},
		{"transaction id too long", `{"transactionId":"` + strings.Repeat("x", 129) + `","type":"reminder","content":{"text":"x"}}`, 400, request, "invalid_text /transactionId", false},
		{"transaction id with line break", `{"transactionId":"a\r\nb","type":"reminder","content":{"text":"x"}}`, 400, request, "invalid_text /transactionId", false},
		{"transaction id with line separator", `{"transactionId":"a\u2028b","type":"reminder","content":{"text":"x"}}`, 400, request, "invalid_text /transactionId", true},
		{"type with dot", `{"transactionId":"t","type":"a.b","content":{"text":"x"}}`, 400, request, "invalid_name /type", false},
		{"type with wildcard", `{"transactionId":"t","type":">","content":{"text":"x"}}`, 400, request, "invalid_name /type", false},
		{"type empty", `{"transactionId":"t","type":"","content":{"text":"x"}}`, 400, request, "invalid_name /type", false},
		{"unknown lane", with(`"lane":"urgent"`), 400, request, "invalid_name /lane", false},
		{"empty lane", with(`"lane":""`), 400, request, "invalid_name /lane", false},
		{"from empty", with(`"from":{}`), 400, request, "missing /from", false},
		{"from a string", with(`"from":"noreply@health.example"`), 400, request, "wrong_type /from", false},
		{"from with a name", with(`"from":{"email":"noreply@health.example","name":"Tax Office"}`), 400, request, "unknown_member /from/name", false},
		{"from with line break", with(`"from":{"email":"noreply@health.example\r\nBcc: a@example.com"}`), 400, request, "invalid_address /from/email", true},
		{"from with a display name", with(`"from":{"email":"Tax <noreply@health.example>"}`), 400, request, "invalid_address /from/email", true},
		{"from an SMS sender that is too long", with(`"from":{"sms":"HEALTHHEALTH"}`), 400, request, "invalid_address /from/sms", true},
		{"reference with line break", with(`"reference":"a\nb"`), 400, request, "invalid_text /reference", false},
		{"reference too long", with(`"reference":"` + strings.Repeat("ы", 201) + `"`), 400, request, "invalid_text /reference", false},

		{"content a string", withContent(`"hello"`), 400, request, "wrong_type /content", false},
		{"content null", withContent(`null`), 400, request, "wrong_type /content", false},
		{"content empty", withContent(`{}`), 400, request, "content_empty /content", false},
		{"content with a subject only", withContent(`{"subject":"x"}`), 400, request, "content_empty /content", false},
		{"text a number", withContent(`{"text":1}`), 400, request, "wrong_type /content/text", false},
		{"text null", withContent(`{"text":null}`), 400, request, "wrong_type /content/text", false},
		{"text with NUL", withContent(`{"text":"a\u0000b"}`), 400, request, "invalid_text /content/text", false},
		{"subject with line break", withContent(`{"subject":"a\r\nBcc: b@example.com","text":"x"}`), 400, request, "invalid_text /content/subject", false},
		{"subject with NUL", withContent(`{"subject":"a\u0000","text":"x"}`), 400, request, "invalid_text /content/subject", false},
		{"subject too long", withContent(`{"subject":"` + strings.Repeat("x", 998) + `","text":"x"}`), 400, request, "invalid_text /content/subject", false},
		{"sms too long", withContent(`{"sms":"` + strings.Repeat("x", 1531) + `"}`), 400, request, "invalid_text /content/sms", false},

		{"mustache a string", withContent(`{"text":"x","mustache":"true"}`), 400, request, "wrong_type /content/mustache", false},
		{"template without end", withContent(`{"text":"{{x","mustache":true}`), 400, request, "invalid_template /content/text", true},
		{"partial", withContent(`{"sms":"{{>x}}","mustache":true}`), 400, request, "invalid_template /content/sms", true},
		{"raw value", withContent(`{"html":"{{{x}}}","mustache":true}`), 400, request, "invalid_template /content/html", true},
		{"other delimiters", withContent(`{"subject":"{{=<% %>=}}","text":"x","mustache":true}`), 400, request, "invalid_template /content/subject", true},
		{"sections too deep", withContent(`{"text":"` + strings.Repeat("{{#a}}", 9) + strings.Repeat("{{/a}}", 9) + `","mustache":true}`), 400, request, "invalid_template /content/text", true},
		{"value asked for and not there", withContent(`{"text":"{{child}}","mustache":true},"recipients":[{"email":"a@example.com","values":{"child":"x"}},{"email":"b@example.com"}]`), 400, request, "missing /recipients/1/values/child", true},
		{"value asked for on the other channel", withContent(`{"text":"x","sms":"{{a}}","mustache":true},"recipients":[{"email":"a@example.com","phone":"+996555000111"}]`), 400, request, "missing /recipients/0/values/a", true},
		{"name asked for and not there", withContent(`{"text":"{{name}}","mustache":true},"recipients":[{"email":"a@example.com"}]`), 400, request, "missing /recipients/0/name", true},
		{"said at too great length", withContent(`{"sms":"{{a}}{{a}}","mustache":true},"recipients":[{"phone":"+996555000111","values":{"a":"` + strings.Repeat("x", 1000) + `"}}]`), 400, request, "too_long /recipients/0", true},
		{"languages an array", withContent(`{"text":"x","languages":[]}`), 400, request, "wrong_type /content/languages", false},
		{"language of no name", withContent(`{"text":"x","languages":{"k_y":{"text":"y"}}}`), 400, request, "invalid_name /content/languages/k_y", true},
		{"language twice", withContent(`{"text":"x","languages":{"ky":{"text":"y"},"KY":{"text":"z"}}}`), 400, request, "duplicate_entry /content/languages/KY", true},
		{"language that says nothing", withContent(`{"text":"x","languages":{"ky":{}}}`), 400, request, "content_empty /content/languages/ky", false},
		{"language with a subject of two lines", withContent(`{"text":"x","languages":{"ky":{"subject":"a\nb"}}}`), 400, request, "invalid_text /content/languages/ky/subject", false},
		{"language within a language", withContent(`{"text":"x","languages":{"ky":{"text":"y","languages":{}}}}`), 400, request, "unknown_member /content/languages/ky/languages", false},
		{"language with a bad template", withContent(`{"text":"x","mustache":true,"languages":{"ky":{"text":"{{/y}}"}}}`), 400, request, "invalid_template /content/languages/ky/text", true},
		{"languages only", withContent(`{"languages":{"ky":{"text":"y"}}}`), 400, request, "content_empty /content", false},

		{"recipients an object", with(`"recipients":{"email":"a@example.com"}`), 400, request, "wrong_type /recipients", false},
		{"recipients null", with(`"recipients":null`), 400, request, "wrong_type /recipients", false},
		{"no recipients", recipients(``), 400, request, "missing /recipients", false},
		{"recipient a string", recipients(`"a@example.com"`), 400, request, "wrong_type /recipients/0", false},
		{"recipient without address", recipients(`{"name":"A"}`), 400, request, "contact_count /recipients/0", false},
		{"two addresses and a channel of neither", recipients(`{"email":"a@example.com","phone":"+996555000111","channels":["webhook"]}`), 400, request, "invalid_value /recipients/0/channels/0", false},
		{"channel twice", recipients(`{"email":"a@example.com","channels":["email","email"]}`), 400, request, "duplicate_entry /recipients/0/channels/1", false},
		{"channel without address", recipients(`{"email":"a@example.com","channels":["email","sms"]}`), 400, request, "invalid_value /recipients/0/channels", true},
		{"channels a string", recipients(`{"email":"a@example.com","channels":"email"}`), 400, request, "wrong_type /recipients/0/channels", false},
		{"language that is none", recipients(`{"email":"a@example.com","language":"k"}`), 400, request, "invalid_name /recipients/0/language", false},
		{"language with a line break", recipients(`{"email":"a@example.com","language":"ky\nx"}`), 400, request, "invalid_name /recipients/0/language", false},
		{"values an array", recipients(`{"email":"a@example.com","values":[]}`), 400, request, "wrong_type /recipients/0/values", false},
		{"value a number", recipients(`{"email":"a@example.com","values":{"a":1}}`), 400, request, "wrong_type /recipients/0/values/a", false},
		{"value with a line break", recipients(`{"email":"a@example.com","values":{"a":"b\nc"}}`), 400, request, "invalid_text /recipients/0/values/a", false},
		{"value too long", recipients(`{"email":"a@example.com","values":{"a":"` + strings.Repeat("x", 1001) + `"}}`), 400, request, "invalid_text /recipients/0/values/a", false},
		{"value of no name", recipients(`{"email":"a@example.com","values":{"A-b":"c"}}`), 400, request, "invalid_name /recipients/0/values/A-b", true},
		{"too many values", recipients(`{"email":"a@example.com","values":{` + manyValues(101) + `}}`), 400, request, "too_many /recipients/0/values/v100", false},
		{"attributes of a recipient", recipients(`{"email":"a@example.com","attributes":{}}`), 400, request, "unknown_member /recipients/0/attributes", false},
		{"no address", recipients(`{"email":"hello"}`), 400, request, "invalid_address /recipients/0/email", false},
		{"empty address", recipients(`{"email":""}`), 400, request, "invalid_address /recipients/0/email", false},
		{"address with display name", recipients(`{"email":"A <a@example.com>"}`), 400, request, "invalid_address /recipients/0/email", false},
		{"two addresses in one", recipients(`{"email":"a@example.com,b@example.com"}`), 400, request, "invalid_address /recipients/0/email", false},
		{"address with line break", recipients(`{"email":"a@example.com\r\nBcc: b@example.com"}`), 400, request, "invalid_address /recipients/0/email", false},
		{"address with NUL", recipients(`{"email":"a\u0000@example.com"}`), 400, request, "invalid_address /recipients/0/email", true},
		{"address too long", recipients(`{"email":"` + strings.Repeat("a", 250) + `@example.com"}`), 400, request, "invalid_address /recipients/0/email", false},
		{"address without domain", recipients(`{"email":"a@localhost"}`), 400, request, "invalid_address /recipients/0/email", true},
		{"address at an IP address", recipients(`{"email":"a@127.0.0.1"}`), 400, request, "invalid_address /recipients/0/email", true},
		{"address that turns its direction", recipients(`{"email":"\u202ea@example.com"}`), 400, request, "invalid_address /recipients/0/email", true},
		{"number without plus", recipients(`{"phone":"0555000111"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"number with zero", recipients(`{"phone":"+0555000111"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"number with spaces", recipients(`{"phone":"+996 555 000 111"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"number too long", recipients(`{"phone":"+9965550001112223"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"number too short", recipients(`{"phone":"+996"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"number as a number", recipients(`{"phone":996555000111}`), 400, request, "wrong_type /recipients/0/phone", false},
		{"number with line break", recipients(`{"phone":"+996555000111\n"}`), 400, request, "invalid_address /recipients/0/phone", false},
		{"name with line break", recipients(`{"email":"a@example.com","name":"A\nB"}`), 400, request, "invalid_text /recipients/0/name", false},
		{"name too long", recipients(`{"email":"a@example.com","name":"` + strings.Repeat("x", 201) + `"}`), 400, request, "invalid_text /recipients/0/name", false},
		{"same recipient twice", recipients(`{"email":"a@example.com"},{"email":"A@Example.COM","name":"B"}`), 400, request, "duplicate_recipient /recipients/1", true},
		{"10,001 recipients", recipients(strings.Join(many, ",")), 400, request, "too_many /recipients", true},

		{"date without zone", with(`"expiresAt":"2026-11-23T09:00:00"`), 400, request, "invalid_time /expiresAt", false},
		{"date without time", with(`"expiresAt":"2026-11-23"`), 400, request, "invalid_time /expiresAt", false},
		{"date with space", with(`"expiresAt":"2026-11-23 09:00:00Z"`), 400, request, "invalid_time /expiresAt", false},
		{"date with an hour of one digit", with(`"expiresAt":"2026-11-23T9:00:00Z"`), 400, request, "invalid_time /expiresAt", false},
		{"date with a comma", with(`"expiresAt":"2026-11-23T09:00:00,5Z"`), 400, request, "invalid_time /expiresAt", false},
		{"no such day", with(`"expiresAt":"2026-02-30T09:00:00Z"`), 400, request, "invalid_time /expiresAt", true},
		{"date as number", with(`"expiresAt":1795420800`), 400, request, "wrong_type /expiresAt", false},
		{"date in the past", with(`"expiresAt":"2026-11-22T11:59:59Z"`), 400, request, "invalid_time /expiresAt", true},
		{"date too far ahead", with(`"expiresAt":"2026-12-22T12:00:00Z"`), 400, request, "invalid_time /expiresAt", true},

		{"callback that is no URL", with(`"callback":"example.com"`), 400, request, "invalid_address /callback", false},
		{"callback with user info", with(`"callback":"https://a:b@example.com/"`), 400, request, "invalid_address /callback", true},
		{"callback a number", with(`"callback":1`), 400, request, "wrong_type /callback", false},
		{"sendAt null", with(`"sendAt":null`), 400, request, "wrong_type /sendAt", false},
		{"sendAt that is none", with(`"sendAt":"x"`), 400, request, "invalid_time /sendAt", false},
		{"too large", `{"reference":"` + strings.Repeat("x", 4<<20) + `"}`, 413, v1.ProblemCodeBodyTooLarge, "", true},
	}
}

func TestBadBodies(t *testing.T) {
	e := newEngine()
	s := newServer(e)
	for _, tc := range badBodies() {
		t.Run(tc.name, func(t *testing.T) {
			w := ask{"POST", "/v1/rooms/newborn/messages", "hosp-7", tc.body, nil}.of(s)
			p := problemIn(t, w)
			if p.Status != tc.status || p.Code != tc.code {
				t.Errorf("%d %s, want %d %s", p.Status, p.Code, tc.status, tc.code)
			}
			if tc.fault == "" {
				return
			}
			if len(p.Errors) == 0 || len(p.Errors) > 20 {
				t.Fatalf("%d errors", len(p.Errors))
			}
			if first := p.Errors[0]; string(first.Code)+" "+first.Pointer != tc.fault && !(strings.HasPrefix(tc.fault, "too_deep") && first.Code == "too_deep") {
				t.Errorf("%+v, want %s", first, tc.fault)
			}
		})
	}
	if n := e.count(); n > 0 {
		t.Errorf("%d bad requests reached the publisher", n)
	}
}

func TestBadPathsAndHeaders(t *testing.T) {
	messages := func(room string) string { return "/v1/rooms/" + room + "/messages" }
	e := newEngine()
	s := newServer(e)
	for _, tc := range []struct {
		name   string
		ask    ask
		status int
		code   v1.ProblemCode
	}{
		{"room with dot", ask{"POST", messages("new.born"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with star", ask{"POST", messages("*"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with >", ask{"POST", messages(">"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with space", ask{"POST", messages("new%20born"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with NUL", ask{"POST", messages("newborn%00"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with line break", ask{"POST", messages("newborn%0d%0a"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room in capitals", ask{"POST", messages("Newborn"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with dots", ask{"POST", messages(".."), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with encoded dots", ask{"POST", messages("%2e%2e"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with encoded slash", ask{"POST", messages("newborn%2fx"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room with encoded path", ask{"POST", messages("%2e%2e%2f%2e%2e"), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"room of 10,000 characters", ask{"POST", messages(strings.Repeat("a", 10_000)), "hosp-7", good, nil}, 400, "invalid_parameter"},
		{"unknown room", ask{"POST", messages("nowhere"), "hosp-7", good, nil}, 404, "unknown_room"},
		{"no room", ask{"POST", "/v1/rooms//messages", "hosp-7", good, nil}, 404, "not_found"},
		{"slash at the end", ask{"POST", messages("newborn") + "/", "hosp-7", good, nil}, 404, "not_found"},
		{"two slashes", ask{"POST", "/" + messages("newborn"), "hosp-7", good, nil}, 404, "not_found"},
		{"up and down", ask{"POST", "/v1/../v1/rooms/newborn/messages", "hosp-7", good, nil}, 404, "not_found"},
		{"a dot", ask{"POST", "/v1/./rooms/newborn/messages", "hosp-7", good, nil}, 404, "not_found"},
		{"another path", ask{"GET", "/.env", "", "", nil}, 404, "not_found"},
		{"another method", ask{"PATCH", messages("newborn"), "hosp-7", good, nil}, 405, "method_not_allowed"},
		{"umid in lower case", ask{"GET", "/v1/messages/" + strings.ToLower(umid), "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"umid too short", ask{"GET", "/v1/messages/01", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"unknown umid", ask{"GET", "/v1/messages/01KAMVJVG0ZJ2C5YD3GZ7A8Q4N", "hosp-7", "", nil}, 404, "unknown_message"},
		{"subscriber id", ask{"DELETE", "/v1/rooms/newborn/subscribers/a%40b", "boss", "", nil}, 400, "invalid_parameter"},
		{"unknown subscriber", ask{"DELETE", "/v1/rooms/newborn/subscribers/" + strings.Repeat("x", 26) + "A", "boss", "", nil}, 404, "unknown_subscriber"},

		{"no content type", ask{"POST", messages("newborn"), "hosp-7", good, []string{"Content-Type", ""}}, 415, "unsupported_media_type"},
		{"a form", ask{"POST", messages("newborn"), "hosp-7", good, []string{"Content-Type", "application/x-www-form-urlencoded"}}, 415, "unsupported_media_type"},
		{"another charset", ask{"POST", messages("newborn"), "hosp-7", good, []string{"Content-Type", "application/json; charset=latin1"}}, 415, "unsupported_media_type"},
		{"compressed", ask{"POST", messages("newborn"), "hosp-7", good, []string{"Content-Encoding", "gzip"}}, 415, "unsupported_media_type"},
		{"rows as text", ask{"POST", "/v1/rooms/newborn/subscribers", "boss", good, []string{"Content-Type", "text/plain"}}, 415, "unsupported_media_type"},

		{"limit zero", ask{"GET", messages("newborn") + "?limit=0", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"limit too high", ask{"GET", messages("newborn") + "?limit=1001", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"limit a word", ask{"GET", messages("newborn") + "?limit=all", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"cursor of another", ask{"GET", messages("newborn") + "?cursor=12", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"cursor negative", ask{"GET", "/v1/rooms/newborn/subscribers?cursor=-1", "boss", "", nil}, 400, "invalid_parameter"},
		{"cursor empty", ask{"GET", "/v1/rooms/newborn/subscribers?cursor=", "boss", "", nil}, 400, "invalid_parameter"},
		{"query broken", ask{"GET", "/v1/rooms?limit=%zz", "boss", "", nil}, 400, "invalid_parameter"},

		{"limit twice", ask{"GET", messages("newborn") + "?limit=1&limit=1000", "hosp-7", "", nil}, 400, "invalid_parameter"},
		{"cursor twice", ask{"GET", "/v1/rooms/newborn/subscribers?cursor=1&cursor=2", "boss", "", nil}, 400, "invalid_parameter"},

		{"change without ETag", ask{"PUT", "/v1/rooms/newborn", "boss", "{}", nil}, 428, "revision_required"},
		{"change with a bad ETag", ask{"PUT", "/v1/rooms/newborn", "boss", "{}", []string{"If-Match", `W/"7"`}}, 400, "invalid_parameter"},
		{"change with an old ETag", ask{"PUT", "/v1/rooms/newborn", "boss", "{}", []string{"If-Match", `"6"`}}, 412, "revision_mismatch"},
		{"deletion with an old ETag", ask{"DELETE", "/v1/rooms/newborn", "root+admin", "", []string{"If-Match", `"6"`}}, 412, "revision_mismatch"},
		{"deletion with a bad ETag", ask{"DELETE", "/v1/rooms/newborn", "root+admin", "", []string{"If-Match", `*`}}, 400, "invalid_parameter"},
		{"a room that is there", ask{"POST", "/v1/rooms", "root+admin", `{"name":"taxes"}`, nil}, 409, "room_exists"},
		{"a room without name", ask{"POST", "/v1/rooms", "root+admin", `{}`, nil}, 400, "invalid_request"},
		{"a room with a bad name", ask{"POST", "/v1/rooms", "root+admin", `{"name":"a.b"}`, nil}, 400, "invalid_request"},
		{"a room with a bad client", ask{"POST", "/v1/rooms", "root+admin", `{"name":"ab","admins":["a b"]}`, nil}, 400, "invalid_request"},
		{"a room with a client twice", ask{"POST", "/v1/rooms", "root+admin", `{"name":"ab","publishers":[{"client":"a"},{"client":"a","direct":true}]}`, nil}, 400, "invalid_request"},
		{"a room renamed", ask{"PUT", "/v1/rooms/newborn", "boss", `{"name":"other"}`, []string{"If-Match", `"7"`}}, 400, "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if p := problemIn(t, tc.ask.of(s)); p.Status != tc.status || p.Code != tc.code {
				t.Errorf("%d %s, want %d %s: %+v", p.Status, p.Code, tc.status, tc.code, p.Errors)
			}
		})
	}
	if n := e.count(); n > 0 {
		t.Errorf("%d bad requests reached the publisher", n)
	}
}
