package drill

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"
)

// keep writes what a trial rests on into a folder of its own, if evidence is wanted: receipts.ndjson, deliveries.ndjson
// and result.json, with the moments of the fault.
func (t *trial) keep(r Result) error {
	if t.options.Evidence == "" || t.load == nil {
		return nil
	}
	folder := filepath.Join(t.options.Evidence, fmt.Sprintf("run-%d-%s", t.run, t.fault))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("drill: evidence: %w", err)
	}
	return errors.Join(
		writeLines(filepath.Join(folder, "receipts.ndjson"), t.load.acked()),
		writeLines(filepath.Join(folder, "deliveries.ndjson"), t.deliveries),
		writeLines(filepath.Join(folder, "result.json"), []record{{r, t.struck, t.ended, t.whole}}),
	)
}

// record is a result with its moments.
type record struct {
	Result `json:",inline"`
	Struck time.Time `json:"struck"`
	Ended  time.Time `json:"ended"`
	Whole  time.Time `json:"whole"`
}

// writeLines writes values as JSON, one a line.
func writeLines[T any](file string, values []T) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("drill: evidence: %w", err)
	}
	w := bufio.NewWriter(f)
	for _, v := range values {
		err = errors.Join(err, json.MarshalWrite(w, v))
		_, errLine := io.WriteString(w, "\n")
		err = errors.Join(err, errLine)
	}
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		return fmt.Errorf("drill: evidence: %w", err)
	}
	return nil
}
