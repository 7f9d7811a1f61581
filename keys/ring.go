package keys

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// Ring is a tenant's key set made ready for use: parsed, unsealed, rendered.
// It does not change; which key signs follows from the clock at each call.
type Ring struct {
	set      Set // keys by publication
	readAt   time.Time
	parsed   map[string]*parsedKey
	jwks     atomic.Pointer[rendering]
	schedule atomic.Pointer[rendering]
}

type parsedKey struct {
	*Key
	public  jose.JSONWebKey
	signing *signingKey // nil for a key that signs no more
	err     error       // why signing is missing
}

// newRing parses set. A public key that cannot be parsed is an error; a
// private one that cannot be opened is an error of signing only, so that the
// others' tokens can still be verified.
func newRing(set Set, s *Sealer, t Timing, now time.Time) (*Ring, error) {
	set.Keys = slices.Clone(set.Keys)
	slices.SortFunc(set.Keys, func(a, b Key) int {
		return cmp.Or(a.PublishedAt.Compare(b.PublishedAt), cmp.Compare(a.Kid, b.Kid))
	})
	ring := &Ring{set: set, readAt: now, parsed: make(map[string]*parsedKey, len(set.Keys))}
	for i := range set.Keys {
		key := &set.Keys[i]
		if key.TenantID != set.TenantID {
			return nil, fmt.Errorf("key %s belongs to another tenant", key.Kid)
		}
		parsed := &parsedKey{Key: key}
		if err := parsed.public.UnmarshalJSON(key.Public); err != nil {
			return nil, fmt.Errorf("public key %s: %w", key.Kid, err)
		}
		if p := parsed.public; !p.Valid() || !p.IsPublic() || p.KeyID != key.Kid || p.Algorithm != key.Alg {
			return nil, fmt.Errorf("public key %s: not the public JWK of this key", key.Kid)
		}
		if mayStillSign(key, now, t) {
			parsed.signing, parsed.err = openSigningKey(s, key)
		}
		ring.parsed[key.Kid] = parsed
	}
	return ring, nil
}

// mayStillSign reports whether the key signs at now or later, also when the
// clock is set back within the skew.
func mayStillSign(k *Key, now time.Time, t Timing) bool {
	return k.RevokedAt == nil && (k.RetireAt == nil || now.Add(-t.Skew).Before(*k.RetireAt))
}

// signer returns the key that signs for alg at now. While the first key of an
// algorithm waits for its lead, a key of another algorithm still signs.
func (r *Ring) signer(alg string, now time.Time) (*parsedKey, error) {
	key := SigningKey(r.set, alg, now)
	if key == nil && Successor(r.set, alg, now) != nil {
		key = StandIn(r.set, alg, now)
	}
	if key == nil {
		return nil, fmt.Errorf("%w for %s", ErrNoKey, alg)
	}
	parsed := r.parsed[key.Kid]
	if parsed.signing == nil {
		return nil, cmp.Or(parsed.err, fmt.Errorf("%w for %s: %s had retired when it was loaded", ErrNoKey, alg, key.Kid))
	}
	return parsed, nil
}

// live returns the key of that kid unless it is gone.
func (r *Ring) live(kid string, now time.Time) *parsedKey {
	if key := r.parsed[kid]; key != nil && key.State(now) != Gone {
		return key
	}
	return nil
}

// Document is an answer that any cache may keep.
type Document struct {
	Body []byte
	ETag string // a strong one (RFC 9110 section 8.8.3), with its quotes
}

func newDocument(body []byte) Document {
	sum := sha256.Sum256(body)
	return Document{Body: body, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

// rendering is a Document and the time in which it holds.
type rendering struct {
	document    Document
	issuer      string // of a schedule
	from, until time.Time
}

// rendered returns what is kept in at if it holds at now, else renders anew.
func (r *Ring) rendered(at *atomic.Pointer[rendering], issuer string, now time.Time, render func() ([]byte, error)) (Document, error) {
	if kept := at.Load(); kept != nil && kept.issuer == issuer && !now.Before(kept.from) && now.Before(kept.until) {
		return kept.document, nil
	}
	body, err := render()
	if err != nil {
		return Document{}, err
	}
	fresh := &rendering{document: newDocument(body), issuer: issuer}
	fresh.from, fresh.until = r.between(now)
	at.Store(fresh)
	return fresh.document, nil
}

// between returns the last instant up to now and the first one after it at
// which the state of a key changes.
func (r *Ring) between(now time.Time) (from, until time.Time) {
	until = now.AddDate(1, 0, 0)
	for i := range r.set.Keys {
		for _, at := range instants(&r.set.Keys[i]) {
			if at.After(now) && at.Before(until) {
				until = at
			}
			if !at.After(now) && at.After(from) {
				from = at
			}
		}
	}
	return from, until
}

func instants(k *Key) []time.Time {
	list := []time.Time{k.PublishedAt, k.ActiveAt}
	for _, at := range []*time.Time{k.RetireAt, k.RemoveAt} {
		if at != nil {
			list = append(list, *at)
		}
	}
	return list
}

// renderJWKS returns the JWK Set (RFC 7517 section 5) of the keys that are not
// gone at now.
func (r *Ring) renderJWKS(now time.Time) ([]byte, error) {
	body := bytes.NewBufferString(`{"keys":[`)
	for i := range r.set.Keys {
		key := r.live(r.set.Keys[i].Kid, now)
		if key == nil {
			continue
		}
		jwk, err := jose.JSONWebKey{Key: key.public.Key, KeyID: key.Kid, Algorithm: key.Alg, Use: "sig"}.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("JWK of key %s: %w", key.Kid, err)
		}
		if body.Bytes()[body.Len()-1] == '}' {
			body.WriteByte(',')
		}
		body.Write(jwk)
	}
	body.WriteString(`]}`)
	return body.Bytes(), nil
}
