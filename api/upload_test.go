package api

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func upload(e *engine, o Options, rows string) (int, []string) {
	w := ask{"POST", "/v1/rooms/newborn/subscribers", "boss", rows, []string{"Content-Type", "application/x-ndjson"}}.of(serverOn(e, o, &strings.Builder{}))
	return w.Code, strings.Split(strings.TrimSuffix(w.Body.String(), "\n"), "\n")
}

func TestUpload(t *testing.T) {
	e := newEngine()
	status, lines := upload(e, Options{}, strings.Join([]string{
		`{"email":"a@example.com"}`, ``, `{"phone":"+996555000111","name":"B"}`, `{"email":"A@example.com"}`,
		`{"email":"nobody"}`, `{"email":"` + strings.Repeat("x", 10_000) + `"}`, `{`, `{"name":"C"}`, `{"email":"c@example.com"}`,
	}, "\r\n"))
	faults := []struct{ line, code string }{
		{`"line":5`, "invalid_address"}, {`"line":6`, "line_too_long"}, {`"line":7`, "syntax"}, {`"line":8`, "contact_count"},
	}
	if status != 200 || len(lines) != len(faults)+1 || len(e.contacts) != 4 {
		t.Fatalf("%d, %d contacts\n%s", status, len(e.contacts), strings.Join(lines, "\n"))
	}
	for i, f := range faults {
		if !strings.Contains(lines[i], f.line) || !strings.Contains(lines[i], f.code) {
			t.Errorf("%s, want %s %s", lines[i], f.line, f.code)
		}
	}
	if sums := lines[len(faults)]; !sameJSON(t, []byte(sums), `{"added":3,"existing":1,"left":0,"faulty":4}`) {
		t.Errorf("%s", sums)
	}
}

func TestUploadNamesOnlySoManyFaults(t *testing.T) {
	e := newEngine()
	status, lines := upload(e, Options{}, strings.Repeat("{}\n", 3*reportedRows))
	if status != 200 || len(lines) != reportedRows+1 || !sameJSON(t, []byte(lines[reportedRows]), `{"added":0,"existing":0,"left":0,"faulty":3000}`) {
		t.Errorf("%d, %d lines, last %s", status, len(lines), lines[len(lines)-1])
	}
}

// Who has left stays out, unless his consent is of later, or an admin takes him back, one by one.
func TestWhoHasLeftIsNotAdded(t *testing.T) {
	later := noon().Add(-time.Hour).Format(time.RFC3339)
	e := newEngine()
	status, lines := upload(e, Options{}, `{"email":"left@example.com"}`+"\n"+`{"email":"left@example.com","consent":{"at":"`+later+`"}}`+"\n"+
		`{"email":"left@example.com","again":true}`+"\n")
	if status != 200 || len(lines) != 2 || !strings.Contains(lines[0], `"/again"`) || !sameJSON(t, []byte(lines[1]), `{"added":0,"existing":0,"left":2,"faulty":1}`) {
		t.Errorf("%d %s", status, lines)
	}
	since := noon().Add(time.Second).Format(time.RFC3339)
	for body, want := range map[string]int{
		`{"email":"left@example.com"}`:                                  409,
		`{"email":"left@example.com","consent":{"purpose":"x"}}`:        409,
		`{"email":"left@example.com","consent":{"at":"` + since + `"}}`: 201,
		`{"email":"left@example.com","again":true}`:                     201,
	} {
		w := ask{"POST", "/v1/rooms/newborn/subscribers", "boss", body, nil}.of(serverOn(newEngine(), Options{}, &strings.Builder{}))
		if w.Code != want || want == 409 && !strings.Contains(w.Body.String(), `"subscriber_left"`) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// Who has asked for a subscription may end it; another client is told nothing of who is there.
func TestWhoAskedMayEndIt(t *testing.T) {
	e := newEngine()
	e.witness = "other"
	s := serverOn(e, Options{}, &strings.Builder{})
	for _, tc := range []struct {
		who, id string
		want    int
	}{
		{"clinic-4", subscriber, 403}, {"other", strings.Repeat("y", 26) + "A", 403}, {"other", "x", 403},
		{"other", subscriber, 204}, {"other", subscriber, 403}, {"boss", subscriber, 404},
	} {
		if w := (ask{"DELETE", "/v1/rooms/newborn/subscribers/" + tc.id, tc.who, "", nil}).of(s); w.Code != tc.want {
			t.Errorf("%s of %s: %d %s, want %d", tc.who, tc.id, w.Code, w.Body, tc.want)
		}
	}
}

func TestUploadOfMany(t *testing.T) {
	var rows strings.Builder
	for i := range 2*uploadBatch + 1 {
		fmt.Fprintf(&rows, "{\"phone\":\"+4179%07d\"}\n", i)
	}
	if status, lines := upload(newEngine(), Options{}, rows.String()); status != 200 || !sameJSON(t, []byte(lines[0]), fmt.Sprintf(`{"added":%d,"existing":0,"left":0,"faulty":0}`, 2*uploadBatch+1)) {
		t.Errorf("%d %s", status, lines)
	}
}

func TestUploadTooLarge(t *testing.T) {
	if status, lines := upload(newEngine(), Options{MaxUpload: 1000}, strings.Repeat("{}\n", 1000)); status != 413 {
		t.Errorf("%d %s", status, lines)
	}
}

func TestUploadOfNothing(t *testing.T) {
	if status, lines := upload(newEngine(), Options{}, "\n"); status != 200 || !sameJSON(t, []byte(lines[0]), `{"added":0,"existing":0,"left":0,"faulty":0}`) {
		t.Errorf("%d %s", status, lines)
	}
}
