package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// entries are all entries of all streams: their subjects, headers and data, by subject and sequence.
func (l *leak) entries() map[string][]byte {
	l.t.Helper()
	nc, err := l.s.store.broker.Connect("test")
	if err != nil {
		l.t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		l.t.Fatal(err)
	}
	all, streams := map[string][]byte{}, map[string]int{}
	for name := range js.StreamNames(l.t.Context()).Name() {
		s, err := js.Stream(l.t.Context(), name)
		if err != nil {
			l.t.Fatal(err)
		}
		for seq := max(1, s.CachedInfo().State.FirstSeq); seq <= s.CachedInfo().State.LastSeq; seq++ {
			m, err := s.GetMsg(l.t.Context(), seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				l.t.Fatal(err)
			}
			streams[name]++
			all[fmt.Sprintf("%s, %s %d", m.Subject, name, seq)] = fmt.Appendf(nil, "%s\n%v\n%s", m.Subject, m.Header, m.Data)
		}
	}
	for _, name := range []string{"ROOMS", "EVENTS", "SUBSCRIBERS", "SCHED", "AUDIT", "KV_rooms"} {
		if streams[name] == 0 {
			l.t.Errorf("stream %s is empty: the test has proved nothing", name)
		}
	}
	return all
}

// searchStore searches every file of the store, and its name, after it has found a file that is there to be found.
func (l *leak) searchStore(when string) {
	l.t.Helper()
	control := filepath.Join(l.s.home.store, "control")
	if err := os.WriteFile(control, []byte("x"+leakNamed), 0o600); err != nil {
		l.t.Fatal(err)
	}
	found, files := l.files()
	if !slices.Contains(found["control"], "named address, plain") {
		l.t.Errorf("%s: the search does not find what is there: %v", when, found)
	}
	delete(found, "control")
	for file, what := range found {
		l.t.Errorf("%s: %s holds %v", when, file, what)
	}
	for _, part := range []string{"index.db", ".blk"} {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasSuffix(f, part) }) {
			l.t.Errorf("%s: no %s among %d files", when, part, len(files))
		}
	}
	if err := os.Remove(control); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leak) files() (found map[string][]string, files []string) {
	l.t.Helper()
	found = map[string][]string{}
	err := filepath.WalkDir(l.s.home.store, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // gone since it was listed
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(l.s.home.store, path)
		content, err := os.ReadFile(path)
		if what := find(l.all, append([]byte(name+"\n"), content...)); len(what) > 0 {
			found[name] = what
		}
		files = append(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return found, files
}

// search wants none of the forms in a text, and shows the line in which one is.
func (l *leak) search(where string, text []byte, forms []form) {
	l.t.Helper()
	if len(find(forms, text)) == 0 {
		return
	}
	for line := range bytes.Lines(text) {
		if found := find(forms, line); len(found) > 0 {
			l.t.Errorf("%s shows %v: %.500s", where, found, line)
		}
	}
	if !l.t.Failed() {
		l.t.Errorf("%s shows %v over several lines", where, find(forms, text))
	}
}
