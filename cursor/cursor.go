// Package cursor is how long lists are read on: a page token says after which key
// the next page begins, and only who gave it can have made it. It knows nothing of
// what is listed.
package cursor

import (
	"crypto/hmac"
	"encoding/base64"
	"errors"
)

// ErrForged means that a page token was not given for this list.
var ErrForged = errors.New("this page token was not given for this list")

// Sign returns a MAC, of 16 octets at least, of a key and of all that makes its
// list another one than others.
type Sign func(key string) ([]byte, error)

// macLength is how many octets of the MAC a page token carries.
const macLength = 16

// Seal makes a page token of the last key seen: nobody else can make one that
// names another key, as it would reach the database.
func Seal(key string, sign Sign) (string, error) {
	mac, err := sign(key)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac[:macLength:macLength], key...)), nil
}

// Open returns the key of a page token, "" for none, ErrForged for a token that
// Seal has not made with that sign.
func Open(token string, sign Sign) (key string, err error) {
	if token == "" {
		return "", nil
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	// Encoding again refuses what the decoder overlooks: line ends and stray bits.
	if err != nil || len(data) < macLength || base64.RawURLEncoding.EncodeToString(data) != token {
		return "", ErrForged
	}
	key = string(data[macLength:])
	mac, err := sign(key)
	if err != nil {
		return "", err
	}
	if !hmac.Equal(mac[:macLength], data[:macLength]) {
		return "", ErrForged
	}
	return key, nil
}
