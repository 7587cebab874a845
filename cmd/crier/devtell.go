package main

import (
	"fmt"
	"os"
	"text/template"

	"github.com/go-json-experiment/json"
)

const told = `crier dev is ready. Ctrl-C stops it.

  API      {{.API}}       its documentation, and that of GovStack's interfaces: {{.API}}/docs
  NATS     {{.NATS}} and {{.WebSocket}}, with the tokens of the API
  Outbox   {{.Outbox}}    what would have been sent; as JSON: {{.Outbox}}.json
  Issuer   {{.Issuer}}    its clients are below
  Room     {{.Room}}, with subscribers
  Store    {{.Store}}

In another terminal:

  export CRIER_SERVER={{.API}} CRIER_ISSUER={{.Issuer}}
  export CRIER_CLIENT_ID={{.ClientID}} CRIER_CLIENT_SECRET={{.ClientSecret}}

A message to everyone in the room, then what became of it:

  UMID=$({{.Program}} pub {{.Room}} --subject Vaccination --text "Please come on Tuesday 9:00.")
  {{.Program}} status $UMID --follow

The same by HTTP, to named recipients:

  TOKEN=$({{.Program}} token)
  curl -s {{.API}}/v1/rooms/{{.Room}}/messages -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{
    "transactionId": "hello-1", "type": "reminder",
    "content": {"subject": "Vaccination", "text": "Please come on Tuesday 9:00.", "sms": "Vaccination Tue 9:00"},
    "recipients": [{"email": "a@example.com"}, {"phone": "+9991000003"}, {"email": "permanent@example.com"}, {"email": "late@example.com"}]}'

An answer, as one who got it would write it, and how its publisher reads it:

  curl -s {{.Outbox}} -H "Content-Type: application/json" -d '{"from":"aida@example.com","text":"Yes, we will.","umid":"'$UMID'"}'
  {{.Program}} replies list {{.Room}}

The issuer's other clients, each with what to put before a command: an admin of the platform, who sets up rooms; the data
protection officer, who approves policies; a reader, and an auditor:

{{range .Others}}  CRIER_CLIENT_ID={{.ID}} CRIER_CLIENT_SECRET={{.Secret}}
{{end}}
Deliveries fail on demand: to temporary@, temporary-2@, permanent@, timeout@, late@, bounced@, throttled@ and suppressed@
example.com, and to numbers from +9990000100 to +9990000799; see {{.Program}} dev --help
`

// tell says on standard output how to use a session.
func (t terminal) tell(s session, f devFlags) error {
	if f.json {
		if err := json.MarshalWrite(t.out, s); err != nil {
			return err
		}
		_, err := fmt.Fprintln(t.out)
		return err
	}
	program, err := os.Executable()
	if err != nil {
		program = "crier"
	}
	store := "temporary, gone at the end"
	if f.store != "" {
		store = f.store
	}
	return template.Must(template.New("told").Parse(told)).Execute(t.out, struct {
		session
		Program, Store string
		Others         []demoClient
	}{s, program, store, s.others()})
}

// demoClient is a client of the issuer with its secret.
type demoClient struct{ ID, Secret string }

// others are all but the publisher, by whose credentials the examples go.
func (s session) others() (all []demoClient) {
	for _, id := range []string{demoAdmin, demoDPO, demoReader, demoAuditor} {
		all = append(all, demoClient{id, s.Secrets[id]})
	}
	return all
}
