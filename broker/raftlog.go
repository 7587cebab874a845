package broker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// shortenPause lies between two tries: each stalls the stream for the time of a synced write.
const shortenPause = 500 * time.Millisecond

// shorten waits until this node has applied what is asked for, then drops all that it has applied from the log. It tells
// which entry was the last of those, once the files are gone that held them.
func (s *Server) shorten(ctx context.Context, r compactRequest) (upTo uint64, err error) {
	err = repeat(ctx, func() error {
		g, err := s.raftGroup(r.Group)
		if upTo = g.Applied; err == nil && upTo < r.UpTo {
			err = fmt.Errorf("broker: stream %s has come to %d of %d", r.Stream, upTo, r.UpTo)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	old, err := s.logFiles(r.Group)
	if err == nil && len(old) == 0 {
		err = fmt.Errorf("broker: no file of the RAFT log of stream %s is found", r.Stream)
	}
	for err == nil {
		fault := s.forgotten(r, upTo, old)
		if fault == nil {
			return upTo, nil
		}
		failed := s.nats.JetStreamSnapshotStream(coreAccount, r.Stream)
		if s.forgotten(r, upTo, old) == nil {
			return upTo, nil
		}
		if pause(ctx, shortenPause) != nil {
			err = errors.Join(fault, failed)
		}
	}
	return 0, err
}

// forgotten fails while a log holds an entry up to one, or a file is there of those that held them: what a log has dropped
// stays in its file until all of that is dropped, or most of it and the file is large.
func (s *Server) forgotten(r compactRequest, upTo uint64, old []fs.FileInfo) error {
	g, err := s.raftGroup(r.Group)
	if err != nil {
		return err
	}
	if g.WAL.FirstSeq <= upTo {
		return fmt.Errorf("broker: the RAFT log of stream %s begins with %d, which is not after %d", r.Stream, g.WAL.FirstSeq, upTo)
	}
	now, err := s.logFiles(r.Group)
	if err != nil {
		return err
	}
	same := func(f fs.FileInfo) bool {
		return slices.ContainsFunc(old, func(o fs.FileInfo) bool { return os.SameFile(o, f) })
	}
	if g.WAL.Msgs > 0 && slices.ContainsFunc(now, same) {
		return fmt.Errorf("broker: %d new entries are in one file with old ones in the RAFT log of stream %s", g.WAL.Msgs, r.Stream)
	}
	if _, err := os.Stat(filepath.Join(s.logFolder(r.Group), "__msgs__")); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("broker: the server is removing the RAFT log of stream %s", r.Stream), err)
	}
	return nil
}

// logFolder is where the server keeps the log of a RAFT group: in msgs the log, in __msgs__ what it is about to remove.
func (s *Server) logFolder(group string) string {
	return filepath.Join(s.nats.StoreDir(), s.nats.SystemAccount().Name, "_js_", group)
}

func (s *Server) logFiles(group string) ([]fs.FileInfo, error) {
	list, err := os.ReadDir(filepath.Join(s.logFolder(group), "msgs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the server puts another in its place
		return nil, fmt.Errorf("broker: look at a RAFT log: %w", err)
	}
	var files []fs.FileInfo
	for _, e := range list {
		if f, err := e.Info(); err == nil && filepath.Ext(e.Name()) == ".blk" {
			files = append(files, f)
		}
	}
	return files, nil
}

// raftGroup is what this node knows of a RAFT group.
func (s *Server) raftGroup(name string) (server.RaftzGroup, error) {
	for _, groups := range *s.nats.Raftz(&server.RaftzOptions{AccountFilter: coreAccount, GroupFilter: name}) {
		for _, g := range groups {
			return g, nil
		}
	}
	return server.RaftzGroup{}, fmt.Errorf("broker: this node is not in %s", name)
}
