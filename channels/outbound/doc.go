// Package outbound calls URLs that applications have named: webhooks of readers, callbacks of
// senders.
//
// Whoever names a URL chooses what this machine connects to, so a Client refuses every address but
// public ones, unless the operator has opened its network. What counts is the address that is
// dialled, not the name: a name that resolves to something else the second time gains nothing. Nor
// does a redirect, which is not followed, or a proxy of the environment, which is not used. TLS is
// 1.2 at least and its certificates are verified; plain HTTP reaches networks that the operator has
// opened, and nothing else. Ports are those of the configuration.
//
// Calls are signed as Standard Webhooks describes (https://www.standardwebhooks.com), by every
// secret that is in use, so that a receiver can change over. Of an answer the status and Retry-After
// count; of the rest at most 4 KiB are read, and dropped. Only Ask hands on what was answered, up to 64 KiB,
// and Exchange, which makes a call as its caller has written it, unsigned, to a service that the operator has named.
//
// Who does not answer must not keep the others waiting: a host that has let 8 calls in a row run out of
// time is left alone for 30 seconds, then called once to find out. To one host go Options.Concurrency calls at once; of others
// that wait the most urgent lane's is next, and where that takes long they are told to come again (see package lanes). To
// wait for a connection is no time of the call's.
//
// Nothing here is logged, and no error holds a URL, a name or an address.
package outbound
