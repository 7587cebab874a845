package email_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/govcrier/crier/api/govstack/email"
	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
	"github.com/govcrier/crier/rooms/index"
)

// The examples of the specification.
const (
	senderInfo = `"senderInfo":{"organisationName":"Example Medical Institution","organisationRegNr":"GOV1234567890",
		"onBehalfOfName":"Example Medical Institution","onBehalfOfRegNr":"GOV1234567890","email":"sender@example.com","replyTo":"reply-to@example.com","name":"Example Doctor"}`
	contentInfo = `"emailContent":{"encoding":"UTF-8","title":"Example Title Of An Email","content":"Example Customer"}`
	single      = `{"callback":{"URI":"https://example.com/callback/emails/requestUID"},` + senderInfo + `,"recipientInfo":` + oneTo + `,` + contentInfo + `}`
	oneTo       = `{"email":"customer@example.com","emailCC":"customer-cc@example.com","emailBCC":"customer-bcc@example.com","name":"Example Customer"}`
)

func packed(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func batch(entries string) string {
	return `{"callbackURI":{"URI":"https://example.com/c"},` + senderInfo + `,"recipientInfo":{"batchEmailAsBase64":"` + packed(entries) + `"},` + contentInfo + `}`
}

// shape tells of whom an e-mail is to, and who gets copies.
func shape(m email.Mail) string {
	var all []string
	for _, c := range m.Recipients {
		s := c.Address.Reveal() + "/" + c.Name.Reveal()
		for _, one := range c.Copies {
			s += map[bool]string{true: " bcc:", false: " cc:"}[one.Blind] + one.Address.Reveal()
		}
		all = append(all, s)
	}
	return strings.Join(all, "; ")
}

func TestSingle(t *testing.T) {
	m, err := email.ParseSingle([]byte(single), 5)
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(m); got != "customer@example.com/Example Customer cc:customer-cc@example.com bcc:customer-bcc@example.com" {
		t.Error(got)
	}
	if got := string(m.Content); got != `{"subject":"Example Title Of An Email","text":"Example Customer"}` {
		t.Error(got)
	}
	if m.From.Email.Reveal() != "sender@example.com" || m.From.ReplyTo.Reveal() != "reply-to@example.com" || m.From.Name.Reveal() != "Example Doctor" ||
		m.Callback.Reveal() != "https://example.com/callback/emails/requestUID" || m.Lane != rooms.Normal ||
		len(m.Foreign(rooms.Registration{Organisation: "Example Medical Institution", Number: "GOV1234567890"})) > 0 {
		t.Errorf("%+v", m)
	}
}

// Addresses come as one, with commas, or in an array, and nobody gets an e-mail twice.
func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{
		`{"email":"a@example.com"}`: "a@example.com/",
		`{"email":"a@example.com, b@example.com","emailCC":["c@example.com","d@example.com"],"name":""}`:                 "a@example.com/ cc:b@example.com cc:c@example.com cc:d@example.com",
		`{"emailBCC":"b@example.com","email":["a@example.com"],"emailCC":""}`:                                            "a@example.com/ bcc:b@example.com",
		`{"email":"a@example.com","emailCC":"A@example.com,b@example.com","emailBCC":["b@Example.com","c@example.com"]}`: "a@example.com/ cc:b@example.com bcc:c@example.com",
		`{"email":"żółw@example.pl"}`: "żółw@example.pl/",
	} {
		m, err := email.ParseSingle([]byte(`{"recipientInfo":`+in+`,`+contentInfo+`}`), 5)
		if got := shape(m); err != nil || got != want {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestBatch(t *testing.T) {
	m, err := email.ParseBatch([]byte(batch(`[{"recipientInfo":`+oneTo+`}, {"recipientInfo":{"email":"dear-customer@example.com","name":"Unknown Customer"}}]`)), 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := shape(m); got != "customer@example.com/Example Customer cc:customer-cc@example.com bcc:customer-bcc@example.com; dear-customer@example.com/Unknown Customer" {
		t.Error(got)
	}
	if m.Lane != rooms.Bulk || m.Callback.IsZero() {
		t.Errorf("%+v", m)
	}
	// Two who share a mailbox get an e-mail each.
	if m, err = email.ParseBatch([]byte(batch(`[{"recipientInfo":{"email":"home@example.com","name":"Ann"}},{"recipientInfo":{"email":"Home@example.com","name":"Ben"}}]`)), 4); err != nil || shape(m) != "home@example.com/Ann; Home@example.com/Ben" {
		t.Errorf("of a family: %s, %v", shape(m), err)
	}
	// GovStack's own tests send either form to either path.
	if m, err = email.ParseBatch([]byte(single), 1); err != nil || shape(m) != "customer@example.com/Example Customer cc:customer-cc@example.com bcc:customer-bcc@example.com" || m.Lane != rooms.Bulk {
		t.Errorf("of a single: %s, %v", shape(m), err)
	}
	if m, err = email.ParseSingle([]byte(batch(`[{"recipientInfo":{"email":"a@example.com"}},{"recipientInfo":{"email":"b@example.com"}}]`)), 2); err != nil || len(m.Recipients) != 2 || m.Lane != rooms.Normal {
		t.Errorf("of a batch: %s, %v", shape(m), err)
	}
	// The example that the specification's document itself has.
	const example = "W3sKCSJyZWNpcGllbnRJbmZvIjogewoJCSJlbWFpbCI6ICJjdXN0b21lckBleGFtcGxlLmNvbSIsCgkJImVtYWlsQ0MiOiAiY3VzdG9tZXItY2NAZXhhbXBsZS5jb20iLAoJCSJlbWFpbEJDQyI6ICJjdXN0b21lci1iY2NAZXhhbXBsZS5jb20iLAoJCSJuYW1lIjogIkV4YW1wbGUgQ3VzdG9tZXIiCgl9Cn0sIHsKCSJyZWNpcGllbnRJbmZvIjogewoJCSJlbWFpbCI6ICJkZWFyLWN1c3RvbWVyQGV4YW1wbGUuY29tIiwKCQkibmFtZSI6ICJVbmtub3duIEN1c3RvbWVyIgoJfQp9XQ=="
	if m, err = email.ParseBatch([]byte(`{"recipientInfo":{"batchEmailAsBase64":"`+example+`"},`+contentInfo+`}`), 10); err != nil || len(m.Recipients) != 2 {
		t.Errorf("%s, %v", shape(m), err)
	}
}

// refusal is the code of a refusal, its status if it is not the code's, and where and why each part was refused.
func refusal(err error) string {
	var p *problem.Error
	if !errors.As(err, &p) {
		return fmt.Sprint(err)
	}
	out := []string{string(p.Code)}
	if p.Status > 0 {
		out[0] += fmt.Sprint(" ", p.Status)
	}
	for _, f := range p.Faults {
		out = append(out, f.Pointer+" "+f.Code)
	}
	if p.Parameter != nil {
		out = append(out, p.Parameter.Parameter+" "+string(p.Parameter.Code))
	}
	return strings.Join(out, ", ")
}

const evil = "\\r\\nBcc: victim@example.com"

func TestBadSingles(t *testing.T) {
	to := func(s string) string { return `{"recipientInfo":` + s + `,` + contentInfo + `}` }
	from := func(s string) string {
		return `{"recipientInfo":` + oneTo + `,` + contentInfo + `,"senderInfo":` + s + `}`
	}
	says := func(s string) string { return `{"recipientInfo":` + oneTo + `,"emailContent":` + s + `}` }
	many := ""
	for i := range rooms.MaxCopies {
		many += fmt.Sprintf(`,"x%d@example.com"`, i)
	}
	long := strings.Repeat("x", 201)
	for name, tc := range map[string]struct{ body, want string }{
		"nothing":                 {"", "invalid_request 405,  empty_body"},
		"white space":             {" \n\t", "invalid_request 405,  empty_body"},
		"no object":               {"[]", "invalid_request,  wrong_type, /recipientInfo missing, /emailContent missing"},
		"an empty one":            {"{}", "invalid_request, /recipientInfo missing, /emailContent missing"},
		"no JSON":                 {"email=a@example.com", "invalid_json,  syntax"},
		"a broken one":            {single[:len(single)-1], "invalid_json,  syntax"},
		"more behind":             {single + "{}", "invalid_json,  trailing_data"},
		"not UTF-8":               {says("{\"content\":\"\xff\"}"), "invalid_json, /emailContent/content syntax"},
		"twice":                   {`{"recipientInfo":{"email":"a@example.com","email":"b@example.com"}}`, "invalid_json, /recipientInfo/email duplicate_member"},
		"deep":                    {`{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, "invalid_json,  too_deep"},
		"unknown":                 {`{"recipientInfo":` + oneTo + `,` + contentInfo + `,"sendAt":"now"}`, "invalid_request, /sendAt unknown_member"},
		"null":                    {`{"recipientInfo":null,` + contentInfo + `}`, "invalid_request, /recipientInfo missing"},
		"a list of people":        {to(`[` + oneTo + `]`), "invalid_request, /recipientInfo wrong_type, /recipientInfo/email missing"},
		"a number":                {to(`{"email":1}`), "invalid_request, /recipientInfo/email wrong_type"},
		"nobody":                  {to(`{"name":"A"}`), "invalid_request, /recipientInfo/email missing"},
		"a copy alone":            {to(`{"emailCC":"a@example.com"}`), "invalid_request, /recipientInfo/email missing"},
		"an empty address":        {to(`{"email":""}`), "invalid_request, /recipientInfo/email missing"},
		"a display name":          {to(`{"email":"A <a@example.com>"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a comment":               {to(`{"email":"a@example.com (A)"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a group":                 {to(`{"email":"friends: a@example.com, b@example.com;"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a quoted one":            {to(`{"email":"\"a b\"@example.com"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"an injected address":     {to(`{"email":"a@example.com` + evil + `"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a comma too many":        {to(`{"email":"a@example.com,"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a long address":          {to(`{"email":"` + strings.Repeat("x", 250) + `@example.com"}`), "invalid_request, /recipientInfo/email invalid_address"},
		"a bad one of several":    {to(`{"email":"a@example.com","emailCC":["b@example.com",7,"c"]}`), "invalid_request, /recipientInfo/emailCC/1 wrong_type, /recipientInfo/emailCC/2 invalid_address"},
		"too many":                {to(`{"email":"a@example.com","emailBCC":["b@example.com"` + many + `]}`), "invalid_request, /recipientInfo too_many"},
		"an injected name":        {to(`{"email":"a@example.com","name":"A` + evil + `"}`), "invalid_request, /recipientInfo/name invalid_text"},
		"a long name":             {to(`{"email":"a@example.com","name":"` + long + `"}`), "invalid_request, /recipientInfo/name invalid_text"},
		"an injected sender":      {from(`{"name":"A` + evil + `","organisationName":"B` + evil + `"}`), "invalid_request, /senderInfo/name invalid_text, /senderInfo/organisationName invalid_text"},
		"long words of a sender":  {from(`{"organisationRegNr":"` + long + `","onBehalfOfName":"` + long + `","onBehalfOfRegNr":"` + long + `"}`), "invalid_request, /senderInfo/organisationRegNr invalid_text, /senderInfo/onBehalfOfName invalid_text, /senderInfo/onBehalfOfRegNr invalid_text"},
		"a sender that is none":   {from(`{"email":"x","replyTo":"A <a@example.com>"}`), "invalid_request, /senderInfo/email invalid_address, /senderInfo/replyTo invalid_address"},
		"a sender of wrong types": {from(`{"email":{},"name":true}`), "invalid_request, /senderInfo/email wrong_type, /senderInfo/name wrong_type"},
		"an injected title":       {says(`{"title":"T` + evil + `","content":"x"}`), "invalid_request, /emailContent/title invalid_text"},
		"a long title":            {says(`{"title":"` + strings.Repeat("x", 998) + `","content":"x"}`), "invalid_request, /emailContent/title invalid_text"},
		"no content":              {says(`{"title":"T"}`), "invalid_request, /emailContent/content content_empty"},
		"an empty content":        {says(`{"content":""}`), "invalid_request, /emailContent/content content_empty"},
		"control characters":      {says(`{"content":"a\u0000b"}`), "invalid_request, /emailContent/content invalid_text"},
		"an unknown encoding":     {says(`{"encoding":"KOI8-R","content":"x"}`), "invalid_request, /emailContent/encoding invalid_value"},
		"ASCII that is none":      {says(`{"encoding":"US-ASCII","content":"привет"}`), "invalid_request, /emailContent/encoding invalid_value"},
		"a callback twice":        {`{"callback":{},"callbackURI":"https://example.com/","recipientInfo":` + oneTo + `,` + contentInfo + `}`, "invalid_request, /callbackURI duplicate_entry"},
		"a callback of no web":    {`{"callback":{"URI":"ftp://example.com/"},"recipientInfo":` + oneTo + `,` + contentInfo + `}`, "invalid_request, /callback/URI invalid_address"},
		"a callback with a name":  {`{"callback":{"URI":"https://a:b@example.com/"},"recipientInfo":` + oneTo + `,` + contentInfo + `}`, "invalid_request, /callback/URI invalid_address"},
	} {
		if _, err := email.ParseSingle([]byte(tc.body), 5); refusal(err) != tc.want {
			t.Errorf("%s: %s, want %s", name, refusal(err), tc.want)
		}
	}
}

func TestBadBatches(t *testing.T) {
	const at = "/recipientInfo/batchEmailAsBase64"
	raw := func(s string) string { return `{"recipientInfo":{"batchEmailAsBase64":` + s + `},` + contentInfo + `}` }
	good := `{"recipientInfo":{"email":"a@example.com"}}`
	var many []string
	for i := range 6 {
		many = append(many, fmt.Sprintf(`{"recipientInfo":{"email":"a%d@example.com"}}`, i))
	}
	for name, tc := range map[string]struct{ body, want string }{
		"none":                {`{"recipientInfo":{},` + contentInfo + `}`, "invalid_request, " + at + " missing"},
		"one besides":         {`{"recipientInfo":{"email":"a@example.com","batchEmailAsBase64":"` + packed("["+good+"]") + `"},` + contentInfo + `}`, "invalid_request, " + at + " invalid_value"},
		"an array itself":     {raw("[" + good + "]"), "invalid_request, " + at + " wrong_type"},
		"not base64":          {raw(`"?"`), "invalid_request, " + at + " invalid_value"},
		"no padding":          {raw(`"` + strings.TrimRight(packed("["+good+"] "), "=") + `"`), "invalid_request, " + at + " invalid_value"},
		"too much padding":    {raw(`"` + packed("["+good+"]") + `===="`), "invalid_request, " + at + " invalid_value"},
		"bits left over":      {raw(`"W11="`), "invalid_request, " + at + " invalid_value"},
		"of URLs":             {raw(`"_-__"`), "invalid_request, " + at + " invalid_value"},
		"base64 in part":      {raw(`"` + packed("["+good+",  ") + `!!!!"`), "invalid_request, " + at + " invalid_value"},
		"nothing":             {raw(`""`), "invalid_request, " + at + " syntax"},
		"no JSON":             {batch("a@example.com"), "invalid_request, " + at + " syntax"},
		"no array":            {batch(good), "invalid_request, " + at + " wrong_type"},
		"an empty array":      {batch("[]"), "invalid_request, " + at + " missing"},
		"a broken one":        {batch("[" + good), "invalid_request, " + at + " syntax"},
		"more behind":         {batch("[" + good + "] 1"), "invalid_request, " + at + " trailing_data"},
		"too many":            {batch("[" + strings.Join(many, ",") + "]"), "invalid_request, " + at + " too_many"},
		"too many copies":     {batch(`[` + good + `,{"recipientInfo":` + oneTo + `},{"recipientInfo":{"email":"b@example.com,c@example.com"}}]`), "invalid_request, " + at + " too_many"},
		"bare addresses":      {batch(`["a@example.com",` + good + `]`), "invalid_request, " + at + "/0 wrong_type"},
		"bad entries":         {batch(`[` + good + `,{"recipientInfo":{"email":"x"}},{"email":"b@example.com"},{}]`), "invalid_request, " + at + "/1/recipientInfo/email invalid_address, " + at + "/2/email unknown_member, " + at + "/3/recipientInfo missing"},
		"an injected name":    {batch(`[{"recipientInfo":{"email":"b@example.com","name":"` + evil + `"}}]`), "invalid_request, " + at + "/0/recipientInfo/name invalid_text"},
		"a deep one":          {batch(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), "invalid_request, " + at + " too_deep"},
		"nothing but a title": {`{"emailContent":{"title":"x"}}`, "invalid_request, /recipientInfo missing"},
	} {
		if _, err := email.ParseBatch([]byte(tc.body), 5); refusal(err) != tc.want {
			t.Errorf("%s: %s, want %s", name, refusal(err), tc.want)
		}
	}
}

// A gigantic array is refused where it exceeds the limit: what it holds behind that is not looked at, nor decoded.
func TestGiganticBatch(t *testing.T) {
	entries := "[" + strings.Repeat(`{"recipientInfo":{"email":"a@example.com"}},`, 80_000) + "no JSON at all"
	body := []byte(batch(entries))
	allocated := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if _, err := email.ParseBatch(body, 1); refusal(err) != "invalid_request, /recipientInfo/batchEmailAsBase64 too_many" {
				b.Fatal(refusal(err))
			}
		}
	}).AllocedBytesPerOp()
	if limit := int64(2 * len(body)); allocated > limit {
		t.Errorf("%d bytes for a body of %d", allocated, len(body))
	}
}

// Common serialisers write members that are empty as null; what is needed is missing then.
func TestNullIsLeftOut(t *testing.T) {
	m, err := email.ParseSingle([]byte(`{"callback":null,"senderInfo":{"replyTo":null,"name":null,"email":null},
		"recipientInfo":{"email":"a@example.com","emailCC":null,"emailBCC":null,"name":null,"batchEmailAsBase64":null},"emailContent":{"title":null,"content":"x","encoding":null}}`), 5)
	if err != nil || shape(m) != "a@example.com/" || string(m.Content) != `{"text":"x"}` {
		t.Errorf("%s, %v", shape(m), err)
	}
	if m, err := email.ParseBatch([]byte(batch(`[{"recipientInfo":{"email":"a@example.com","emailCC":null}}]`)), 5); err != nil || shape(m) != "a@example.com/" {
		t.Errorf("%s, %v", shape(m), err)
	}
	for body, want := range map[string]string{
		`{"recipientInfo":null,"emailContent":{"content":"x"}}`:                   "invalid_request, /recipientInfo missing",
		`{"recipientInfo":{"email":null},"emailContent":{"content":"x"}}`:         "invalid_request, /recipientInfo/email missing",
		`{"recipientInfo":{"email":[null]},"emailContent":{"content":"x"}}`:       "invalid_request, /recipientInfo/email/0 wrong_type",
		`{"recipientInfo":{"email":"a@b.example"},"emailContent":null}`:           "invalid_request, /emailContent missing",
		`{"recipientInfo":{"email":"a@b.example"},"emailContent":{"text":null}}`:  "invalid_request, /emailContent/text unknown_member",
		`{"recipientInfo":{"email":"a@b.example"},"emailContent":{"title":null}}`: "invalid_request, /emailContent/content content_empty",
	} {
		if _, err := email.ParseSingle([]byte(body), 5); !strings.HasPrefix(refusal(err), want) {
			t.Errorf("%s: %s", body, refusal(err))
		}
	}
}

// A sender's name reads as it is written.
func TestNameThatTurnsAround(t *testing.T) {
	for name, good := range map[string]bool{"Dr. A": true, "د. أحمد": true, "a\u200cb": true, "Dr. \u202eA": false, "\u2067A": false, "A\u200f": false} {
		_, err := email.ParseSingle([]byte(`{"senderInfo":{"name":"`+name+`"},"recipientInfo":`+oneTo+`,`+contentInfo+`}`), 5)
		if (err == nil) != good || !good && refusal(err) != "invalid_request, /senderInfo/name invalid_text" {
			t.Errorf("%q: %s", name, refusal(err))
		}
	}
}

// An organisation is named as it is registered, or not at all.
func TestAnotherOrganisation(t *testing.T) {
	health := rooms.Registration{Organisation: "Ministry of Health", Names: []string{"MoH"}, Number: "GOV 1"}
	for sender, want := range map[string]string{
		`{}`: "", `{"organisationName":"","onBehalfOfRegNr":""}`: "",
		`{"organisationName":"ministry  of health","onBehalfOfName":"moh","organisationRegNr":"gov 1","onBehalfOfRegNr":"GOV 1"}`: "",
		`{"organisationName":"Tax Office","onBehalfOfName":"Tax Office"}`:                                                         "/senderInfo/organisationName /senderInfo/onBehalfOfName",
		`{"organisationName":"MoH","onBehalfOfName":"Tax Office"}`:                                                                "/senderInfo/onBehalfOfName",
		`{"organisationRegNr":"2","onBehalfOfRegNr":"2"}`:                                                                         "/senderInfo/organisationRegNr /senderInfo/onBehalfOfRegNr",
	} {
		m, err := email.ParseSingle([]byte(`{"recipientInfo":`+oneTo+`,`+contentInfo+`,"senderInfo":`+sender+`}`), 5)
		var got []string
		for _, f := range m.Foreign(health) {
			got = append(got, f.Pointer)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v", sender, got, err)
		}
	}
	m, err := email.ParseSingle([]byte(`{"recipientInfo":`+oneTo+`,`+contentInfo+`,"senderInfo":{"organisationRegNr":"1"}}`), 5)
	if err != nil || len(m.Foreign(rooms.Registration{Organisation: "x"})) != 1 {
		t.Errorf("a number where none is registered: %v", err)
	}
}

// What is told of a reply, or read, is what a call of /callback/email would have said.
func TestReplyIsWrittenAsItIsRead(t *testing.T) {
	l := rooms.Letter{Subject: rooms.NewBody("Re: <x>"), Text: rooms.NewBody("Да,\n\"yes\"")}
	raw, err := email.EncodeReply(l)
	if err != nil || !strings.HasPrefix(string(raw), `{"meta":"Re: <x>","content":"0JTQ`) {
		t.Fatalf("%s, %v", raw, err)
	}
	if back, err := email.ParseReply(raw); err != nil || back.Subject.Reveal() != l.Subject.Reveal() || back.Text.Reveal() != l.Text.Reveal() {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestReply(t *testing.T) {
	l, err := email.ParseReply([]byte(`{"meta":"Meta-info","content":"Q2xpZW50LXNwZWNpZmljIGNvbnRlbnQsIG1vc3QgbGlrZWx5IEpTT04="}`))
	if err != nil || l.Subject.Reveal() != "Meta-info" || l.Text.Reveal() != "Client-specific content, most likely JSON" {
		t.Errorf("%v", err)
	}
	for body, want := range map[string]string{
		"": "invalid_request 405,  empty_body", `{"meta":"x"}`: "invalid_request, /content missing", `{"content":1}`: "invalid_request, /content wrong_type",
		`{"content":"Q2xpZW50LXNwZWNpZmljIGNvbnRlbnQ"}`: "invalid_request, /content invalid_value", `{"content":""}`: "invalid_request, /content invalid_value",
		`{"content":"/w=="}`: "invalid_request, /content invalid_value", `{"meta":"a\nb","content":"YQ=="}`: "invalid_request, /meta invalid_text",
		`{"content":"YQ==","umid":"x"}`: "invalid_request, /umid unknown_member",
	} {
		if _, err := email.ParseReply([]byte(body)); refusal(err) != want {
			t.Errorf("%s: %s, want %s", body, refusal(err), want)
		}
	}
}

func TestStatuses(t *testing.T) {
	for query, want := range map[string]string{
		"status=scheduled":                         "scheduled",
		"status[]=not sent&status[]=delivered":     "not sent,delivered",
		"status=processing, deferred,bounced":      "processing,deferred,bounced",
		"status=notSent&status[]=not_sent":         "notSent,not_sent",
		"status=Delivered&other=1&status=notsent,": "Delivered,notsent",
	} {
		q, _ := url.ParseQuery(query)
		if got, err := email.ParseStatuses(q); err != nil || strings.Join(got, ",") != want {
			t.Errorf("%s: %v, %v", query, got, err)
		}
	}
	for query, want := range map[string]string{
		"": "invalid_parameter 405, status missing", "status=": "invalid_parameter 405, status missing", "status=,": "invalid_parameter 405, status missing",
		"status=sent": "invalid_parameter, status invalid_value", "status=scheduled,failed": "invalid_parameter, status invalid_value",
		"status=" + strings.Repeat("scheduled,", 51): "invalid_parameter, status invalid_value",
	} {
		q, _ := url.ParseQuery(query)
		if _, err := email.ParseStatuses(q); refusal(err) != want {
			t.Errorf("%s: %s, want %s", query, refusal(err), want)
		}
	}
}

// pages has the deliveries of a message, page by page, and counts how often it is asked.
type pages struct {
	all   []index.Delivery
	asked int
}

func (p *pages) Deliveries(_ rooms.UMID, from, limit int) ([]index.Delivery, int, error) {
	p.asked++
	end := min(from+min(limit, 3), len(p.all))
	if end == len(p.all) {
		return p.all[from:end], -1, nil
	}
	return p.all[from:end], end, nil
}

func TestCounts(t *testing.T) {
	all := []string{"scheduled", "processing", "deferred", "bounced", "notSent", "delivered"}
	p := &pages{}
	m := index.Summary{Counts: index.Counts{Pending: 1, Queued: 2, Sent: 3, Delivered: 4, Errored: 5}}
	c, err := email.CountOf(m, p)
	if got := fmt.Sprint(c.Answer(all)); err != nil || got != "map[bounced:0 deferred:5 delivered:4 notSent:0 processing:5 scheduled:1]" || p.asked > 0 {
		t.Errorf("%s, %v, asked %d times", got, err, p.asked)
	}
	reasons := slices.Concat([]rooms.Reason{rooms.Bounced, rooms.Bounced, rooms.NoMailbox}, []rooms.Reason{rooms.Expired, rooms.Rejected, rooms.Suppressed, rooms.Cancelled})
	for _, r := range reasons {
		p.all = append(p.all, index.Delivery{State: rooms.State{Status: rooms.Failed, Reason: r}}, index.Delivery{State: rooms.State{Status: rooms.Delivered}})
	}
	m.Counts = index.Counts{Delivered: len(reasons), Failed: len(reasons)}
	c, err = email.CountOf(m, p)
	if got := fmt.Sprint(c.Answer(append(all, "not sent"))); err != nil || got != "map[bounced:3 deferred:0 delivered:7 not sent:4 notSent:4 processing:0 scheduled:0]" {
		t.Errorf("%s, %v", got, err)
	}
}

// Of an e-mail that was cancelled while it waited no delivery was made, and all are known to have failed.
func TestCountsOfWhatNeverWent(t *testing.T) {
	c, err := email.CountOf(index.Summary{Counts: index.Counts{Failed: 3}}, &pages{})
	if got := fmt.Sprint(c.Answer([]string{"scheduled", "bounced", "notSent"})); err != nil || got != "map[bounced:0 notSent:3 scheduled:0]" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestDocumentIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(email.Document("/bb"))
	if err == nil {
		err = doc.Validate(t.Context(), openapi3.EnableExamplesValidation())
	}
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			want := map[string]string{email.PathSingle: "POST", email.PathBatch: "POST", email.PathCallback: "POST", email.PathStatus: "GET", email.PathReplies: "GET", email.PathReply: "DELETE", email.PathHealth: "GET"}[path]
			if method != want {
				t.Errorf("%s %s, want %s", method, path, want)
			}
		}
	}
	if len(doc.Paths.Map()) != 7 {
		t.Errorf("%d paths", len(doc.Paths.Map()))
	}
}

func TestOptions(t *testing.T) {
	for prefix, good := range map[string]bool{"": true, "/govstack/messaging": true, "/bb": true, "/": false, "bb": false, "/bb/": false, "/v1": false, "/v1/x": false, "/{x}": false, "/a//b": false, "/A": false} {
		if errs := (email.Options{Prefix: prefix}).Check(); (len(errs) == 0) != good {
			t.Errorf("%q: %v", prefix, errs)
		}
	}
}

// Whatever comes, what is taken is what can be sent: what was read can be sealed and read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{single, batch(`[{"recipientInfo":` + oneTo + `}]`), `{"meta":"x","content":"YQ=="}`, "", "{", `{"emailContent":{"content":"\ud800"}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		one, err := email.ParseSingle(body, 5)
		many, errB := email.ParseBatch(body, 3)
		_, errR := email.ParseReply(body)
		for _, err := range []error{err, errB, errR} {
			var p *problem.Error
			if err != nil && (!errors.As(err, &p) || len(p.Faults) == 0 || len(p.Faults) > 20) {
				t.Errorf("refused with %v", err)
			}
			for _, fault := range faultsOf(err) {
				if !v1.FaultCode(fault.Code).Valid() {
					t.Errorf("a fault with the code %q", fault.Code)
				}
			}
		}
		for _, m := range []email.Mail{one, many} {
			for _, c := range m.Recipients {
				if _, err := rooms.DecodeContact(c.Encode()); err != nil {
					t.Errorf("a recipient that cannot be read again: %v", err)
				}
			}
			if len(m.Recipients) > 0 {
				if _, err := rooms.DecodeContent(m.Content); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func faultsOf(err error) []rooms.Fault {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Faults
	}
	return nil
}
