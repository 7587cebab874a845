// Package mailkeys reads the keys that people have for their mail, and encrypts with them: S/MIME certificates (RFC 8551)
// and OpenPGP public keys (RFC 9580).
//
// It promises that a key it accepts can be encrypted with at that moment, and that what is encrypted can be read by whoever
// has the private key and by nobody else: AES of 256 bits whatever the kind, and no key that is too short. What it accepts
// it gives in one form, without what else stood in the text. Errors name what is wrong with a key and repeat nothing of it.
//
// It does not say whose a key is: no authority and no server is asked, and a key withdrawn since is still encrypted
// with, unless it says so itself. Whoever sets a key answers for that.
package mailkeys
