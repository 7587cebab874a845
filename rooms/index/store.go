package index

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	"github.com/nalgeon/redka"
	"modernc.org/sqlite"
)

// store is the file: redka over two pools of connections, one that writes and some that read.
type store struct {
	db     *redka.DB
	rw, ro *sql.DB
	ids    *filter // of the transaction ids in the file
}

// pragmas of every connection. In WAL mode a killed process loses nothing; with synchronous
// normal a power cut may take back the last transactions whole, but damages nothing, and the
// disk is synced once in wal_autocheckpoint pages.
func pragmas() []string {
	return []string{
		"busy_timeout(5000)",
		"journal_mode(wal)",
		"synchronous(normal)",
		"foreign_keys(on)", // redka deletes by cascade
		"temp_store(memory)",
		"cache_size(-16384)", // KiB, negative by SQLite's convention
		"wal_autocheckpoint(4000)",
		"journal_size_limit(67108864)",
	}
}

// openStore opens the file, and makes it if it is not there.
func openStore(path string) (*store, error) {
	if err := create(path); err != nil {
		return nil, err
	}
	s := &store{
		rw: sql.OpenDB(connector{&sqlite.Driver{}, dataSource(path, "rwc") + "&_txlock=immediate"}),
		ro: sql.OpenDB(connector{&sqlite.Driver{}, dataSource(path, "ro")}),
	}
	// An empty map keeps redka from setting pragmas on one connection of each pool only.
	db, err := redka.OpenDB(s.rw, s.ro, &redka.Options{DriverName: "sqlite", Pragma: map[string]string{}})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.db = db
	return s, nil
}

// create makes an empty file for its owner alone, unless there is one; SQLite gives the files that it puts beside it the
// same mode. One that is there is not opened: closing it would take away SQLite's locks on it (sqlite.org/howtocorrupt.html
// §2.2).
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func dataSource(path, mode string) string {
	q := url.Values{"mode": {mode}, "_pragma": pragmas()}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() + "?" + q.Encode()
}

// close closes both pools. The goroutine in which redka sweeps expired keys stays, asleep: it
// waits on a ticker that redka stops but cannot end.
func (s *store) close() error {
	// The writer is closed last: it alone can move the -wal file's content into the file.
	err := errors.Join(s.ro.Close(), s.rw.Close())
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// update runs fn in one transaction, which is rolled back if fn fails or ctx ends.
func (s *store) update(ctx context.Context, fn func(transaction) error) error {
	return s.db.UpdateContext(ctx, func(tx *redka.Tx) error { return fn(transaction{tx}) })
}

// readTimeout bounds a read that would wait for a free connection.
const readTimeout = 5 * time.Second

// view runs fn on one snapshot of the file.
func (s *store) view(fn func(source) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	return s.db.ViewContext(ctx, func(tx *redka.Tx) error { return fn(transaction{tx}) })
}

// transaction speaks to redka in the terms of this package.
type transaction struct{ tx *redka.Tx }

// maxKeys is how many keys one statement names.
const maxKeys = 1000

func (t transaction) get(keys ...string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(keys))
	for len(keys) > 0 {
		n := min(len(keys), maxKeys)
		values, err := t.tx.Str().GetMany(keys[:n]...)
		if err != nil {
			return nil, err
		}
		for key, v := range values {
			found[key] = v
		}
		keys = keys[n:]
	}
	return found, nil
}

// len is the number of keys.
func (t transaction) len() (int, error) { return t.tx.Key().Len() }

func (t transaction) set(key string, v []byte) error { return t.tx.Str().Set(key, v) }

func (t transaction) setFor(key string, v []byte, d time.Duration) error {
	return t.tx.Str().SetExpire(key, v, d)
}

func (t transaction) remove(keys []string) error {
	for len(keys) > 0 {
		n := min(len(keys), maxKeys)
		if _, err := t.tx.Key().Delete(keys[:n]...); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// Primary result codes of SQLite (sqlite.org/rescode.html).
const (
	sqliteError   = 1 // of an opening file: tables are not as expected
	sqliteIOError = 10
	sqliteCorrupt = 11
	sqliteNotADB  = 26
)

// damaged says that the content of the file is at fault, not its surroundings.
func damaged(err error) bool {
	return errors.Is(err, errDamaged) || hasCode(err, sqliteCorrupt, sqliteNotADB)
}

// unusable says that a file that is being opened is to be begun anew.
func unusable(err error) bool {
	return damaged(err) || errors.Is(err, errSchema) || hasCode(err, sqliteError, sqliteIOError)
}

func hasCode(err error, codes ...int) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code()&0xff == c {
			return true
		}
	}
	return false
}
