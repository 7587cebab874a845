// A real OpenID Connect provider (npm's oidc-provider) for tests, on 127.0.0.1 only. Nothing here is safe outside a test.
//
//   node oidc-provider.mjs CONFIG.json            serve; the path may also come from OIDC_PROVIDER_CONFIG
//   node oidc-provider.mjs new-key RS256 key-1    print a fresh private JWK, to build a JWKS from
//
// Once it listens it prints one line on stdout, {"issuer":"http://127.0.0.1:PORT","kids":["key-1"]}; the rest goes to
// stderr. It stops at SIGTERM, and by itself when its standard input is a pipe that closes, so that a test which dies
// leaves no process behind.
//
// CONFIG.json, every field optional:
//
//   port             0 = any free one. Give the printed port again to restart under the same issuer.
//   audience         "aud" of access tokens; "crier"
//   signingAlg       "RS256" or "ES256", for access and ID tokens; "RS256"
//   accessTokenTTL   seconds; 300
//   jwks             path of a JWKS with private keys, the signing key first; without it a fresh key at each start
//   clients          [{client_id, client_secret, redirect_uris, application_type, grant_types, claims, ...}]: what
//                    oidc-provider takes as client metadata, and
//     .claims        copied into the client's access tokens, such as {"crier": {"roles": ["publisher"]}}
//   accounts         {login: claims}: for access tokens of people, over the client's claims
//
// A client with redirect_uris gets the code flow, one without gets client_credentials. Without client_secret it is public
// (token_endpoint_auth_method "none"). A loopback redirect URI needs application_type "native", the default here.
//
// Rotating keys: rewrite the JWKS and send SIGHUP. The provider starts anew behind the same port and prints its line
// again. Keep the old key second in the file for its tokens to stay valid.
//
// client_credentials, one request:
//
//   POST /token   HTTP Basic client_id:client_secret, form grant_type=client_credentials
//
// Code + PKCE with any login and password, with a cookie jar and redirects followed by hand:
//
//   1. GET  /auth?client_id&redirect_uri&response_type=code&scope=openid&state&nonce&code_challenge
//           &code_challenge_method=S256                  303 to /interaction/UID
//   2. POST /interaction/UID  form prompt=login&login=alice&password=any
//                                                        303 to /auth/UID
//   3. GET  /auth/UID                                    303 to /interaction/UID2
//   4. POST /interaction/UID2 form prompt=consent        303 to /auth/UID2
//   5. GET  /auth/UID2                                   303 to redirect_uri?code&state&iss
//   6. POST /token  form grant_type=authorization_code, code, redirect_uri, code_verifier, client_id
//                   (a confidential client: HTTP Basic, no client_id)   access_token (JWT), id_token
//
// A second login in the same jar skips what was already answered: follow each Location until it is the redirect URI.

import { generateKeyPairSync } from 'node:crypto';
import { fstatSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import './oldnode.mjs';

console.info = console.error; // oidc-provider talks on stdout otherwise
const { Provider } = await import('oidc-provider');

const [command, ...args] = process.argv.slice(2);
if (command === 'new-key') {
  console.log(JSON.stringify(newKey(...args)));
} else {
  serve(readJSON(command ?? process.env.OIDC_PROVIDER_CONFIG));
}

function readJSON(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function newKey(alg = 'RS256', kid = `key-${Date.now()}`) {
  const { privateKey } = alg === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

function serve(config) {
  let handle;
  const server = createServer((req, res) => handle(req, res));

  const start = () => {
    const issuer = `http://127.0.0.1:${server.address().port}`;
    const { keys } = config.jwks ? readJSON(config.jwks) : { keys: [newKey(config.signingAlg)] };
    handle = new Provider(issuer, settings(config, keys)).callback();
    console.log(JSON.stringify({ issuer, kids: keys.map((key) => key.kid) }));
  };

  process.on('SIGHUP', start);
  process.on('SIGTERM', () => process.exit(0));
  if (fstatSync(0).isFIFO()) {
    process.stdin.resume().on('end', () => process.exit(0));
  }
  server.listen(config.port ?? 0, '127.0.0.1', start);
}

// settings translates CONFIG.json into oidc-provider's configuration.
function settings(config, keys) {
  const { audience = 'crier', signingAlg = 'RS256', accessTokenTTL = 300, clients = [], accounts = {} } = config;
  const claimsOf = new Map(clients.map((client) => [client.client_id, client.claims]));

  return {
    jwks: { keys },
    clients: clients.map((client) => clientMetadata(client, signingAlg)),
    cookies: { keys: ['only for tests'] },
    pkce: { required: () => true },
    ttl: { AccessToken: accessTokenTTL, ClientCredentials: accessTokenTTL, IdToken: accessTokenTTL,
      Interaction: 600, Grant: 3600, Session: 3600 },
    extraTokenClaims: (ctx, token) => ({ ...claimsOf.get(token.clientId), ...accounts[token.accountId] }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      // Only tokens for a named resource are JWTs, so every request gets one whether it asks or not.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:test:api',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience,
          scope: '',
          accessTokenTTL,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: signingAlg } },
        }),
      },
    },
  };
}

function clientMetadata({ claims, ...client }, signingAlg) {
  const interactive = client.redirect_uris?.length > 0;
  return {
    application_type: 'native',
    grant_types: [interactive ? 'authorization_code' : 'client_credentials'],
    response_types: interactive ? ['code'] : [],
    redirect_uris: [],
    token_endpoint_auth_method: client.client_secret ? 'client_secret_basic' : 'none',
    id_token_signed_response_alg: signingAlg,
    ...client,
  };
}
