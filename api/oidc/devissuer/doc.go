// Package devissuer is an OpenID Connect provider for development on one machine: clients, people and roles come from
// configuration, the signing key lives as long as the process, and whoever can reach the login page is whoever they pick.
//
// # Promised
//
//   - Standard OpenID Connect: discovery, key set, client credentials (client_secret_basic and client_secret_post),
//     authorization code with PKCE (S256), userinfo. The discovery document lists what there is and nothing else.
//   - JWT access tokens, RS256, with iss, sub, aud, exp, iat, nbf, jti, azp, client_id and {"crier":{"roles":[…]}}.
//   - It answers on loopback only: requests that came in on another address, or for another host name, are refused.
//   - Secrets are never logged.
//
// # Not promised
//
//   - Security. There are no passwords, no sessions, no refresh tokens, no revocation and no consent.
//   - Persistence. Tokens end with the process, for the key does.
package devissuer
