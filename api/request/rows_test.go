package request

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
	"github.com/govcrier/crier/rooms"
)

// told reads a file to its end, and says what came of each row.
func told(t *testing.T, file io.Reader, form Form) (out []string) {
	t.Helper()
	rows := NewRows(file, form)
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return out
		}
		var wrong *problem.Error
		if errors.As(err, &wrong) {
			for _, r := range wrong.Rows.First() {
				for _, f := range r.Errors {
					out = append(out, fmt.Sprintf("header %d: %s %s", r.Line, f.Code, f.Pointer))
				}
			}
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range row.Faults {
			out = append(out, fmt.Sprintf("%d: %s %s", row.Line, f.Code, f.Pointer))
		}
		if len(row.Faults) == 0 {
			c := row.Contact
			line := fmt.Sprintf("%d: %s %s %s %s", row.Line, c.Channel, c.Address.Reveal(), c.Name.Reveal(), c.Language)
			for _, o := range c.Others {
				line += " or " + o.Address.Reveal()
			}
			for _, name := range []string{"child", "day"} {
				if v := c.Values[name]; !v.IsZero() {
					line += " " + name + "=" + v.Reveal()
				}
			}
			out = append(out, line)
		}
	}
}

func TestTables(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		want []string
	}{
		"commas":        {"email,name\na@example.com,A\n", []string{"2: email a@example.com A "}},
		"semicolons":    {"email;name\na@example.com;\"A;B\"\n", []string{"2: email a@example.com A;B "}},
		"tabs":          {"email\tname\tchild\na@example.com\tA\t\n", []string{"2: email a@example.com A "}},
		"one column":    {"phone\n+996555000111\n", []string{"2: sms +996555000111  "}},
		"byte mark":     {"\ufeffphone\r\n+996555000111\r\n", []string{"2: sms +996555000111  "}},
		"no last break": {"phone\n+996555000111", []string{"2: sms +996555000111  "}},
		"blank lines":   {"\n\nphone\n\n+996555000111\n \n", []string{"5: sms +996555000111  "}},
		"all columns": {"Name,Email,PHONE,channels,language,child,day\nA,a@example.com,+996555000111,sms email,ky,Bek,Tuesday\n",
			[]string{"2: sms +996555000111 A ky or a@example.com child=Bek day=Tuesday"}},
		"both":             {"phone,email\n+996555000111,a@example.com\n", []string{"2: email a@example.com   or +996555000111"}},
		"one of both":      {"phone,email,channels\n+996555000111,a@example.com,sms\n", []string{"2: sms +996555000111  "}},
		"quotes":           {"phone,name\n+996555000111,\"A \"\"B\"\", C\"\n", []string{"2: sms +996555000111 A \"B\", C "}},
		"like a formula":   {"email,child\n=a@example.com,=1+1\n+b@example.com,@x\n", []string{"2: email =a@example.com   child==1+1", "3: email +b@example.com   child=@x"}},
		"space around":     {"email , child\n a@example.com , Bek \n", []string{"2: email a@example.com   child=Bek"}},
		"faults":           {"email,language\na,ky\nb@example.com,k\n,\n,de\n", []string{"2: invalid_address /email", "3: invalid_name /language", "4: contact_count ", "5: contact_count "}},
		"faulty channels":  {"email,channels\na@example.com,sms\nb@example.com,fax\nc@example.com,email email\n", []string{"2: invalid_value /channels", "3: invalid_value /channels", "4: duplicate_entry /channels"}},
		"field count":      {"email,name\na@example.com\nb@example.com,B,\nc@example.com,C\n", []string{"2: field_count ", "3: field_count ", "4: email c@example.com C "}},
		"an open quote":    {"email,name\n\"a@example.com,A\nb@example.com,B\n", []string{"2: syntax ", "3: email b@example.com B "}},
		"a quote within":   {"email,name\na@example.com,A\"A\nb@example.com,B\n", []string{"2: syntax ", "3: email b@example.com B "}},
		"a broken cell":    {"email,name\na@example.com,\"A\nB\"\nb@example.com,B\n", []string{"2: syntax ", "3: syntax ", "4: email b@example.com B "}},
		"Latin 1":          {"email,name\na@example.com,\xe9\nb@example.com,B\n", []string{"2: invalid_utf8 ", "3: email b@example.com B "}},
		"a long row":       {"email,child\na@example.com," + strings.Repeat("x", MaxLine) + "\nb@example.com,B\n", []string{"2: line_too_long ", "3: email b@example.com   child=B"}},
		"a long cell":      {"email,child\na@example.com," + strings.Repeat("x", 1001) + "\n", []string{"2: invalid_text /child"}},
		"a control":        {"email,child\na@example.com,\x00\n", []string{"2: invalid_text /child"}},
		"nothing":          {"", nil},
		"header only":      {"email\n", nil},
		"no header":        {"a@example.com,A\nb@example.com,B\n", []string{"header 1: invalid_name ", "header 1: contact_count "}},
		"no contact":       {"name,child\nA,B\n", []string{"header 1: contact_count "}},
		"column twice":     {"email,Email\n", []string{"header 1: duplicate_entry /email"}},
		"column empty":     {"email,,name\n", []string{"header 1: invalid_name "}},
		"UTF-16":           {"\xff\xfee\x00m\x00", []string{"header 1: invalid_utf8 "}},
		"header's quote":   {"\"email\n", []string{"header 1: syntax "}},
		"many columns":     {"email" + strings.Repeat(",a", 110), []string{"header 1: too_many "}},
		"a million":        {strings.Repeat("a,", 1_000_000), []string{"header 1: line_too_long "}},
		"empty cells only": {"email,child,day\n,,\n", []string{"2: contact_count "}},
	} {
		if got := told(t, strings.NewReader(tc.file), Form{CSV: true}); strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
		}
	}
}

