package email

import (
	"cmp"
	"net/http"

	"github.com/govcrier/crier/api/problem"
	v1 "github.com/govcrier/crier/api/v1"
)

// Missing is how the API answers where something that it needs was left out.
func Missing(p *problem.Error) *problem.Error {
	p.Status = http.StatusMethodNotAllowed
	return p
}

// Reworded says a refusal in the words of this API, whose callers know nothing of crier's own.
func Reworded(p *problem.Error) *problem.Error {
	words := map[v1.ProblemCode][2]string{
		v1.ProblemCodeTokenMissing:         {"No key", "Send a key in the header apiKey, as an admin of the platform has given it, or an access token in the header Authorization: Bearer."},
		v1.ProblemCodeUnsupportedMediaType: {"", "Send application/json, in UTF-8 and without content encoding."},
		v1.ProblemCodeUnknownMessage:       {"No such request", "Check the requestUid; requests of other clients are not shown, and old ones are removed."},
		v1.ProblemCodeTransactionConflict:  {"The Idempotency-Key was used for another request", "Give a new request a new key; repeat a request byte for byte."},
		v1.ProblemCodeForbidden:            {"The client has no key of the e-mail API", "Ask an admin of the platform to make one, by crier client key add or POST /v1/clients/{client}/keys."},
		v1.ProblemCodeDirectForbidden:      {"", "Ask an admin of the platform to let the client name recipients in the room of its e-mails."},
	}[p.Code]
	said := *p
	said.Title, said.Advice = cmp.Or(p.Title, words[0]), cmp.Or(p.Advice, words[1])
	return &said
}
