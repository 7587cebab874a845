package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/govcrier/crier/rooms"
)

const (
	maxBody    = 4096                           // that a push service has to take (RFC 8030 §7.2)
	saltBytes  = 16                             // RFC 8188 §2.1
	pointBytes = 65                             // of P-256, uncompressed
	headBytes  = saltBytes + 4 + 1 + pointBytes // salt, record size, length of the key, the key
	maxPlain   = maxBody - headBytes - 16 - 1   // less the tag of AES-GCM and the delimiter
	padTo      = 256                            // bytes of delimiter, text and padding
	lastRecord = 2                              // delimiter of the last record, which is the only one
)

var errKeys = errors.New("webpush: the keys of a subscription")

// seal encrypts a notification to the holder of a subscription, each with a key and a salt of its own.
func seal(plain []byte, to rooms.PushKeys) ([]byte, error) {
	own, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("webpush: %w", err)
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	return encrypt(pad(plain), to, own, salt)
}

// pad appends the delimiter, and zeros that hide how long the text is.
func pad(plain []byte) []byte {
	size := min((len(plain)+1+padTo-1)/padTo*padTo, maxPlain+1)
	padded := make([]byte, max(size, len(plain)+1))
	copy(padded, plain)
	padded[len(plain)] = lastRecord
	return padded
}

// encrypt is RFC 8291 §3.4 with one record of RFC 8188.
func encrypt(padded []byte, to rooms.PushKeys, own *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	theirs, auth, err := keysOf(to)
	if err != nil {
		return nil, err
	}
	secret, err := own.ECDH(theirs)
	if err != nil {
		return nil, errKeys
	}
	public := own.PublicKey().Bytes()
	seed, err := hkdf.Key(sha256.New, secret, auth, "WebPush: info\x00"+string(theirs.Bytes())+string(public), sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("webpush: %w", err)
	}
	sealer, nonce, err := sealer(seed, salt)
	if err != nil {
		return nil, fmt.Errorf("webpush: %w", err)
	}
	out := make([]byte, 0, headBytes+len(padded)+sealer.Overhead())
	out = append(out, salt...)
	out = binary.BigEndian.AppendUint32(out, maxBody)
	out = append(append(out, byte(len(public))), public...)
	return sealer.Seal(out, nonce, padded, nil), nil
}

// sealer derives the key and the nonce of the first record (RFC 8188 §2.2, §2.3).
func sealer(seed, salt []byte) (cipher.AEAD, []byte, error) {
	key, err := hkdf.Key(sha256.New, seed, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Key(sha256.New, seed, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	gcm, err := cipher.NewGCM(block)
	return gcm, nonce, err
}

// keysOf reads the keys of a subscription: a point of the curve, and a secret.
func keysOf(k rooms.PushKeys) (public *ecdh.PublicKey, auth []byte, err error) {
	point, errPoint := base64.RawURLEncoding.DecodeString(k.P256dh)
	auth, errAuth := base64.RawURLEncoding.DecodeString(k.Auth)
	if errPoint != nil || errAuth != nil {
		return nil, nil, errKeys
	}
	if public, err = ecdh.P256().NewPublicKey(point); err != nil {
		return nil, nil, errKeys
	}
	return public, auth, nil
}
