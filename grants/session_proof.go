package grants

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// ProofLife is how long a page has to use the proof that it was given.
const ProofLife = 5 * time.Minute

// A proof is when it ends, 128 random bits, and a MAC over both, the client and
// the origin, keyed by the session's cookie: nothing is stored until it is used.
const (
	proofNonce = 16
	proofHead  = 8 + proofNonce
	proofSize  = proofHead + 32
)

// proof returns a new proof that a page of the origin may exchange the session
// for the client.
func (v *Visit) proof(clientID, origin string, now time.Time) string {
	head := make([]byte, proofHead, proofSize)
	binary.BigEndian.PutUint64(head, uint64(now.Add(ProofLife).Unix()))
	rand.Read(head[8:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(append(head, v.proofMAC(head, clientID, origin)...))
}

// proves reports until when a proof is good, and whether it is.
func (v *Visit) proves(proof, clientID, origin string, now time.Time) (expiry time.Time, ok bool) {
	// The decoder overlooks line ends: with them one proof would be many, each good once.
	if len(proof) != base64.RawURLEncoding.EncodedLen(proofSize) {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(proof)
	if err != nil || len(raw) != proofSize || !hmac.Equal(raw[proofHead:], v.proofMAC(raw[:proofHead], clientID, origin)) {
		return time.Time{}, false
	}
	expiry = time.Unix(int64(binary.BigEndian.Uint64(raw)), 0)
	return expiry, now.Before(expiry)
}

func (v *Visit) proofMAC(head []byte, clientID, origin string) []byte {
	return v.mac("proof", clientID, origin, string(head))
}

// SessionProof returns what a page sends along when it exchanges its browser's
// session, once. It needs what the exchange needs: a client that may use the
// grant, a listed page, and somebody who is signed in. Errors are *oauth.Error.
func (s *Service) SessionProof(ctx context.Context, sessions *Sessions, r *TokenRequest) (string, error) {
	client, err := s.prepares(ctx, r, oauth.GrantSession)
	if err != nil {
		return "", err
	}
	if err := r.Browser.fromListedPage(client); err != nil {
		return "", err
	}
	visit, err := sessions.visit(ctx, r.Tenant, r.Browser.Session)
	if err != nil {
		return "", err
	}
	return visit.proof(client.ID, r.Browser.Origin, s.now()), nil
}

// prepares returns the client that asks for what a grant will need: it must be
// allowed that grant.
func (s *Service) prepares(ctx context.Context, r *TokenRequest, grantType string) (*tenants.Client, error) {
	grant := s.registry.Lookup(grantType)
	if grant == nil || !serves(r.Profile, grantType) {
		return nil, oauth.Errorf(oauth.UnsupportedGrantType, oauth.ReasonUnknown, "the grant %s is not supported here", grantType)
	}
	client, err := s.clients.Authenticate(ctx, r.Tenant, r.Credentials, r.Address)
	if err != nil {
		return nil, err
	}
	return client, admit(client, grant)
}

// visit is Find with the answer that a page gets where nobody is signed in.
func (s *Sessions) visit(ctx context.Context, tenant *tenants.Tenant, cookie string) (*Visit, error) {
	visit, err := s.Find(ctx, tenant, cookie)
	if errors.Is(err, tenants.ErrNotFound) {
		return nil, oauth.Errorf(oauth.InvalidGrant, oauth.ReasonMissing, "nobody is signed in here")
	}
	return visit, err
}
