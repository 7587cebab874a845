// Package oidc tells who sent a bearer token: it verifies JWT access tokens (RFC 9068, RFC 7519) against the keys that an
// OpenID Connect provider publishes.
//
// # Promised
//
//   - Verification is local. The provider is asked for two documents only, its discovery document and its key set, with
//     plain GET requests that carry nothing about the token, its bearer or what the bearer is doing.
//   - Each of the two is asked for at most once per Options.KeyRefreshInterval, however many tokens arrive and however bad
//     they are. Tokens signed by a known key go on verifying meanwhile, also while the provider is down.
//   - A token with a key id never seen makes the key set be read anew, so that keys may be rotated at any time.
//   - Only asymmetric signatures are accepted; a token says nothing about which key or algorithm to trust beyond choosing
//     among those configured and published.
//   - Every refusal is one of the kinds that [Kinds] lists, and no error text contains a token or one of its claims.
//
// # Not promised
//
//   - Opaque access tokens and revocation: a token is good until it ends. A key that the provider withdraws is noticed only
//     when the key set is next read, which an unknown key or a bad signature causes; the tokens it signed are forgotten then.
//   - A key published less than Options.KeyRefreshInterval after the last reading is refused until that time has passed.
//   - The discovery document is read once; a provider that moves its key set needs a restart here.
package oidc
