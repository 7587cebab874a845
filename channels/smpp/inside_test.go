package smpp

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/govcrier/crier/channels/smpp/pdu"
	"github.com/govcrier/crier/rooms"
)

func TestReceiptTexts(t *testing.T) {
	for text, want := range map[string]receipt{
		"id:0123456789 sub:001 dlvrd:001 submit date:0811200910 done date:0811200911 stat:DELIVRD err:000 text:hello": {"0123456789", "DELIVRD", "000"},
		"id:a-b sub:001 stat:UNDELIV err:0B1 Text:id:7 stat:DELIVRD":                                                  {"a-b", "UNDELIV", "0B1"},
		"ID: 17 SUB: 1 STAT: delivered ERR: 0":                                                                        {"17", "DELIVRD", "0"},
		"stat:EXPIRED id:9":                                                                                           {"9", "EXPIRED", ""},
		"id:9 stat:REJECTED":                                                                                          {"9", "REJECTD", ""},
		"id:9 stat:FAILED err:":                                                                                       {"9", "UNDELIV", ""},
		"id:9 stat:SOMETHING":                                                                                         {"9", "", ""},
		"id: sub:001 stat:DELIVRD":                                                                                    {"", "DELIVRD", ""},
		"id:9,8 err:01234567890123456789":                                                                             {"98", "", "012345678901"},
		"nothing":                                                                                                     {},
		"":                                                                                                            {},
		":::":                                                                                                         {},
	} {
		if got := readReceipt(pdu.Message{Short: []byte(text)}); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	m := pdu.Message{Short: []byte("id:1 stat:ACCEPTD"), TLVs: []pdu.TLV{
		{Tag: pdu.TagReceiptedID, Value: []byte("77\x00")}, {Tag: pdu.TagMessageState, Value: []byte{5}}, {Tag: pdu.TagNetworkError, Value: []byte{3, 0, 17}},
	}}
	if got, want := readReceipt(m), (receipt{"77", "UNDELIV", "3-17"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestValidity(t *testing.T) {
	now := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		kind string
		left time.Duration
		want string
		most time.Duration
	}{
		"absolute":  {ValidityAbsolute, time.Hour, "261123020000000+", 0},
		"relative":  {ValidityRelative, 26*time.Hour + 3*time.Minute + 4*time.Second, "000001020304000R", 0},
		"long":      {ValidityRelative, 1e6 * time.Hour, "000099000000000R", 0},
		"most":      {ValidityAbsolute, 96 * time.Hour, "261125010000000+", 48 * time.Hour},
		"most left": {ValidityRelative, 96 * time.Hour, "000002000000000R", 48 * time.Hour},
		"none":      {ValidityNone, time.Hour, "", 0},
		"past":      {ValidityAbsolute, -time.Second, "", 0},
	} {
		if got := (Options{Validity: tc.kind, MaxValidity: tc.most}).validity(now.Add(tc.left), now); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

// A text of which a part never comes is passed on as it is, and tried again until that works.
func TestTextWithMissingPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passed := make(chan string, 9)
		fail := 2
		j := newJoins(func(w written) error {
			if fail--; fail >= 0 {
				return errDeaf
			}
			passed <- string(w.octets)
			return nil
		})
		if err := j.add(part{1, 3, 2}, written{octets: []byte("middle")}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		text := <-passed
		synctest.Wait()
		j.mu.Lock()
		defer j.mu.Unlock()
		if after := time.Since(began); text != "middle" || after != joinPatience+2*joinAgain || len(j.all)+j.open.Len()+len(j.of) != 0 {
			t.Errorf("%q was passed on after %s, %d are kept", text, after, len(j.all))
		}
	})
}

// Of too many texts of which parts are missing the oldest are passed on as they are; one telephone has its own few only.
func TestTextsWithMissingPartsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passed []string
		var fail error
		var mu sync.Mutex
		j := newJoins(func(w written) error {
			mu.Lock()
			defer mu.Unlock()
			if fail == nil {
				passed = append(passed, w.from.Text+" "+string(w.octets))
			}
			return fail
		})
		add := func(from string, reference uint32, n int, text string) error {
			return j.add(part{reference, 2, n}, written{from: pdu.Address{Text: from}, octets: []byte(text)})
		}
		must := func(from string, reference uint32, n int, text string) {
			t.Helper()
			if err := add(from, reference, n, text); err != nil {
				t.Fatal(err)
			}
		}
		want := func(what string, texts ...string) {
			t.Helper()
			if !slices.Equal(passed, texts) {
				t.Errorf("%s: %q, want %q", what, passed, texts)
			}
			passed = nil
		}
		must("other", 1, 1, "half")
		for i := range uint32(maxJoinsOf) {
			must("one", i, 1, fmt.Sprint(i))
		}
		want("as many as one may have")
		must("one", 99, 1, "x")
		want("one more", "one 0")
		for i := range maxJoins - maxJoinsOf - 1 {
			must(fmt.Sprint(i), 7, 1, "a")
		}
		want("as many as there may be")
		fail = errDeaf
		if err := add("last", 7, 1, "z"); err == nil || j.open.Len() != maxJoins {
			t.Errorf("%v: what could not be passed on is gone", err)
		}
		fail = nil
		must("last", 7, 1, "z")
		want("one more than there may be", "other half")
		must("last", 7, 2, "y")
		want("whole", "last zy")
		must("other", 1, 2, "rest") // begins anew, and is not lost
		time.Sleep(joinPatience + time.Second)
		synctest.Wait()
		if !slices.Contains(passed, "other rest") || len(passed) != maxJoins {
			t.Errorf("%d were passed on in the end, want %d", len(passed), maxJoins)
		}
		if len(j.all)+j.open.Len()+len(j.of) != 0 {
			t.Errorf("%d, %d and %d are kept", len(j.all), j.open.Len(), len(j.of))
		}
	})
}

