package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/govcrier/crier/rooms/registry"
	"github.com/govcrier/crier/rooms/vault"
)

// TestOtherKeysAreRefusedAtTheStart starts a node on a store that was written with another key file.
func TestOtherKeysAreRefusedAtTheStart(t *testing.T) {
	s := newStand(t, nil, nil)
	s.room("ward", demoPublisher)
	s.stop()
	own := s.home.keysFile + ".own"
	if err := errors.Join(os.Rename(s.home.keysFile, own), vault.Create(s.home.keysFile)); err != nil {
		t.Fatal(err)
	}
	again := func(gone ...uint32) error {
		logger := slog.New(slog.NewJSONHandler(&s.log, nil))
		s.crew, s.app = newCrew(logger), newApp(s.app.config, logger)
		s.app.keysGone = gone
		_, err := s.app.openStore(t.Context(), s.crew)
		s.stop()
		return err
	}
	if err := again(); !errors.Is(err, registry.ErrOtherKeys) || !strings.Contains(err.Error(), "restore its key file") {
		t.Errorf("with another key file: %v", err)
	}
	if err := os.Rename(own, s.home.keysFile); err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Errorf("with its own: %v", err)
	}

	lost, err := vault.Open(t.Context(), vault.Options{KeysFile: s.home.keysFile})
	if err := errors.Join(err, os.Rename(s.home.keysFile, own), vault.Create(s.home.keysFile)); err != nil {
		t.Fatal(err)
	}
	ids := []uint32{lost.Keys()[0].ID, lost.Keys()[1].ID}
	if err := again(ids[0]); !errors.Is(err, registry.ErrOtherKeys) {
		t.Errorf("with one that is gone for good, and another that is not: %v", err)
	}
	if err := errors.Join(again(ids...), again()); err != nil {
		t.Errorf("without those that are gone for good, then once more: %v", err)
	}
}
