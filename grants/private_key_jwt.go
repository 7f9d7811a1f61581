package grants

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/assertion"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Keysets returns the keys that are published at a URI; *assertion.Keysets is
// one. Those that do not satisfy may be fetched anew.
type Keysets interface {
	Keys(ctx context.Context, tenantID, uri string, satisfies func([]assertion.Key) bool) ([]assertion.Key, error)
}

// maxTried bounds how many keys an assertion is verified with that names none.
const maxTried = 10

// PrivateKeyJWT is authentication by an assertion that the client's private key
// signed (RFC 7523 section 2.2, OpenID Connect Core section 9).
type PrivateKeyJWT struct {
	clientAssertion
	keysets Keysets
	decoys  []assertion.Key // one of each algorithm, which nobody has the private key of
}

// NewPrivateKeyJWT makes a PrivateKeyJWT.
func NewPrivateKeyJWT(keysets Keysets, spent SpentAssertions, now func() time.Time) *PrivateKeyJWT {
	return &PrivateKeyJWT{clientAssertion: clientAssertion{spent: spent, now: now}, keysets: keysets, decoys: newDecoys()}
}

// Methods returns private_key_jwt.
func (*PrivateKeyJWT) Methods() []string { return []string{oauth.AuthPrivateKeyJWT} }

// Algs returns those that a key may have.
func (*PrivateKeyJWT) Algs() []string { return assertion.Algs() }

// Authenticate holds the assertion to the client's keys and to its rules.
func (m *PrivateKeyJWT) Authenticate(ctx context.Context, p *Proof) error {
	return m.authenticate(ctx, p, func(token *assertion.Token) error {
		if p.Client.AuthMethod != oauth.AuthPrivateKeyJWT {
			return m.refuse(token, errors.New("the client authenticates by another method"))
		}
		return m.signed(ctx, p, token)
	})
}

// signed answers nil if a live key of the client signed.
func (m *PrivateKeyJWT) signed(ctx context.Context, p *Proof, token *assertion.Token) error {
	tried := 0
	for i := range p.Client.Keys {
		stored := &p.Client.Keys[i]
		if stored.Alg != token.Alg || token.KeyID != "" && stored.Kid != "" && stored.Kid != token.KeyID {
			continue
		}
		key, err := assertion.ImportJWK(stored.JWK, stored.Alg)
		if err != nil {
			return err // it was checked when it was stored
		}
		tried++
		if !token.IsSignedBy(key) {
			continue
		}
		if stored.Live(m.now()) {
			p.KeyID = stored.ID
			return nil
		}
		return outOfTime(stored, m.now())
	}
	if p.Client.JWKSURI == "" {
		if tried == 0 {
			return m.refuse(token, errors.New("the client has no key for this alg and kid"))
		}
		return notProven(errors.New("no key of the client verifies the assertion"))
	}
	found, tried, err := signedAt(ctx, m.keysets, p.Tenant.ID, p.Client.JWKSURI, token)
	switch {
	case err != nil:
		return m.refuse(token, err)
	case found:
		return nil
	case tried == 0:
		return m.refuse(token, errors.New("no key at the client's jwks_uri has this alg and kid"))
	}
	return notProven(errors.New("no key at the client's jwks_uri verifies the assertion"))
}

// refuse spends on a decoy the time that a key would have taken.
func (m *PrivateKeyJWT) refuse(token *assertion.Token, cause error) error {
	for i := range m.decoys {
		_ = token.IsSignedBy(&m.decoys[i])
	}
	return notProven(cause)
}

// signedAt reports whether a key that is published at a URI verifies the assertion,
// and how many keys there it may have been signed with. Keys that are in memory are
// fetched anew where none of them has the assertion's kid or verifies it.
func signedAt(ctx context.Context, keysets Keysets, tenantID, uri string, token *assertion.Token) (found bool, tried int, err error) {
	list, err := keysets.Keys(ctx, tenantID, uri, func(list []assertion.Key) bool {
		some := fitting(list, token)
		named := token.KeyID != "" && slices.ContainsFunc(some, func(key assertion.Key) bool { return key.ID == token.KeyID })
		found = !named && isSignedByAny(some, token)
		return named || found
	})
	some := fitting(list, token)
	return found || err == nil && isSignedByAny(some, token), len(some), err
}

func isSignedByAny(keys []assertion.Key, token *assertion.Token) bool {
	return slices.ContainsFunc(keys, func(key assertion.Key) bool { return token.IsSignedBy(&key) })
}

// fitting returns the keys that the assertion may have been signed with.
func fitting(list []assertion.Key, token *assertion.Token) []assertion.Key {
	var some []assertion.Key
	for _, key := range list {
		if key.Alg == token.Alg && (token.KeyID == "" || key.ID == "" || key.ID == token.KeyID) && len(some) < maxTried {
			some = append(some, key)
		}
	}
	return some
}

func outOfTime(key *tenants.ClientKey, now time.Time) error {
	if key.NotBefore != nil && now.Before(*key.NotBefore) {
		return oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client's key is not valid yet")
	}
	return oauth.Errorf(oauth.InvalidClient, oauth.ReasonExpired, "the client's key has expired")
}

// newDecoys makes public keys. The modulus is a random odd number, as only the
// time matters that a signature under it takes.
func newDecoys() []assertion.Key {
	bytes := make([]byte, 256)
	rand.Read(bytes) // never fails
	modulus := new(big.Int).SetBytes(bytes)
	modulus.SetBit(modulus, 2047, 1).SetBit(modulus, 0, 1)
	public := &rsa.PublicKey{N: modulus, E: 65537}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // never happens with a curve that is known
	}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return []assertion.Key{
		{Alg: assertion.RS256, Public: public},
		{Alg: assertion.PS256, Public: public},
		{Alg: assertion.ES256, Public: &ec.PublicKey},
		{Alg: assertion.EdDSA, Public: ed},
	}
}
