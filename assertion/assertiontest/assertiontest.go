// Package assertiontest signs JWTs as clients and attackers do, for tests: also
// those that no library would make. It is never part of a program.
package assertiontest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
)

// Sign returns a compact JWS with that header, claims (or a string, which is
// taken as it is) and a signature of alg by the key: a private key, or a []byte
// for HS256.
func Sign(header map[string]any, claims any, alg string, key any) string {
	input := encode(header) + "." + encode(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(Signature(alg, key, input))
}

func encode(part any) string {
	text, given := part.(string)
	if !given {
		data, err := json.Marshal(part)
		if err != nil {
			panic(err) // a mistake of the test
		}
		text = string(data)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

// Signature signs input.
func Signature(alg string, key any, input string) []byte {
	digest := sha256.Sum256([]byte(input))
	var signature []byte
	var err error
	switch alg {
	case "none":
	case "HS256":
		mac := hmac.New(sha256.New, key.([]byte))
		mac.Write([]byte(input))
		signature = mac.Sum(nil)
	case "RS256":
		signature, err = rsa.SignPKCS1v15(nil, key.(*rsa.PrivateKey), crypto.SHA256, digest[:])
	case "RS384":
		longer := sha512.Sum384([]byte(input))
		signature, err = rsa.SignPKCS1v15(nil, key.(*rsa.PrivateKey), crypto.SHA384, longer[:])
	case "PS256":
		signature, err = rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: 32})
	case "ES256":
		r, s, failed := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
		if err = failed; err == nil {
			signature = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		}
	case "EdDSA":
		signature = ed25519.Sign(key.(ed25519.PrivateKey), []byte(input))
	default:
		panic("assertiontest: no such alg: " + alg)
	}
	if err != nil {
		panic(err)
	}
	return signature
}
