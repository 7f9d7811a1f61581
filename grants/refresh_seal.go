package grants

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// sealLabel sets these keys apart from any other that is derived from a token.
const sealLabel = "gatehouse: successor of a refresh token"

// sealSuccessor seals the text of a refresh token so that only who has the one
// before it can open it. hash is that of the one before.
func sealSuccessor(token, successor string, hash []byte) ([]byte, error) {
	box, err := successorBox(token)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, []byte(successor), hash), nil
}

// openSuccessor undoes sealSuccessor.
func openSuccessor(token string, sealed, hash []byte) (string, error) {
	box, err := successorBox(token)
	if err != nil {
		return "", err
	}
	successor, err := box.Open(nil, nil, sealed, hash)
	if err != nil {
		return "", fmt.Errorf("the sealed successor of a refresh token cannot be opened: %w", err)
	}
	return string(successor), nil
}

// successorBox is AES-256-GCM under a key that HKDF-SHA-256 derives from the
// token, with a random nonce before what it seals.
func successorBox(token string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, sealLabel, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
