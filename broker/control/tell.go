package control

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

// line is one line of an answer that takes its time: a step, or the end.
type line struct {
	Step  string `json:"step,omitzero"`
	Error string `json:"error,omitzero"`
	Done  bool   `json:"done,omitzero"`
}

// teller writes lines as they come.
type teller struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newTeller(w http.ResponseWriter) teller { return teller{w, http.NewResponseController(w)} }

func (t teller) say(step string) { t.tell(line{Step: step}) }

func (t teller) end(err error) {
	if err != nil {
		t.tell(line{Error: err.Error()})
		return
	}
	t.tell(line{Done: true})
}

func (t teller) tell(l line) {
	data, err := json.Marshal(l)
	if err == nil {
		_, err = t.w.Write(append(data, '\n'))
	}
	if err == nil {
		_ = t.control.Flush()
	}
}
