//go:build !openssl || !cgo

package keys

import "crypto"

// Backend names what makes RSA and ECDSA signatures in this build.
func Backend() string { return "crypto/rsa" }

// native returns what signs for a private key in this build.
func native(private crypto.Signer) (crypto.Signer, error) { return private, nil }
