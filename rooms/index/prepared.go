package index

import (
	"context"
	"database/sql/driver"
	"errors"
)

// redka hands each statement to SQLite as text, and SQLite takes longer to parse the two of a
// SET than to run them. The types of this file stand between the two and keep short statements
// prepared, which doubles what a transaction can write.

// connector opens connections of a driver that keep their statements.
type connector struct {
	driver driver.Driver
	source string
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.source)
	if err != nil {
		return nil, err
	}
	inner, ok := opened.(connection)
	if !ok {
		return nil, errors.Join(errors.New("index: the driver lacks a power that is needed"), opened.Close())
	}
	return &conn{connection: inner, statements: map[string]statement{}}, nil
}

// connection is what the driver's connections can do, and all that database/sql asks of them.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
}

// conn is a connection that keeps prepared what it has executed. database/sql uses it from one
// goroutine at a time.
type conn struct {
	connection
	statements map[string]statement
}

const (
	keptStatements = 16
	keptArguments  = 3 // those with more name a list of keys, and differ each time
)

// ExecContext executes a kept statement, or prepares and keeps it.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepared(ctx, query, len(args))
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.connection.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

// prepared gives no statement for what is not worth keeping.
func (c *conn) prepared(ctx context.Context, query string, args int) (statement, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	if args == 0 || args > keptArguments || len(c.statements) >= keptStatements {
		return nil, nil
	}
	p, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := p.(statement)
	if !ok {
		return nil, p.Close()
	}
	c.statements[query] = s
	return s, nil
}

// Close closes the statements and then the connection.
func (c *conn) Close() error {
	var faults []error
	for _, s := range c.statements {
		faults = append(faults, s.Close())
	}
	return errors.Join(append(faults, c.connection.Close())...)
}
