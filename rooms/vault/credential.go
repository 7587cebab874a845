package vault

import "context"

// credentials is the associated data of what a provider is told in secret.
const credentials = "crier credential"

// SealCredential has the service encrypt a credential of a provider, for a file. Errors are ErrTransit.
func (t Transit) SealCredential(ctx context.Context, plain []byte) ([]byte, error) {
	return newTransit(t).EncryptWithContext(ctx, plain, []byte(credentials))
}

// OpenCredential undoes SealCredential.
func (t Transit) OpenCredential(ctx context.Context, sealed []byte) ([]byte, error) {
	return newTransit(t).DecryptWithContext(ctx, sealed, []byte(credentials))
}
