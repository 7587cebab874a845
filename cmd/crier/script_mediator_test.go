package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"
)

// mediatorSend asks the information mediator with the token $AS as the application $CLIENT, and prints status and body.
func mediatorSend(ts *testscript.TestScript, _ bool, args []string) {
	var body io.Reader
	if len(args) > 2 {
		body = strings.NewReader(ts.ReadFile(args[2]))
	}
	r, err := http.NewRequest(args[0], args[1], body)
	ts.Check(err)
	r.Header.Set("X-GovStack-Client", ts.Getenv("CLIENT"))
	if token := ts.Getenv("AS"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if key := ts.Getenv("KEY"); key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	ts.Check(err)
	ts.Setenv("ANSWER", string(text))
	fmt.Fprintf(ts.Stdout(), "%d %s\n", a.StatusCode, text)
}

// eventID sets a variable to the id in the last answer.
func eventID(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], inAnswer(ts).ID)
}

// signing sets CRIER_WEBHOOK_SECRET to the secret in the last answer.
func signing(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("CRIER_WEBHOOK_SECRET", inAnswer(ts).Secret)
}

type mediatorAnswer struct{ ID, Secret string }

func inAnswer(ts *testscript.TestScript) (a mediatorAnswer) {
	ts.Check(json.Unmarshal([]byte(ts.Getenv("ANSWER")), &a, json.MatchCaseInsensitiveNames(true)))
	return a
}
