// Package api is crier's HTTP API: /v1 as openapi.yaml describes it, GovStack's e-mail API (package govstack/email), and the
// probes of the node.
//
// # Promised
//
//   - Every answer that is no success is a problem document (RFC 9457) with a code of the catalogue in api/problem, and
//     shows nothing of the inside.
//   - A token is verified, and the right to the room or message checked, before the body is read.
//   - Every call of the API is recorded in the audit log. A call that changed something is answered only when its entry
//     is durable; reads, refusals and accepted messages follow within a second. An accepted message is durable in the
//     room's log before the answer, and the planner puts each on record from there.
//   - A stream of events gives every message that the log keeps, once and in order, and says where some are missing. It ends
//     within seconds when the token does, the client is taken off the room's list, or the node stops. Its beginning and its
//     end are recorded.
//   - No query string, contact, content or credential reaches a log, a metric or the audit log.
//
// # Not promised
//
//   - Quotas: whoever may publish may publish as fast as the queue takes it.
//   - That a refused call is in the audit log if the process dies within that second.
package api
