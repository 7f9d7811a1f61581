package keys

import (
	"context"
	"crypto"
	"time"
)

// rest is how long a Pool rests after each key, as a multiple of the time that
// making it took: at most a quarter of one processor goes into keys ahead.
const rest = 3

// Pool has RSA keys of the default size ready, so that the first token of a
// tenant does not wait for one, and lets only one key be made at a time, so
// that a thousand new tenants do not slow the tokens of the others.
type Pool struct {
	ready  chan crypto.Signer
	making chan struct{}
}

// NewPool makes a Pool for that many keys. It is empty until Run fills it.
func NewPool(size int) *Pool {
	return &Pool{ready: make(chan crypto.Signer, size), making: make(chan struct{}, 1)}
}

// Run keeps the pool filled until ctx ends.
func (p *Pool) Run(ctx context.Context) {
	for {
		began := time.Now()
		key, err := p.make(RS256, RSABits()[0])
		if err != nil {
			return // crypto/rand never fails; without the pool keys are made as they are needed
		}
		select {
		case p.ready <- key:
		case <-ctx.Done():
			return
		}
		select {
		case <-time.After(rest * time.Since(began)):
		case <-ctx.Done():
			return
		}
	}
}

func (p *Pool) make(alg string, bits int) (crypto.Signer, error) {
	p.making <- struct{}{}
	defer func() { <-p.making }()
	return generatePrivate(alg, bits)
}

// NewKey returns a maker of keys of the tenant, with RSA keys of that size, 0
// for the default.
func (p *Pool) NewKey(s *Sealer, tenantID string, bits int) NewKey {
	return func(alg string) (Key, error) {
		if isRSA(alg) && (bits == 0 || bits == RSABits()[0]) {
			select {
			case key := <-p.ready:
				return New(s, tenantID, alg, key)
			default:
			}
		}
		if err := CheckAlg(alg, bits); err != nil {
			return Key{}, err
		}
		private, err := p.make(alg, bits)
		if err != nil {
			return Key{}, err
		}
		return New(s, tenantID, alg, private)
	}
}
