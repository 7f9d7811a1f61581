package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// signingKey makes compact JWS (RFC 7515 section 3.1) with one private key.
type signingKey struct {
	kid     string
	alg     string
	header  string // the JSON of the protected header up to the value of typ
	private crypto.Signer
}

// openSigningKey unseals the private half of k.
func openSigningKey(s *Sealer, k *Key) (*signingKey, error) {
	der, err := s.Open(k.Sealed, PurposeSigningKey, k.TenantID, k.Kid)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.Kid, err)
	}
	defer clear(der)
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: not a PKCS #8 private key", k.Kid)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s: a %T cannot sign", k.Kid, parsed)
	}
	if private, err = native(private); err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.Kid, err)
	}
	header := `{"alg":"` + k.Alg + `","kid":"` + k.Kid + `","typ":"`
	return &signingKey{kid: k.Kid, alg: k.Alg, header: header, private: private}, nil
}

// token returns payload as a signed token of that type. typ has been checked
// to need no escaping.
func (k *signingKey) token(typ string, payload []byte) (string, error) {
	var scratch [192]byte
	header := append(append(append(scratch[:0], k.header...), typ...), `"}`...)
	size := base64.RawURLEncoding.EncodedLen(len(header)) + base64.RawURLEncoding.EncodedLen(len(payload)) + 2
	buf := make([]byte, 0, size+700) // room for the signature of an RSA key of 4096 bits
	buf = base64.RawURLEncoding.AppendEncode(buf, header)
	buf = append(buf, '.')
	buf = base64.RawURLEncoding.AppendEncode(buf, payload)
	signature, err := k.sign(buf)
	if err != nil {
		return "", fmt.Errorf("signing with key %s: %w", k.kid, err)
	}
	buf = append(buf, '.')
	return string(base64.RawURLEncoding.AppendEncode(buf, signature)), nil
}

func (k *signingKey) sign(input []byte) ([]byte, error) {
	var opts crypto.SignerOpts = crypto.SHA256
	switch k.alg {
	case EdDSA:
		opts = crypto.Hash(0)
	case PS256:
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	signature, err := crypto.SignMessage(k.private, rand.Reader, input, opts)
	if err == nil && k.alg == ES256 {
		return concatenated(signature)
	}
	return signature, err
}

// concatenated turns the ASN.1 form of a P-256 signature into that of RFC 7518
// section 3.4.
func concatenated(der []byte) ([]byte, error) {
	const half = 32
	signature := make([]byte, 2*half)
	var r, s []byte
	var inner cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&inner, asn1.SEQUENCE) || !inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&s) ||
		len(r) > half || len(s) > half {
		return nil, fmt.Errorf("ECDSA signature is malformed")
	}
	copy(signature[half-len(r):half], r)
	copy(signature[2*half-len(s):], s)
	return signature, nil
}
