package verify

import (
	"context"
	"slices"
	"time"
)

// Verifier verifies access tokens of the issuers in its [Config]. It is safe for
// concurrent use, needs no closing, and a program needs one per set of audiences.
type Verifier struct {
	issuers    map[string]*issuer
	audiences  []string
	algorithms []string
	leeway     time.Duration
	now        func() time.Time
}

// New returns a Verifier, or an error that names the setting that is wrong. It
// asks no issuer: keys are fetched when the first token of an issuer comes, so a
// resource server starts also while its issuer is away.
func New(config Config) (*Verifier, error) {
	c := config.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	v := &Verifier{
		issuers:    make(map[string]*issuer, len(c.Issuers)),
		audiences:  slices.Clone(c.Audiences),
		algorithms: slices.Clone(c.Algorithms),
		leeway:     c.Leeway,
		now:        c.Now,
	}
	client := newClient(c.Client)
	for _, name := range c.Issuers {
		v.issuers[name] = newIssuer(name, client, c)
	}
	return v, nil
}

// Verify returns the token that raw, a JWT in compact serialization, stands for.
// The error is [ErrInvalidToken], or [ErrUnavailable] where the keys that could
// decide cannot be had or ctx ended while they were fetched. It asks the network
// only when a cache of that issuer is due, and only for a token whose issuer,
// type, algorithm, audience and times are in order.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	jws, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(v.algorithms, jws.alg) {
		return nil, invalid("the algorithm is not accepted")
	}
	token, err := decodeClaims(jws.payload)
	if err != nil {
		return nil, err
	}
	issuer, known := v.issuers[token.Issuer]
	if !known {
		return nil, invalid("the issuer is not accepted")
	}
	if err := v.checkClaims(token); err != nil {
		return nil, err
	}
	key, err := issuer.key(ctx, jws.kid)
	if err != nil {
		return nil, err
	}
	// RFC 8725 section 3.1: the key says what it is for, the header only agrees.
	if key.alg != jws.alg {
		return nil, invalid("the algorithm is not that of the key")
	}
	if !key.verify(jws.input, jws.signature) {
		return nil, invalid("the signature does not hold")
	}
	return token, nil
}

func (v *Verifier) checkClaims(t *Token) error {
	now := v.now()
	switch {
	case !slices.ContainsFunc(t.Audience, func(a string) bool { return slices.Contains(v.audiences, a) }):
		return invalid("the audience is another")
	case !now.Before(t.Expires.Add(v.leeway)):
		return invalid("the token has expired")
	case now.Add(v.leeway).Before(t.NotBefore):
		return invalid("the token is not valid yet")
	case now.Add(v.leeway).Before(t.IssuedAt):
		return invalid("the token was issued in the future")
	}
	return nil
}
