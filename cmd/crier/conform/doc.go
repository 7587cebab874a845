// Package conform checks from outside whether a server keeps to the interfaces that GovStack describes: the e-mail API of the
// Messaging building block, Pub/Sub and service metadata of the Information Mediator, and alerts of the Common Alerting
// Protocol. It speaks plain HTTP and knows nothing of the server, so that any implementation can be checked.
//
// It promises that each check says what was expected and what came. It sends real messages: to addresses that the options
// name, so nobody else hears of it. What the options do not allow, such as an interface without a credential or a callback
// without an Ear, is left out and said to be. It does not measure speed, does not look into what arrives, and does not check
// signatures.
package conform
