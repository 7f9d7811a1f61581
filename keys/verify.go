package keys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/gatehouse-auth/gatehouse/oauth"
)

// MaxTokenBytes is the length of the longest token that Verify looks at.
const MaxTokenBytes = 16 << 10

// Verify returns the payload of a token that Sign made for this tenant and
// typ, if its key is live and it is valid now, give or take Timing.Skew. Every
// other token is ErrInvalidToken; other errors mean that it could not be told.
func (r *Rings) Verify(ctx context.Context, tenantID, typ, token string) (payload []byte, err error) {
	if len(token) > MaxTokenBytes {
		return nil, oauth.InvalidTokenf("longer than %d bytes", MaxTokenBytes)
	}
	if !canonical(token) {
		return nil, oauth.InvalidTokenf("not a compact JWS")
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return nil, oauth.InvalidTokenf("not a compact JWS of a known algorithm")
	}
	header := jws.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != typ || typ == "" {
		return nil, oauth.InvalidTokenf("its typ is not %q", typ)
	}
	// RFC 8725 section 3.10: a token does not bring the key along by which it is
	// verified, and RFC 7515 section 4.1.11: we understand no extension.
	if headerParameters(token) != 3 {
		return nil, oauth.InvalidTokenf("it has header parameters beside alg, kid and typ")
	}
	ring, err := r.ring(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if ring.parsed[header.KeyID] == nil { // it may have replaced a revoked one on another node only now
		if ring, err = r.anew(ctx, tenantID, ring); err != nil {
			return nil, err
		}
	}
	now := r.now()
	key := ring.live(header.KeyID, now)
	if key == nil || header.Algorithm != key.Alg {
		return nil, oauth.InvalidTokenf("it was not signed by a live key of this tenant")
	}
	if payload, err = jws.Verify(key.public.Key); err != nil {
		return nil, oauth.InvalidTokenf("its signature is wrong")
	}
	if err := validAt(payload, now, r.timing.Skew); err != nil {
		return nil, err
	}
	return payload, nil
}

// Revoked reports whether the tenant's key of that kid was revoked, for as long as
// what came of its tokens may be alive. A removed key was not.
func (r *Rings) Revoked(ctx context.Context, tenantID, kid string) (bool, error) {
	ring, err := r.ring(ctx, tenantID)
	if err != nil {
		return false, err
	}
	key := find(ring.set.Keys, kid)
	return key != nil && key.RevokedAt != nil, nil
}

// headerParameters counts the parameters of the protected header.
func headerParameters(token string) int {
	encoded, _, _ := strings.Cut(token, ".")
	header, _ := base64.RawURLEncoding.DecodeString(encoded)
	var parameters map[string]json.RawMessage
	if err := oauth.DecodeToken(header, &parameters); err != nil {
		return 0
	}
	return len(parameters)
}

// canonical reports whether token has the only spelling that Sign gives it:
// decoders overlook line breaks and the last bits.
func canonical(token string) bool {
	parts := 0
	for part := range strings.SplitSeq(token, ".") {
		parts++
		if strings.ContainsAny(part, "\r\n") {
			return false
		}
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return parts == 3
}

// validAt checks the times of a JWT (RFC 7519 section 4.1), of which it must
// have an expiry.
func validAt(payload []byte, now time.Time, skew time.Duration) error {
	var times struct {
		Exp *int64 `json:"exp"`
		Nbf *int64 `json:"nbf"`
		Iat *int64 `json:"iat"`
	}
	if err := oauth.DecodeToken(payload, &times); err != nil || times.Exp == nil {
		return oauth.InvalidTokenf("its claims have no exp, or times that are not whole seconds")
	}
	if !now.Add(-skew).Before(time.Unix(*times.Exp, 0)) {
		return oauth.InvalidTokenf("it has expired")
	}
	for _, start := range []*int64{times.Nbf, times.Iat} {
		if start != nil && now.Add(skew).Before(time.Unix(*start, 0)) {
			return oauth.InvalidTokenf("it is not valid yet")
		}
	}
	return nil
}
