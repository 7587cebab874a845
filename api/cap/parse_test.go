package cap_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/rooms"
)

const elements = 1000

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".xml"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func parsed(tb testing.TB, raw []byte) cap.Alert {
	tb.Helper()
	a, faults := cap.Parse(raw, elements)
	if len(faults) > 0 {
		tb.Fatalf("%+v", faults)
	}
	return a
}

func names() []string {
	return []string{"thunderstorm", "earthquake", "amber", "update", "cancel", "cyclone"}
}

func TestAlertsAreRead(t *testing.T) {
	for _, name := range names() {
		raw := read(t, name)
		a := parsed(t, raw)
		if a.Identifier == "" || a.Sent.IsZero() || a.Signed != (name == "update") {
			t.Errorf("%s: %+v", name, a)
		}
		content, err := a.Content(cap.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if original, ok := cap.Original(content); !ok || !bytes.Equal(original, raw) {
			t.Errorf("%s is not kept byte for byte", name)
		}
		if faults := cap.Check(content); len(faults) > 0 {
			t.Errorf("%s: %+v", name, faults)
		}
	}
}

func TestValuesOfAnAlert(t *testing.T) {
	a := parsed(t, read(t, "thunderstorm"))
	if a.Sender != "warnings@met.example" || a.Sent != time.Date(2026, 11, 22, 12, 57, 0, 0, time.UTC) || a.Status != "Actual" || len(a.Info) != 2 {
		t.Errorf("%+v", a)
	}
	i := a.Info[0]
	if i.Severity != "Severe" || i.Urgency != "Immediate" || i.Certainty != "Observed" || i.Language != "en" || i.Places() != "Upper Emme valley; Napf" {
		t.Errorf("%+v", i)
	}
	if !strings.Contains(i.Description, "walnuts & gusts") || a.Info[1].Instruction != "Réfugiez-vous dans un bâtiment en dur." {
		t.Errorf("%q, %q", i.Description, a.Info[1].Instruction)
	}
	if u := parsed(t, read(t, "update")); len(u.References) != 2 || u.References[0] != a.Reference {
		t.Errorf("an update refers to %+v", u.References)
	}
	if e := parsed(t, read(t, "earthquake")); e.Info[0].Language != "en-US" || !e.Expires().IsZero() {
		t.Errorf("%+v", e.Info[0])
	}
	if c := parsed(t, read(t, "cyclone")); !c.Exercise() || c.Effective() != time.Date(2026, 11, 22, 12, 30, 0, 0, time.UTC) {
		t.Errorf("effective %v", c.Effective())
	}
}

// minimal is an alert with as little as there has to be; change replaces a part of it.
func minimal(change ...string) []byte {
	const alert = `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>s</sender>` +
		`<sent>2026-11-22T09:00:00+06:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>` +
		`<info><category>Met</category><event>Storm</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>` +
		`<area><areaDesc>Osh</areaDesc></area></info></alert>`
	return []byte(strings.NewReplacer(change...).Replace(alert))
}

func TestBadAlerts(t *testing.T) {
	parsed(t, minimal())
	area := func(s string) []byte { return minimal("</area>", s+"</area>") }
	inInfo := func(s string) []byte { return minimal("<area>", s+"<area>") }
	resource := func(s string) []byte {
		return inInfo("<resource><resourceDesc>r</resourceDesc><mimeType>image/png</mimeType>" + s + "</resource>")
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		want string // pointer and code of the first fault
	}{
		{"nothing", nil, " empty_body"},
		{"white space", []byte(" \n"), " empty_body"},
		{"JSON", []byte(`{"a":1}`), " trailing_data"},
		{"broken off", minimal("</alert>", ""), " syntax"},
		{"not UTF-8", minimal("Osh", "\xe9"), " invalid_utf8"},
		{"UTF-16", []byte("\xfe\xff\x00<\x00a"), " invalid_utf8"},
		{"another encoding declared", append([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?>`), minimal()...), " invalid_utf8"},
		{"a second declaration", append([]byte(`<?xml version="1.0"?><?xml version="1.0"?>`), minimal()...), " syntax"},
		{"a DTD", append([]byte(`<!DOCTYPE alert [<!ENTITY a "b">]>`), minimal()...), " syntax"},
		{"an entity", minimal("Osh", "&a;"), " syntax"},
		{"an external entity", append([]byte(`<!DOCTYPE alert SYSTEM "file:///etc/passwd">`), minimal()...), " syntax"},
		{"two alerts", append(minimal(), minimal()...), " trailing_data"},
		{"text behind", append(minimal(), 'x'), " trailing_data"},
		{"CAP 1.1", minimal("cap:1.2", "cap:1.1"), " invalid_value"},
		{"no namespace", minimal(` xmlns="urn:oasis:names:tc:emergency:cap:1.2"`, ""), " invalid_value"},
		{"an undeclared prefix", minimal(`<alert xmlns=`, `<cap:alert xmlns=`, "</alert>", "</cap:alert>"), " invalid_value"},
		{"another root", minimal("alert", "warning"), " invalid_value"},
		{"an attribute", minimal("<status>", `<status id="1">`), " unknown_member"},
		{"an element of another namespace", minimal("<status>", `<x xmlns="urn:x">1</x><status>`), " unknown_member"},
		{"a signature within", inInfo(`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`), " unknown_member"},
		{"another element of signatures", minimal("</alert>", `<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>`), " unknown_member"},
		{"a signature too early", minimal("<status>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/><status>`), "/alert/status invalid_value"},
		{"encrypted", minimal("</alert>", `<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"/></alert>`), " not_supported"},
		{"deep", minimal("Osh", strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)), " too_deep"},
		{"a deep signature", minimal("</alert>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">`+strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40)+"</Signature></alert>"), " too_deep"},
		{"many", minimal("<area>", strings.Repeat("<parameter><valueName>a</valueName><value>b</value></parameter>", 400)+"<area>"), " too_many"},

		{"unknown", minimal("<status>", "<colour>red</colour><status>"), "/alert unknown_member"},
		{"unknown in an info", inInfo("<colour>red</colour>"), "/alert/info/0 unknown_member"},
		{"an element of another place", minimal("<status>", "<event>x</event><status>"), "/alert unknown_member"},
		{"twice", minimal("<status>", "<sender>s</sender><status>"), "/alert/sender duplicate_member"},
		{"out of order", minimal("<identifier>a</identifier>", "", "<status>", "<identifier>a</identifier><status>"), "/alert/identifier invalid_value"},
		{"text among elements", minimal("<status>", "x<status>"), "/alert wrong_type"},
		{"elements in a text", minimal("Storm", "<event>x</event>"), "/alert/info/0/event wrong_type"},
		{"no sender", minimal("<sender>s</sender>", ""), "/alert/sender missing"},
		{"no event", minimal("<event>Storm</event>", ""), "/alert/info/0/event missing"},
		{"an empty event", minimal("Storm", " "), "/alert/info/0/event missing"},
		{"no scope", minimal("<scope>Public</scope>", ""), "/alert/scope missing"},

		{"a name with a space", minimal("<sender>s", "<sender>s t"), "/alert/sender invalid_value"},
		{"a name with a comma", minimal("<identifier>a", "<identifier>a,b"), "/alert/identifier invalid_value"},
		{"Z", minimal("+06:00", "Z"), "/alert/sent invalid_time"},
		{"no zone", minimal("+06:00", ""), "/alert/sent invalid_time"},
		{"no such day", minimal("11-22", "11-31"), "/alert/sent invalid_time"},
		{"fractions", minimal("00+06", "00.5+06"), "/alert/sent invalid_time"},
		{"a status in lower case", minimal("Actual", "actual"), "/alert/status invalid_value"},
		{"a code in white space", minimal(">Public<", "> Public <"), "/alert/scope invalid_value"},
		{"a severity", minimal(">Severe<", ">Very Severe<"), "/alert/info/0/severity invalid_value"},
		{"a certainty of CAP 1.0", minimal(">Likely<", ">Very Likely<"), "/alert/info/0/certainty invalid_value"},
		{"a category", minimal(">Met<", ">Weather<"), "/alert/info/0/category/0 invalid_value"},
		{"a response", minimal("<urgency>", "<responseType>Run</responseType><urgency>"), "/alert/info/0/responseType/0 invalid_value"},
		{"a language", minimal("<category>", "<language>English please</language><category>"), "/alert/info/0/language invalid_value"},
		{"restricted without restriction", minimal("Public", "Restricted"), "/alert/restriction missing"},
		{"private without addresses", minimal("Public", "Private"), "/alert/addresses missing"},
		{"an update of nothing", minimal(">Alert<", ">Update<"), "/alert/references missing"},
		{"two of a triple", minimal("<info>", "<references>s,a</references><info>"), "/alert/references invalid_value"},
		{"a triple with Z", minimal("<info>", "<references>s,a,2026-11-22T09:00:00Z</references><info>"), "/alert/references invalid_value"},
		{"a time of effect", inInfo("<effective>now</effective>"), "/alert/info/0/effective invalid_time"},
		{"a relative link", inInfo("<web>/a</web>"), "/alert/info/0/web invalid_value"},
		{"a parameter without value", inInfo("<parameter><valueName>a</valueName></parameter>"), "/alert/info/0/parameter/0/value missing"},
		{"a resource without type", inInfo("<resource><resourceDesc>r</resourceDesc></resource>"), "/alert/info/0/resource/0/mimeType missing"},
		{"a media type", inInfo("<resource><resourceDesc>r</resourceDesc><mimeType>picture</mimeType></resource>"), "/alert/info/0/resource/0/mimeType invalid_value"},
		{"a size", resource("<size>big</size>"), "/alert/info/0/resource/0/size invalid_value"},
		{"base64", resource("<derefUri>%%%</derefUri>"), "/alert/info/0/resource/0/derefUri invalid_value"},
		{"a digest", resource("<digest>abc</digest>"), "/alert/info/0/resource/0/digest invalid_value"},
		{"a polygon that is open", area("<polygon>1,1 2,2 3,3 4,4</polygon>"), "/alert/info/0/area/0/polygon/0 invalid_value"},
		{"a polygon of three", area("<polygon>1,1 2,2 1,1</polygon>"), "/alert/info/0/area/0/polygon/0 invalid_value"},
		{"a latitude", area("<polygon>91,1 2,2 3,3 91,1</polygon>"), "/alert/info/0/area/0/polygon/0 invalid_value"},
		{"not a number", area("<polygon>NaN,1 2,2 3,3 NaN,1</polygon>"), "/alert/info/0/area/0/polygon/0 invalid_value"},
		{"the second polygon", area("<polygon>1,1 2,2 3,3 1.0,1</polygon><polygon>x</polygon>"), "/alert/info/0/area/0/polygon/1 invalid_value"},
		{"a circle without radius", area("<circle>1,1</circle>"), "/alert/info/0/area/0/circle/0 invalid_value"},
		{"a circle of less than nothing", area("<circle>1,1 -1</circle>"), "/alert/info/0/area/0/circle/0 invalid_value"},
		{"a ceiling without floor", area("<ceiling>100</ceiling>"), "/alert/info/0/area/0/altitude missing"},
		{"an altitude", area("<altitude>high</altitude>"), "/alert/info/0/area/0/altitude invalid_value"},
	} {
		_, faults := cap.Parse(tc.raw, elements)
		if len(faults) == 0 {
			t.Errorf("%s: taken", tc.name)
			continue
		}
		if got := faults[0].Pointer + " " + faults[0].Code; got != tc.want || faults[0].Detail == "" {
			t.Errorf("%s: %q, want %q (%s)", tc.name, got, tc.want, faults[0].Detail)
		}
	}
}

func TestFaultsDoNotRepeatTheAlert(t *testing.T) {
	const secret = "zaphod"
	for _, raw := range [][]byte{
		minimal("Actual", secret), minimal("<status>", "<"+secret+">x</"+secret+"><status>"), minimal("Osh", "&"+secret+";"),
		minimal("<status>", "<status "+secret+`="1">`), minimal("<identifier>a", "<identifier>"+secret+" b"), minimal("+06:00", secret),
	} {
		_, faults := cap.Parse(raw, elements)
		for _, f := range faults {
			if strings.Contains(f.Pointer+f.Detail, secret) {
				t.Errorf("%+v", f)
			}
		}
		if len(faults) == 0 {
			t.Errorf("taken: %s", raw)
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	raw := append([]byte("\ufeff"), minimal()...)
	content, err := parsed(t, raw).Content(cap.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if original, _ := cap.Original(content); !bytes.Equal(original, raw) {
		t.Errorf("%q", original)
	}
}

func TestRefusals(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	const refers = "<references>s,b,2026-11-22T08:00:00+06:00</references><info>"
	for _, tc := range []struct {
		name   string
		change []string
		want   []string
	}{
		{"actual", nil, nil},
		{"a drill", []string{"Actual", "Exercise"}, nil},
		{"a test", []string{"Actual", "Test"}, []string{"/alert/status"}},
		{"a draft", []string{"Actual", "Draft"}, []string{"/alert/status"}},
		{"for systems", []string{"Actual", "System"}, []string{"/alert/status"}},
		{"an acknowledgement", []string{">Alert<", ">Ack<", "<info>", refers}, []string{"/alert/msgType"}},
		{"an error", []string{">Alert<", ">Error<", "<info>", refers}, []string{"/alert/msgType"}},
		{"private", []string{"<scope>Public</scope>", "<scope>Private</scope><addresses>a</addresses>"}, []string{"/alert/scope"}},
		{"expired", []string{"<area>", "<expires>2026-11-22T09:30:00+06:00</expires><area>"}, []string{"/alert/info/0/expires"}},
		{"not expired", []string{"<area>", "<expires>2026-11-22T10:30:00+06:00</expires><area>"}, nil},
		{"never in effect", []string{"<area>", "<effective>2026-11-22T12:00:00+06:00</effective><expires>2026-11-22T11:00:00+06:00</expires><area>"}, []string{"/alert/info/0/expires"}},
	} {
		var got []string
		for _, f := range parsed(t, minimal(tc.change...)).Refuse(now) {
			got = append(got, f.Pointer)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	raw := minimal()
	start, end := bytes.Index(raw, []byte("<info>")), bytes.Index(raw, []byte("</alert>"))
	if f := parsed(t, slices.Concat(raw[:start], raw[end:])).Refuse(now); len(f) != 1 || f[0].Pointer != "/alert/info" {
		t.Errorf("nothing to say: %+v", f)
	}
	if f := parsed(t, read(t, "cancel")).Refuse(now); len(f) > 0 {
		t.Errorf("a cancel: %+v", f)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range names() {
		f.Add(read(f, name))
	}
	f.Add(minimal())
	by := []rooms.AreaRule{{Geocode: "EX-DISTRICT", Attribute: "district"}, {Geocode: rooms.AreaDesc, Attribute: "area"}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, faults := cap.Parse(raw, elements)
		if len(faults) > 0 {
			return
		}
		content, err := a.Content(cap.Options{}, by)
		if err != nil {
			t.Fatal(err)
		}
		if original, ok := cap.Original(content); !ok || !bytes.Equal(original, raw) {
			t.Fatal("not kept byte for byte")
		}
		if faults := cap.Check(content); len(faults) > 0 && len(a.Refuse(time.Time{})) == 0 {
			t.Fatalf("no channel takes it: %+v", faults)
		}
		again, _ := cap.Parse(raw, elements)
		twice, _ := again.Content(cap.Options{}, by)
		if !bytes.Equal(content, twice) {
			t.Fatal("the same alert means something else")
		}
		_, _ = a.Audience(by), a.TransactionID("r")
	})
}
