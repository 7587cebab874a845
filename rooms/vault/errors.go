package vault

// Error is the closed list of what can go wrong here besides input and output.
// Compare with errors.Is; none carries plaintext, keys or hashed input.
type Error string

// Kinds of failure.
const (
	// ErrKeys: the keys are not what a key file of version 1 holds, or are in
	// clear where a transit service is configured, or the other way round.
	ErrKeys Error = "vault: keys cannot be used"
	// ErrPermissions: a secret file is not a regular file, or others may read it.
	ErrPermissions Error = "vault: file is open to others"
	// ErrBusy: the key file is being changed, or a change of it was cut short.
	ErrBusy Error = "vault: key file is being changed"
	// ErrTransit: the transit service failed, refused or answered nonsense.
	ErrTransit Error = "vault: transit service"
	// ErrFormat: not a sealed form, or of a format this version does not know.
	ErrFormat Error = "vault: not a known sealed form"
	// ErrUnknownKey: no enabled key has that id.
	ErrUnknownKey Error = "vault: no such key"
	// ErrPrimary: a primary key can be neither disabled nor deleted; promote another.
	ErrPrimary Error = "vault: key is primary; promote another one first"
	// ErrEnabled: an enabled key cannot be deleted; disable it first.
	ErrEnabled Error = "vault: key is enabled; disable it first"
	// ErrUnseal: the sealed form was changed, or the associated parts differ.
	ErrUnseal Error = "vault: cannot be unsealed"
)

// Error is the text of the kind.
func (e Error) Error() string { return string(e) }
