package rooms_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"pgregory.net/rapid"

	"github.com/govcrier/crier/rooms"
)

// named says what a name reads as, and whether it is refused.
func named[T ~string](parse func(string) (T, error)) func(string) (string, error) {
	return func(s string) (string, error) {
		got, err := parse(s)
		return string(got), err
	}
}

// grammars are the names of crier with their parsers.
func grammars() map[string]func(string) (string, error) {
	return map[string]func(string) (string, error){
		"room": named(rooms.ParseRoom), "type": named(rooms.ParseType), "client": named(rooms.ParseClient),
		"umid": named(rooms.ParseUMID), "subscriber": named(rooms.ParseSubscriberID),
		"channel": named(rooms.ParseChannel), "kind": named(rooms.ParseKind), "status": named(rooms.ParseStatus),
	}
}

func TestNames(t *testing.T) {
	for _, tc := range []struct {
		grammar         string
		accept, decline []string
	}{
		{"room", []string{"a", "newborn", "2026-06_x", strings.Repeat("r", 64)},
			[]string{"", strings.Repeat("r", 65), "-a", "_a", "A", "a.b", "a b", "a*", "a>", "a/b", "ä", "a\n", "a\x00"}},
		{"type", []string{"reminder", "0"}, []string{"", "-", "Reminder", "a.b"}},
		{"client", []string{"hosp-7", "A.b/c:d|e@f", "~", strings.Repeat("c", 128)},
			[]string{"", strings.Repeat("c", 129), "a b", " a", "a\t", "é", "a\x7f", "a\r\n"}},
		{"umid", []string{"01JDB6T0G00000000000000001", "00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"},
			[]string{"", "01JDB6T0G0000000000000000", "01JDB6T0G000000000000000011", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
				"01jdb6t0g00000000000000001", "01JDB6T0G0000000000000000I", "01JDB6T0G0000000000000000.", "A1JDB6T0G00000000000000001"}},
		{"subscriber", []string{"n3fXk0mZq9sV2hYt7LwB1cRjEuA", "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "-_-_-_-_-_-_-_-_-_-_-_-_-_8"},
			[]string{"", "n3fXk0mZq9sV2hYt7LwB1cRjEu", "n3fXk0mZq9sV2hYt7LwB1cRjEuAA", "n3fXk0mZq9sV2hYt7LwB1cRjEuB",
				"n3fXk0mZq9sV2hYt7LwB1cRjEu=", "n3fXk0mZq9sV2hYt7LwB1cRjE.A", "n3fXk0mZq9sV2hYt7LwB1cRjE+A"}},
		{"channel", []string{"email", "sms"}, []string{"", "Email", "fax"}},
		{"kind", []string{"accepted", "erased"}, []string{"", "attempted"}},
		{"status", []string{"pending", "failed"}, []string{"", "gone"}},
	} {
		parse := grammars()[tc.grammar]
		for _, s := range tc.accept {
			if got, err := parse(s); err != nil || got != s {
				t.Errorf("%s %q: read as %q, %v", tc.grammar, s, got, err)
			}
		}
		for _, s := range tc.decline {
			if _, err := parse(s); !errors.Is(err, rooms.ErrName) {
				t.Errorf("%s %q: %v, want ErrName", tc.grammar, s, err)
			}
		}
	}
}

func TestLaneIsNormalIfNotSaid(t *testing.T) {
	for s, want := range map[string]rooms.Lane{"": rooms.Normal, "emergency": rooms.Emergency, "normal": rooms.Normal, "bulk": rooms.Bulk} {
		if got, err := rooms.ParseLane(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	if _, err := rooms.ParseLane("Bulk"); !errors.Is(err, rooms.ErrName) {
		t.Errorf("got %v", err)
	}
}

func TestEveryHashIsASubscriberID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "hash")
		s := base64.RawURLEncoding.EncodeToString(hash)
		if got, err := rooms.ParseSubscriberID(s); err != nil || string(got) != s {
			t.Fatalf("%s: %v", s, err)
		}
	})
}

func TestUMIDTime(t *testing.T) {
	for _, at := range []int64{0, 1, 1_732_262_400_123, 1<<48 - 1} {
		var id ulid.ULID
		if err := id.SetTime(uint64(at)); err != nil {
			t.Fatal(err)
		}
		if got := rooms.UMID(id.String()).Time(); got.UnixMilli() != at || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %d", id, got, at)
		}
	}
	if got := rooms.UMID("short").Time(); !got.IsZero() {
		t.Errorf("a UMID that is none has the time %v", got)
	}
}

// canonical says whether a subscriber id is the one form of 160 bits.
func canonical(s string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(b) == 20
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"newborn", "hosp-7", "01JDB6T0G00000000000000001", "n3fXk0mZq9sV2hYt7LwB1cRjEuA", "a.b", "a\x00", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for grammar, parse := range grammars() {
			got, err := parse(s)
			if err != nil {
				if len(s) > 12 && strings.Contains(err.Error(), s) {
					t.Errorf("the refusal of a %s repeats the input: %v", grammar, err)
				}
				continue
			}
			if got != s || strings.ContainsAny(s, " \t\r\n\x00\x7f") || s == "" {
				t.Errorf("%s: %q was accepted as %q", grammar, s, got)
			}
			if grammar != "client" && strings.ContainsAny(s, ".*>/") {
				t.Errorf("%s: %q is no subject token", grammar, s)
			}
			if grammar == "subscriber" && !canonical(s) {
				t.Errorf("%q is not the one form of 160 bits", s)
			}
		}
	})
}
