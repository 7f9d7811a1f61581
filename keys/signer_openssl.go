//go:build openssl

package keys

/*
#cgo LDFLAGS: -lcrypto
#cgo noescape sign
#cgo nocallback sign
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// load parses the DER of a PKCS #8 private key.
static EVP_PKEY *load(const unsigned char *der, long length) {
	ERR_clear_error();
	return d2i_AutoPrivateKey(NULL, &der, length);
}

// sign makes a signature over the input with SHA-256, with PSS padding and a
// salt of the hash's length where pss is set, and returns its length, or 0.
static size_t sign(EVP_PKEY *key, int pss, const unsigned char *input, size_t length, unsigned char *out, size_t room) {
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *params; // belongs to ctx
	ERR_clear_error();
	if (ctx == NULL || EVP_DigestSignInit(ctx, &params, EVP_sha256(), NULL, key) <= 0 ||
	    (pss && (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) <= 0 ||
	             EVP_PKEY_CTX_set_rsa_pss_saltlen(params, RSA_PSS_SALTLEN_DIGEST) <= 0)) ||
	    EVP_DigestSign(ctx, out, &room, input, length) <= 0) {
		room = 0;
	}
	EVP_MD_CTX_free(ctx);
	return room;
}
*/
import "C"

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"runtime"
	"unsafe"
)

// Backend names what makes RSA and ECDSA signatures in this build.
func Backend() string { return "OpenSSL " + C.GoString(C.OpenSSL_version(C.OPENSSL_VERSION_STRING)) }

// native returns what signs for a private key in this build: RSA and ECDSA
// keys are held by libcrypto, Ed25519 is as fast in Go.
func native(private crypto.Signer) (crypto.Signer, error) {
	switch private.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
	default:
		return private, nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	key := C.load((*C.uchar)(unsafe.Pointer(unsafe.SliceData(der))), C.long(len(der)))
	if key == nil {
		return nil, errors.New("libcrypto cannot read the private key")
	}
	s := &libcryptoSigner{key: key, public: private.Public(), room: int(C.EVP_PKEY_get_size(key))}
	runtime.AddCleanup(s, func(key *C.EVP_PKEY) { C.EVP_PKEY_free(key) }, key)
	return s, nil
}

// libcryptoSigner signs with a private key that OpenSSL's libcrypto holds. It
// is safe for concurrent use, and frees the key when it is not reachable any
// more.
type libcryptoSigner struct {
	key    *C.EVP_PKEY
	public crypto.PublicKey
	room   int
}

func (s *libcryptoSigner) Public() crypto.PublicKey { return s.public }

// Sign refuses: what is signed here is hashed here.
func (s *libcryptoSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("this key signs messages, not digests")
}

// SignMessage signs message with SHA-256, as crypto.MessageSigner has it.
func (s *libcryptoSigner) SignMessage(_ io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 {
		return nil, fmt.Errorf("this key signs with SHA-256, not %s", opts.HashFunc())
	}
	pss := C.int(0)
	if _, ok := opts.(*rsa.PSSOptions); ok {
		pss = 1
	}
	signature := make([]byte, s.room)
	n := C.sign(s.key, pss, (*C.uchar)(unsafe.Pointer(unsafe.SliceData(message))), C.size_t(len(message)),
		(*C.uchar)(unsafe.Pointer(unsafe.SliceData(signature))), C.size_t(len(signature)))
	runtime.KeepAlive(s)
	if n == 0 {
		return nil, errors.New("libcrypto made no signature")
	}
	return signature[:n], nil
}
