package cap_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/govcrier/crier/api/cap"
	"github.com/govcrier/crier/rooms"
)

func said(t *testing.T, raw []byte) rooms.Content {
	t.Helper()
	b, err := parsed(t, raw).Content(cap.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rooms.DecodeContent(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContentSpeaksEveryLanguage(t *testing.T) {
	c := said(t, read(t, "thunderstorm"))
	for language, want := range map[string]string{
		"": "Severe thunderstorm over", "en": "Severe thunderstorm over", "en-GB": "Severe thunderstorm over", "ky": "Severe thunderstorm over",
		"fr": "Orage violent sur", "fr-CH": "Orage violent sur", "FR-FR": "Orage violent sur",
	} {
		v := c.In(language)
		if !strings.HasPrefix(v.Subject.Reveal(), want) || v.SMS.Reveal() != v.Subject.Reveal() || !strings.HasPrefix(v.Text.Reveal(), want) {
			t.Errorf("%s: %q, %q", language, v.Subject.Reveal(), v.Text.Reveal())
		}
	}
	text := c.Text.Reveal()
	for _, part := range []string{"Hail as large as walnuts & gusts", "Go into a solid building.", "Upper Emme valley; Napf", "https://met.example/warnings/003", "warnings@met.example", "Example Meteorological Office"} {
		if !strings.Contains(text, part) {
			t.Errorf("the text does not say %q: %s", part, text)
		}
	}
	if len(c.Languages) != 2 {
		t.Errorf("%d variants, want fr-ch and fr", len(c.Languages))
	}
}

func TestContentOfSeveralInfosInOneLanguage(t *testing.T) {
	raw := minimal("</alert>", `<info><category>Met</category><event>Flood</event><urgency>Future</urgency><severity>Minor</severity>`+
		`<certainty>Possible</certainty><headline> The river
		rises </headline></info></alert>`)
	c := said(t, raw)
	if c.Subject.Reveal() != "Storm / The river rises" || c.SMS.Reveal() != "Storm\nThe river rises" || c.Text.Reveal() != "Storm\n\nOsh\n\nThe river rises" {
		t.Errorf("%q, %q, %q", c.Subject.Reveal(), c.SMS.Reveal(), c.Text.Reveal())
	}
}

// RFC 3066 knows languages that nobody can prefer here; then they are not told apart.
func TestContentInALanguageWithoutATag(t *testing.T) {
	raw := minimal("<category>", "<language>i-navajo</language><category>", "</alert>", `<info><language>x-hills</language><category>Met</category><event>Other</event>`+
		`<urgency>Future</urgency><severity>Minor</severity><certainty>Possible</certainty></info></alert>`)
	if c := said(t, raw); c.Subject.Reveal() != "Storm" || len(c.Languages) > 0 {
		t.Errorf("%q, %d variants", c.Subject.Reveal(), len(c.Languages))
	}
}

func TestContentOfACancelWithoutInfo(t *testing.T) {
	if c := said(t, read(t, "cancel")); c.Text.Reveal() != "The thunderstorm has dissolved." {
		t.Errorf("%q", c.Text.Reveal())
	}
	raw := strings.Replace(string(read(t, "cancel")), "<note>The thunderstorm has dissolved.</note>", "", 1)
	if c := said(t, []byte(raw)); c.SMS.Reveal() != "This alert is cancelled." {
		t.Errorf("%q", c.SMS.Reveal())
	}
}

func TestLongTextsFitTheirChannels(t *testing.T) {
	for _, tc := range []string{strings.Repeat("ä", 5000), "a\u0085b\u009f", "{{name}}"} {
		raw := minimal("<area>", "<headline>"+tc+"</headline><description>"+tc+"</description><area>")
		b, err := parsed(t, raw).Content(cap.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if faults := cap.Check(b); len(faults) > 0 {
			t.Errorf("%.20q: %+v", tc, faults)
		}
	}
}

// The longest alert fits into an entry of the log (8 MiB, less 64 KiB for headers), whatever it says.
func TestLongestAlertFits(t *testing.T) {
	raw := minimal("<category>", "<language>fr-CH</language><category>", "</alert>", `<info><language>de-CH</language><category>Met</category><event>Sturm</event>`+
		`<urgency>Future</urgency><severity>Minor</severity><certainty>Possible</certainty><description>`+strings.Repeat(`"`, 1<<20-800)+`</description></info></alert>`)
	if len(raw) > 1<<20 {
		t.Fatalf("%d bytes", len(raw))
	}
	content, err := parsed(t, raw).Content(cap.Options{}, nil)
	if err != nil || len(content) > 8<<20-64<<10 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

func TestLanes(t *testing.T) {
	alert := func(severity, urgency, certainty string) cap.Alert {
		return parsed(t, minimal(">Severe<", ">"+severity+"<", ">Immediate<", ">"+urgency+"<", ">Likely<", ">"+certainty+"<"))
	}
	own := cap.Options{Lanes: []string{"Minor * * bulk", "* Immediate|Expected * emergency"}}
	for _, tc := range []struct {
		severity, urgency, certainty string
		standard, own                rooms.Lane
	}{
		{"Extreme", "Immediate", "Observed", rooms.Emergency, rooms.Emergency},
		{"Severe", "Expected", "Likely", rooms.Emergency, rooms.Emergency},
		{"Moderate", "Immediate", "Observed", rooms.Normal, rooms.Emergency},
		{"Extreme", "Future", "Likely", rooms.Normal, rooms.Normal},
		{"Extreme", "Immediate", "Possible", rooms.Normal, rooms.Emergency},
		{"Minor", "Immediate", "Observed", rooms.Normal, rooms.Bulk},
		{"Unknown", "Unknown", "Unknown", rooms.Normal, rooms.Normal},
	} {
		a := alert(tc.severity, tc.urgency, tc.certainty)
		if lane := (cap.Options{}).Lane(a); lane != tc.standard {
			t.Errorf("%v: %s", tc, lane)
		}
		if lane := own.Lane(a); lane != tc.own {
			t.Errorf("%v: %s by rules of its own", tc, lane)
		}
	}
	two := parsed(t, minimal("</alert>", `<info><category>Met</category><event>Flood</event><urgency>Future</urgency><severity>Minor</severity><certainty>Possible</certainty></info></alert>`))
	if lane := (cap.Options{}).Lane(two); lane != rooms.Emergency {
		t.Errorf("of two infos the most urgent says the lane, not %s", lane)
	}
	if lane := (cap.Options{}).Lane(parsed(t, read(t, "cancel"))); lane != "" {
		t.Errorf("an alert that says nothing of it: %s", lane)
	}
}

func TestOptionsNameTheirFaults(t *testing.T) {
	if errs := (cap.Options{}).Check(); len(errs) > 0 {
		t.Error(errs)
	}
	for _, o := range []cap.Options{
		{Lanes: []string{"Severe * emergency"}}, {Lanes: []string{"severe * * emergency"}}, {Lanes: []string{"* * * soon"}},
		{MaxBytes: 4 << 20}, {FeedEntries: -1}, {MaxElements: 1}, {FeedAge: -1},
	} {
		if len(o.Check()) != 1 {
			t.Errorf("%+v: %v", o, o.Check())
		}
	}
}

func TestAudience(t *testing.T) {
	district := rooms.AreaRule{Geocode: "EX-DISTRICT", Attribute: "district"}
	zip := rooms.AreaRule{Geocode: "EX-ZIP", Attribute: "zip"}
	desc := rooms.AreaRule{Geocode: rooms.AreaDesc, Attribute: "area"}
	storm, quake := read(t, "thunderstorm"), read(t, "earthquake")
	many := ""
	for n := range 101 {
		many += fmt.Sprintf("<geocode><valueName>EX-DISTRICT</valueName><value>d%d</value></geocode>", n)
	}
	for _, tc := range []struct {
		name  string
		raw   []byte
		rules []rooms.AreaRule
		want  string
	}{
		{"no rule", storm, nil, "map[]"},
		{"by district", storm, []rooms.AreaRule{district}, "map[district:[emme napf]]"},
		{"a system that one area lacks", storm, []rooms.AreaRule{zip}, "map[]"},
		{"the next system", storm, []rooms.AreaRule{zip, district}, "map[district:[emme napf]]"},
		{"by description", quake, []rooms.AreaRule{district, desc}, "map[area:[12 km around Alten]]"},
		{"no codes", quake, []rooms.AreaRule{district}, "map[]"},
		{"no areas", minimal("<area><areaDesc>Osh</areaDesc></area>", ""), []rooms.AreaRule{desc}, "map[]"},
		{"no infos", read(t, "cancel"), []rooms.AreaRule{desc}, "map[]"},
		{"too many", minimal("</area>", many+"</area>"), []rooms.AreaRule{district}, "map[]"},
	} {
		if got := fmt.Sprint(parsed(t, tc.raw).Audience(tc.rules)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// Whom only some of the infos concern gets those, in his language or else in any of theirs.
func TestContentByPlace(t *testing.T) {
	info := func(language, headline string, areas ...string) string {
		out := `<info><language>` + language + `</language><category>Met</category><event>Storm</event><urgency>Future</urgency><severity>Minor</severity><certainty>Possible</certainty><headline>` + headline + `</headline>`
		for _, code := range areas {
			out += `<area><areaDesc>` + code + `</areaDesc><geocode><valueName>EX-DISTRICT</valueName><value>` + code + `</value></geocode></area>`
		}
		return out + `</info>`
	}
	alert := func(infos ...string) []byte {
		raw := string(minimal())
		from, to := strings.Index(raw, "<info>"), strings.Index(raw, "</alert>")
		return []byte(raw[:from] + strings.Join(infos, "") + raw[to:])
	}
	by := []rooms.AreaRule{{Geocode: "EX-DISTRICT", Attribute: "district"}}
	content := func(raw []byte) rooms.Content {
		b, err := parsed(t, raw).Content(cap.Options{}, by)
		if err != nil {
			t.Fatal(err)
		}
		if faults := cap.Check(b); len(faults) > 0 {
			t.Fatalf("%+v", faults)
		}
		c, err := rooms.DecodeContent(b)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	apart := content(alert(info("en", "Flood", "sundar", "delta"), info("ne", "Baadhi", "sundar", "delta"), info("fr", "Avalanche", "hills"), info("en", "Wind", "delta")))
	for who, want := range map[string]string{
		"sundar en": "Flood", "sundar ne": "Baadhi", "sundar fr": "Flood", "hills en": "Avalanche", "hills fr": "Avalanche", "hills ": "Avalanche",
		"delta en": "Flood / Wind", "delta ne": "Baadhi", " en": "Flood / Wind", " fr": "Avalanche",
	} {
		district, language, _ := strings.Cut(who, " ")
		person := rooms.Contact{Language: language, Values: map[string]rooms.Body{"district": rooms.NewBody(district)}}
		if got := apart.To(person); got.Subject.Reveal() != want || got.Text.IsZero() || got.SMS.IsZero() {
			t.Errorf("%s is told %q, want %q", who, got.Subject.Reveal(), want)
		}
	}
	for name, raw := range map[string][]byte{
		"the same areas in each language": alert(info("en", "Flood", "sundar", "delta"), info("ne", "Baadhi", "delta", "sundar")),
		"an info without code":            alert(info("en", "Flood", "sundar"), info("en", "Wind")),
		"more than is said by place":      alert(info("en", strings.Repeat("Flood ", 30_000), "sundar"), info("en", "Wind", "delta")),
	} {
		if c := content(raw); len(c.Places) > 0 {
			t.Errorf("%s: %d places", name, len(c.Places))
		}
	}
}

func TestTransactionIsOfTheTriple(t *testing.T) {
	storm, update := parsed(t, read(t, "thunderstorm")), parsed(t, read(t, "update"))
	if update.References[0].TransactionID("a") != storm.TransactionID("a") {
		t.Error("an alert is not found again by the triple that refers to it, in another zone")
	}
	ids := map[string]bool{}
	for _, r := range []cap.Reference{
		storm.Reference, {Sender: "a", Identifier: "bc", Sent: storm.Sent}, {Sender: "ab", Identifier: "c", Sent: storm.Sent}, {Sender: "a", Identifier: "bc", Sent: update.Sent},
	} {
		for _, room := range []rooms.Room{"a", "b"} {
			id := r.TransactionID(room)
			if ids[id] || len(id) > 128 || strings.Contains(id, "met") {
				t.Errorf("%s", id)
			}
			ids[id] = true
		}
	}
}
