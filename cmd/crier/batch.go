package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/govcrier/crier/api/client"
	v1 "github.com/govcrier/crier/api/v1"
)

// batch is a message to the recipients of a file, cut into as many messages as are needed.
type batch struct {
	terminal
	gateway *client.Client
	room    string
	message []byte
	table   bool
	skip    bool // faulty rows
	cuts    []cut
}

// batch reads the file, and finds who stands in it twice where no single message would tell.
func (t terminal) batch(gateway *client.Client, room string, message []byte, m message) (batch, error) {
	b := batch{terminal: t, gateway: gateway, room: room, message: message, skip: m.faulty == "skip"}
	if m.faulty != "" && m.faulty != "skip" || m.most < 1 {
		return b, errors.New("--faulty is skip, and --rows at least 1")
	}
	file, err := t.read(m.recipients)
	if err != nil {
		return b, err
	}
	b.table = isTable(m.recipients, file)
	b.cuts = cutFile(file, b.table, m.most, nil)
	if len(b.cuts) == 1 {
		return b, nil
	}
	again := repeated(file, b.table)
	for _, line := range slices.Sorted(maps.Keys(again)) {
		fmt.Fprintf(t.err, "line %d: row: the same contact as in a row before (duplicate_recipient)\n", line)
	}
	if len(again) > 0 && !b.skip {
		return b, fmt.Errorf("%s; nothing was sent", wrongRows(int64(len(again))))
	}
	b.cuts = cutFile(file, b.table, m.most, again)
	return b, nil
}

// part is the n-th message: of several each has a transaction id of its own.
func (b batch) part(n int) ([]byte, client.File, error) {
	f := client.File{CSV: b.table, Rows: b.cuts[n].rows, SkipFaulty: b.skip}
	if len(b.cuts) == 1 {
		return b.message, f, nil
	}
	var p v1.Publish
	if err := json.Unmarshal(b.message, &p, json.RejectUnknownMembers(true)); err != nil {
		return nil, f, errors.New("the message is not what the API describes")
	}
	p.TransactionID += "/" + strconv.Itoa(n+1)
	message, err := json.Marshal(p)
	return message, f, err
}

// publish sends all messages. Unless faulty rows are to be skipped, all are checked before the first is sent.
func (b batch) publish(ctx context.Context, p *printer) error {
	if len(b.cuts) > 1 && !b.skip {
		checked, err := b.preview(ctx)
		if err != nil {
			return err
		}
		if checked.Faulty > 0 {
			return fmt.Errorf("%s; nothing was sent", wrongRows(checked.Faulty))
		}
	}
	for n, c := range b.cuts {
		message, file, err := b.part(n)
		if err != nil {
			return err
		}
		receipt, err := b.gateway.PublishFile(ctx, b.room, message, file)
		var wrong *client.Problem
		if errors.As(err, &wrong) && wrong.Faulty > 0 {
			b.faulty(wrong.Rows, c)
			wrong.Rows = nil
			if b.skip && len(b.cuts) > 1 {
				continue // nobody is left of this part
			}
		}
		if err != nil {
			return b.stopped(n, err)
		}
		b.faulty(receipt.Rows, c)
		if err := b.tell(p, n, receipt); err != nil {
			return err
		}
	}
	return nil
}

func (b batch) tell(p *printer, n int, receipt v1.Receipt) error {
	if receipt.Duplicate && !p.json {
		fmt.Fprintln(b.err, "accepted before; nothing new is sent")
	}
	if len(b.cuts) > 1 {
		fmt.Fprintf(b.err, "message %d of %d: %s\n", n+1, len(b.cuts), plural(b.cuts[n].count, "row"))
	}
	return p.value(receipt, func(w io.Writer) { fmt.Fprintln(w, receipt.UMID) })
}

// stopped says how to go on after an error on the way.
func (b batch) stopped(n int, err error) error {
	var p v1.Publish
	if (n > 0 || undecided(err)) && json.Unmarshal(b.message, &p) == nil {
		fmt.Fprintf(b.err, "%d of %d messages were accepted; to go on, repeat it with the same file and --tx %s\n", n, len(b.cuts), p.TransactionID)
	}
	return err
}

func wrongRows(n int64) string {
	if n == 1 {
		return "1 row is wrong"
	}
	return fmt.Sprintf("%d rows are wrong", n)
}

// faulty tells of rows that are wrong, by their lines in the file.
func (b batch) faulty(rows []v1.FaultyRow, c cut) {
	for _, r := range rows {
		b.faultyRow(r.Line+c.before, r.Errors)
	}
}