func TestTextsAreToldApart(t *testing.T) {
	at := time.Date(2026, 11, 23, 1, 10, 5, 0, time.UTC)
	text := func(reference string, after time.Duration) string {
		return written{from: pdu.Address{Text: "996555000100"}, octets: []byte("YES"), reference: reference, at: at.Add(after)}.id("sms")
	}
	for name, tc := range map[string]struct {
		a, b string
		same bool
	}{
		"again within the minute":                 {text("", 0), text("", 40*time.Second), true},
		"later":                                   {text("", 0), text("", time.Minute), false},
		"again within the hour":                   {text("7", 0), text("7", 40*time.Minute), true},
		"another reference":                       {text("7", 0), text("8", 0), false},
		"the reference of a telephone begun anew": {text("7", 0), text("7", time.Hour), false},
	} {
		if (tc.a == tc.b) != tc.same {
			t.Errorf("%s: told apart: %v", name, tc.a != tc.b)
		}
	}
}

func FuzzReceipt(f *testing.F) {
	f.Add("id:1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:", []byte("1\x00"), byte(2))
	f.Add("id: stat", []byte{}, byte(9))
	f.Fuzz(func(t *testing.T, text string, id []byte, state byte) {
		r := readReceipt(pdu.Message{Short: []byte(text), TLVs: []pdu.TLV{{Tag: pdu.TagReceiptedID, Value: id}, {Tag: pdu.TagMessageState, Value: []byte{state}}}})
		if len(r.id) > maxID || len(r.code()) > 32 || word(r.id, maxID) != r.id {
			t.Errorf("%+v", r)
		}
		_ = (Options{ReceiptIDs: IDsHex}).asSent(r.id)
	})
}

// Whatever people write is taken without trouble.
func FuzzText(f *testing.F) {
	f.Add([]byte{5, 0, 3, 1, 1, 1, 'a'}, byte(0), byte(pdu.ESMHeader), "996555000100")
	f.Add([]byte{6, 8, 4, 1, 1, 2, 1, 'a'}, byte(8), byte(pdu.ESMHeader), "0555")
	f.Fuzz(func(t *testing.T, octets []byte, coding, class byte, from string) {
		e := newEars("sms", Options{}.WithDefaults(), nil)
		rest, p, _ := userHeader(octets)
		if len(rest) > len(octets) || p.n < 0 {
			t.Error("more than there was")
		}
		_, _ = e.options.decode(coding, rest)
		_ = e.options.heard(pdu.Address{Text: from})
		w := written{octets: rest, coding: coding}
		if len(w.id("sms")) > 40 {
			t.Error("a long id")
		}
		_, _, _ = headed(octets, part{}, false)
		_, _ = rooms.EncodeGSM7(string(rest))
	})
}

// A text at which we break ends neither the program nor is it lost.
func TestTextThatBreaksIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines strings.Builder
		e := newEars("sms", Options{}.WithDefaults(), slog.New(slog.NewTextHandler(&lines, nil)))
		told := 0
		go func() {
			_ = e.inbox.listen(t.Context(), func(_ context.Context, in rooms.Inbound) error {
				if told++; told == 1 {
					panic("at " + in.Text.Reveal())
				}
				return nil
			})
		}()
		m := pdu.Message{Source: pdu.Address{TON: 1, Text: "996555000100"}, ESMClass: pdu.ESMHeader, Short: []byte("\x05\x00\x03\x01\x02\x01private")}
		if err := e.text(m); err != nil {
			t.Fatal(err)
		}
		time.Sleep(joinPatience + joinAgain + time.Second)
		synctest.Wait()
		if told != 2 || !strings.Contains(lines.String(), "type=string") || strings.Contains(lines.String(), "private") {
			t.Errorf("told %d times; the log has %s", told, lines.String())
		}
	})
}
