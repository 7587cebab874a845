package channels

import "net/http"

// The kinds of calls that providers make, as the last element of the path.
const (
	InletReceipt = "receipt" // what became of a delivery
	InletInbound = "inbound" // what a person has written
)

// Inlet is implemented by providers that others call by HTTP, at the path that ends in one of the kinds. The handler makes
// sure itself that it is the provider who calls. It answers once what was said is durable, as the provider wants it:
// 2xx; 400 if nobody can read the call, 403 if it is not the provider's, 404 if there is nothing of that kind, 503 if it is to
// be repeated. The body of a refusal is for nobody.
type Inlet interface {
	Inlet() http.Handler
}
