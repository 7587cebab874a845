// Package oidctest offers identity providers to tests: an in-process signer that can also misbehave, and the real npm
// oidc-provider.
//
// [Provider] mints whatever a test asks for, right or wrong, and records each request it gets. [NodeProvider] is a separate
// implementation of OpenID Connect; a test that needs it fails without Node.js and the npm packages, naming the command
// that installs them, and never skips.
//
// Nothing here is fit for anything but tests: keys are exposed and any login is accepted.
package oidctest