func TestRowsOfObjects(t *testing.T) {
	const file = "\ufeff" + `{"email":"a@example.com","values":{"child":"Bek"}}

{"phone":"+996555000111","email":"b@example.com","channels":["sms"]}
{"email":"a@example.com","attributes":{}}
{"email":1}
{
`
	want := []string{"1: email a@example.com   child=Bek", "3: sms +996555000111  ", "4: unknown_member /attributes", "5: wrong_type /email", "6: syntax "}
	if got := told(t, strings.NewReader(file), Form{Values: "values"}); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// endless is a file of one line, without end.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= int64(len(p)); e.left < 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = '"'
	}
	return len(p), nil
}

func TestRowsTakeLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := told(t, io.MultiReader(strings.NewReader("email\n"), &endless{100 << 20}), Form{CSV: true})
	runtime.ReadMemStats(&after)
	if len(got) != 1 || got[0] != "2: line_too_long " || after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("%s, %d bytes allocated", got, after.TotalAlloc-before.TotalAlloc)
	}
}

// FuzzRows: whatever the file, each row is a person that can be stored or has faults that can be shown, in the order of the
// lines, and no fault repeats a cell.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{"email,name\na@example.com,zaphod\n", "email;child\n\"zaphod\n", "phone\tchannels\n+996555000111\tsms,zaphod\n", `{"email":"zaphod"}`, "\ufeffemail\r\n\r\n", "\xff\xfe"} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, file []byte, table bool) {
		rows, last := NewRows(strings.NewReader(string(file)), Form{CSV: table, Values: "values"}), int64(0)
		for {
			row, err := rows.Next()
			if err == io.EOF {
				return
			}
			var wrong *problem.Error
			if errors.As(err, &wrong) {
				if wrong.Code != v1.ProblemCodeInvalidRequest || wrong.Rows.Count != 1 {
					t.Errorf("%+v", wrong)
				}
				return
			}
			if err != nil || row.Line <= last {
				t.Fatalf("line %d after %d: %v", row.Line, last, err)
			}
			last = row.Line
			for _, fault := range row.Faults {
				if !v1.FaultCode(fault.Code).Valid() || fault.Detail == "" || !utf8.ValidString(fault.Pointer) || strings.Contains(fault.Detail, "zaphod") {
					t.Errorf("%+v", fault)
				}
			}
			if len(row.Faults) > 0 {
				continue
			}
			if _, err := rooms.DecodeContact(row.Contact.Encode()); err != nil {
				t.Errorf("a contact that does not come back: %v", err)
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	b.ReportAllocs()
	var file strings.Builder
	file.WriteString("email,name,language,child\n")
	for i := range 1000 {
		fmt.Fprintf(&file, "person%d@example.com,Aida,ky,Bek\n", i)
	}
	for b.Loop() {
		rows := NewRows(strings.NewReader(file.String()), Form{CSV: true})
		for _, err := rows.Next(); err != io.EOF; _, err = rows.Next() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The consent of a row is not an attribute; what a row does not say is said of the whole file. Of recipients it is a value.
func TestConsentOfRows(t *testing.T) {
	file := rooms.Consent{Purpose: "news", Source: "list", At: day().Add(-48 * time.Hour)}
	const rest = "2026-11-20T12:00:00Z"
	for name, tc := range map[string]struct {
		form Form
		rows string
		want []string
	}{
		"columns": {Form{CSV: true}, "email;purpose;source;consented_at;district\na@example.com;floods;form 12;2026-11-20T09:00:00+06:00;Osh\nb@example.com;;;;\n",
			[]string{"floods,form 12,2026-11-20T03:00:00Z", ",,0001-01-01T00:00:00Z"}},
		"a day":               {Form{CSV: true}, "email,consented_at\na@example.com,2026-11-20\n", []string{",,2026-11-20T00:00:00Z"}},
		"today, further east": {Form{CSV: true}, "email,consented_at\na@example.com,2026-11-23\n", []string{",,2026-11-22T12:00:00Z"}},
		"of the file":         {Form{CSV: true, Consent: file}, "email,source\na@example.com,form 12\nb@example.com,\n", []string{"news,form 12," + rest, "news,list," + rest}},
		"NDJSON":              {Form{Consent: file}, `{"email":"a@example.com","consent":{"purpose":"floods"}}` + "\n", []string{"floods,list," + rest}},
		"no time":             {Form{CSV: true}, "email,consented_at\na@example.com,20.11.2026\n", []string{"invalid_time /consented_at"}},
		"ahead":               {Form{CSV: true}, "email,consented_at\na@example.com,2026-11-24\nb@example.com,2026-11-22T12:02:00Z\n", []string{"invalid_time /consented_at", "invalid_time /consented_at"}},
		"too long":            {Form{CSV: true}, "email,purpose\na@example.com," + strings.Repeat("x", 201) + "\n", []string{"invalid_text /purpose"}},
	} {
		tc.form.Now = day()
		rows := NewRows(strings.NewReader(tc.rows), tc.form)
		for _, want := range tc.want {
			row, err := rows.Next()
			got := row.Consent.Purpose + "," + row.Consent.Source + "," + row.Consent.At.Format(time.RFC3339)
			for _, f := range row.Faults {
				got = f.Code + " " + f.Pointer
			}
			if err != nil || got != want || !row.Contact.Values["purpose"].IsZero() {
				t.Errorf("%s: %q, %v, want %q", name, got, err, want)
			}
		}
	}
	row, err := NewRows(strings.NewReader("email,purpose\na@example.com,floods\n"), Form{CSV: true}).Next()
	if err != nil || row.Contact.Values["purpose"].Reveal() != "floods" {
		t.Errorf("of a recipient: %+v, %v", row, err)
	}
}

func TestConsentOfAFile(t *testing.T) {
	c, err := ParseFileConsent(url.Values{"purpose": {"floods"}, "source": {"form 12"}, "consented_at": {"2026-11-20"}, "preview": {"true"}}, day())
	if err != nil || c.Purpose != "floods" || c.Source != "form 12" || c.At.Day() != 20 {
		t.Errorf("%+v, %v", c, err)
	}
	for name, value := range map[string][]string{"purpose": {"a", "b"}, "source": {"a\nb"}, "consented_at": {"yesterday"}} {
		var p *problem.Error
		if _, err := ParseFileConsent(url.Values{name: value}, day()); !errors.As(err, &p) || p.Parameter == nil || p.Parameter.Parameter != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
