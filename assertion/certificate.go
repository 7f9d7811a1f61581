package assertion

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
)

// ImportCertificate reads one X.509 certificate, PEM or base64 of DER, and
// returns it with its key. Who issued it does not matter: what is trusted is
// this one, the first where PEM holds its chain as well. alg is as in ImportJWK.
func ImportCertificate(text, alg string) (*Key, *x509.Certificate, error) {
	der, err := block(text, "CERTIFICATE")
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, errors.New("this is not an X.509 certificate, as PEM or base64 of DER")
	}
	key, err := newKey(certificate.PublicKey, alg)
	return key, certificate, err
}

// ImportPublicKey reads a public key, PEM or base64 of DER (SubjectPublicKeyInfo
// or PKCS #1). alg is as in ImportJWK.
func ImportPublicKey(text, alg string) (*Key, error) {
	der, err := block(text, "PUBLIC KEY", "RSA PUBLIC KEY")
	if err != nil {
		return nil, err
	}
	if public, err := x509.ParsePKIXPublicKey(der); err == nil {
		return newKey(public, alg)
	}
	if public, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return newKey(public, alg)
	}
	return nil, errors.New("this is not a public key, as PEM or base64 of DER")
}

// block returns the DER of a text that holds one thing of the given PEM types;
// certificates of issuers may follow a certificate.
func block(text string, types ...string) ([]byte, error) {
	if strings.Contains(text, "PRIVATE KEY") {
		return nil, ErrPrivate
	}
	if !strings.Contains(text, "-----BEGIN") {
		return bare(text)
	}
	found, rest := pem.Decode([]byte(text))
	if found == nil {
		return nil, errors.New("the PEM text is damaged")
	}
	for len(bytes.TrimSpace(rest)) > 0 {
		var issuer *pem.Block
		if issuer, rest = pem.Decode(rest); issuer == nil || issuer.Type != found.Type || found.Type != "CERTIFICATE" {
			return nil, errors.New("give one PEM block only; nothing but certificates of its issuers may follow a certificate")
		}
	}
	for _, allowed := range types {
		if found.Type == allowed {
			return found.Bytes, nil
		}
	}
	return nil, errors.New("the PEM block must be of the type " + strings.Join(types, " or "))
}

// bare decodes base64 that may be broken into lines.
func bare(text string) ([]byte, error) {
	text = strings.Join(strings.Fields(text), "")
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(der) == 0 {
		return nil, errors.New("this is neither PEM nor base64")
	}
	if isPrivate(der) {
		return nil, ErrPrivate
	}
	return der, nil
}

func isPrivate(der []byte) bool {
	_, err8 := x509.ParsePKCS8PrivateKey(der)
	_, err1 := x509.ParsePKCS1PrivateKey(der)
	_, errEC := x509.ParseECPrivateKey(der)
	return err8 == nil || err1 == nil || errEC == nil
}
