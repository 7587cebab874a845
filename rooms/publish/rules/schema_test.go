package rules

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSchemasThatAreNotTaken(t *testing.T) {
	bomb := `{"$ref":"#/$defs/d0","$defs":{`
	for n := range 30 {
		bomb += fmt.Sprintf(`"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]},`, n, n+1, n+1)
	}
	bomb += `"d30":{}}}`
	for raw, want := range map[string]string{
		`{"type":"nothing"}`:                       "/type: not JSON Schema 2020-12",
		`{"properties":{"text":{"minLength":-1}}}`: "/properties/text/minLength: not JSON Schema 2020-12",
		`7`:            ": not JSON Schema 2020-12",
		`[]`:           ": not JSON Schema 2020-12",
		`{`:            ": not JSON",
		`{"$ref":"#"}`: ": $ref leads back",
		`{"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}`: ": $ref leads back",
		`{"if":{"$ref":"#"}}`:                                   ": $ref leads back",
		`{"$ref":"#/$defs/none"}`:                               ": not JSON Schema 2020-12",
		`{"$ref":"https://example.org/schema"}`:                 ": $ref leads elsewhere",
		`{"$ref":"file:///etc/passwd"}`:                         ": $ref leads elsewhere",
		`{"$ref":"other.json"}`:                                 ": ",
		`{"properties":{"a":{"$id":"http://x/","$ref":"y"}}}`:   ": $ref leads elsewhere",
		`{"$schema":"http://json-schema.org/draft-07/schema#"}`: "/$schema: ",
		`{"$schema":5}`:                                         "/$schema: ",
		`{"$id":"https://example.org/"}`:                        "/$id: ",
		`{"$dynamicRef":"#x","$dynamicAnchor":"x"}`:             ": $dynamicRef has no use here",
		`{"pattern":"("}`:                                       "/pattern: a pattern",
		`{"pattern":"(?=a)"}`:                                   "/pattern: a pattern",
		`{"pattern":"a{1000}b{1000}"}`:                          "/pattern: a pattern",
		bomb:                                                    ": too many branches",
		`"` + strings.Repeat("x", MaxSchema) + `"`:              ": at most 32768 bytes",
	} {
		_, err := CompileSchema([]byte(raw))
		var bad *BadSchema
		if !errors.As(err, &bad) || !strings.HasPrefix(bad.Pointer+": "+bad.Detail, want) {
			t.Errorf("%.80s: %v %+v, want %s", raw, err, bad, want)
		}
	}
}

func TestFilesAreNotRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "schema.json")
	if err := os.WriteFile(name, []byte(`true`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"file://" + name, name, "file://" + name + "#"} {
		if _, err := CompileSchema([]byte(`{"$ref":"` + ref + `"}`)); err == nil {
			t.Errorf("%s was read", ref)
		}
	}
}

func TestContentsAreComparedWithSchemas(t *testing.T) {
	for _, tc := range []struct{ schema, content, want string }{
		{`true`, `{}`, ""}, {`{}`, `{}`, ""}, {`false`, `{}`, "/content "},
		{`{"required":["sms"],"properties":{"sms":{"maxLength":3}}}`, `{"sms":"abc"}`, ""},
		{`{"required":["sms"],"properties":{"sms":{"maxLength":3}}}`, `{"sms":"secret"}`, "/content/sms maxLength"},
		{`{"required":["sms"],"properties":{"sms":{"maxLength":3}}}`, `{"text":"a"}`, "/content required"},
		{`{"properties":{"sms":{"pattern":"^[0-9]+$"},"text":{"enum":["a","b"]}}}`, `{"sms":"secret","text":"secret"}`, "/content/sms pattern, /content/text enum"},
		{`{"properties":{"sms":{"$ref":"#/$defs/short"}},"$defs":{"short":{"maxLength":3}}}`, `{"sms":"secret"}`, "/content/sms maxLength"},
		{`{"additionalProperties":{"$ref":"#"},"type":["object","string"],"maxLength":3}`, `{"sms":{"a":"abc"}}`, ""},
		{`{"additionalProperties":{"$ref":"#"},"type":["object","string"],"maxLength":3}`, `{"sms":{"a":"secret"}}`, "/content/sms/a maxLength"},
		{`{"additionalProperties":false,"properties":{"sms":true}}`, `{"secret":1}`, "/content additionalProperties"},
	} {
		s, err := CompileSchema([]byte(tc.schema))
		if err != nil {
			t.Errorf("%s: %v", tc.schema, err)
			continue
		}
		var got []string
		for _, f := range s.Faults("/content", []byte(tc.content)) {
			_, keyword, _ := strings.Cut(f.Detail, ": ")
			got = append(got, f.Pointer+" "+keyword)
			if strings.Contains(f.Detail, "secret") {
				t.Errorf("%s: %s", tc.schema, f.Detail)
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s of %s: %q, want %q", tc.schema, tc.content, got, tc.want)
		}
	}
}

func TestManyFaultsAreCut(t *testing.T) {
	var parts []string
	for n := range 50 {
		parts = append(parts, fmt.Sprintf(`"m%02d":{"maxLength":0}`, n))
	}
	s, err := CompileSchema([]byte(`{"properties":{` + strings.Join(parts, ",") + `}}`))
	if err != nil {
		t.Fatal(err)
	}
	content := strings.ReplaceAll(strings.Join(parts, ","), `{"maxLength":0}`, `"x"`)
	if n := len(s.Faults("/content", []byte("{"+content+"}"))); n != maxFaults {
		t.Errorf("%d faults", n)
	}
}

// Whatever somebody sends as a schema, it is taken or refused, and what was taken can be used.
func FuzzCompileSchema(f *testing.F) {
	for _, seed := range []string{
		`true`, `{"$ref":"#"}`, `{"properties":{"sms":{"maxLength":3,"pattern":"^a*$"}},"required":["sms"]}`, `{"$defs":{"a":{"$anchor":"x"}},"$ref":"#x"}`,
		`{"anyOf":[{"type":"object"},{"const":1.5e300}],"unevaluatedProperties":false}`, `{"dependentSchemas":{"a":{"not":true}},"minProperties":1}`,
		`{"patternProperties":{"^s":{"multipleOf":0.1}},"propertyNames":{"maxLength":9}}`, `{"$id":"x"}`, `{"items":{"$dynamicRef":"#m"}}`,
	} {
		f.Add(seed, `{"subject":"a","sms":"b"}`)
	}
	f.Fuzz(func(t *testing.T, schema, content string) {
		s, err := CompileSchema([]byte(schema))
		var bad *BadSchema
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("another error: %v", err)
		}
		if err == nil {
			s.Faults("/content", []byte(content))
		}
	})
}
