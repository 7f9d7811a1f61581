package keys

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sync"

	"github.com/gatehouse-auth/gatehouse/feed"
)

// PepperSource is where Peppers reads what it does not have in memory.
type PepperSource interface {
	Pepper(ctx context.Context, tenantID string) (SealedPepper, error)
}

// pepperBytes is the length of a pepper, that of HMAC-SHA-256's output.
const pepperBytes = 32

// NewPepper makes the pepper of a new tenant.
func NewPepper(s *Sealer, tenantID string) (SealedPepper, error) {
	pepper := make([]byte, pepperBytes)
	rand.Read(pepper)
	defer clear(pepper)
	sealed, by, err := s.Seal(pepper, PurposePepper, tenantID, "")
	return SealedPepper{TenantID: tenantID, Sealed: sealed, SealedBy: by}, err
}

// Rewrap wraps the pepper's data key by the Sealer's first master key, and
// reports whether another one had wrapped it.
func (p *SealedPepper) Rewrap(s *Sealer) (changed bool, err error) {
	if p.SealedBy == s.ID() {
		return false, nil
	}
	sealed, by, err := s.Rewrap(p.Sealed, PurposePepper, p.TenantID, "")
	if err != nil {
		return false, fmt.Errorf("pepper: %w", err)
	}
	p.Sealed, p.SealedBy = sealed, by
	return true, nil
}

// Peppers computes keyed hashes under the peppers of tenants, which it keeps
// in memory. It is safe for concurrent use.
type Peppers struct {
	source PepperSource
	sealer *Sealer
	kept   *feed.Cache[string, *pepper]
}

// pepper keeps hashes that the opened pepper has keyed: keying one costs more
// than hashing a secret.
type pepper struct{ keyed sync.Pool }

// NewPeppers makes Peppers that reads sealed peppers from src.
func NewPeppers(src PepperSource, s *Sealer) *Peppers {
	return &Peppers{source: src, sealer: s, kept: feed.NewCache[string, *pepper](ringsKept)}
}

// MAC returns HMAC-SHA-256 over parts, each preceded by its length, under the
// tenant's pepper. It passes on the errors of the source and of Sealer.Open.
func (p *Peppers) MAC(ctx context.Context, tenantID string, parts ...string) ([]byte, error) {
	pepper, _, err := p.kept.Get(ctx, tenantID, func(ctx context.Context) (*pepper, bool, error) {
		pepper, err := p.open(ctx, tenantID)
		return pepper, true, err
	})
	if err != nil {
		return nil, err
	}
	mac := pepper.keyed.Get().(hash.Hash)
	defer pepper.keyed.Put(mac)
	mac.Reset()
	mac.Write(appendParts(make([]byte, 0, 256), parts...))
	return mac.Sum(nil), nil
}

func (p *Peppers) open(ctx context.Context, tenantID string) (*pepper, error) {
	sealed, err := p.source.Pepper(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	plain, err := p.sealer.Open(sealed.Sealed, PurposePepper, tenantID, "")
	if err != nil {
		return nil, fmt.Errorf("pepper: %w", err)
	}
	return &pepper{keyed: sync.Pool{New: func() any { return hmac.New(sha256.New, plain) }}}, nil
}

// Apply drops what a change of a tenant may have made untrue.
func (p *Peppers) Apply(e feed.Event) {
	if e.Kind == feed.Tenant {
		p.kept.Drop(e.TenantID)
	}
}

// Reset forgets all peppers.
func (p *Peppers) Reset() { p.kept.Reset() }

// appendParts appends each part with its length before it, so that no two
// lists of parts give the same bytes.
func appendParts(to []byte, parts ...string) []byte {
	for _, part := range parts {
		to = binary.AppendUvarint(to, uint64(len(part)))
		to = append(to, part...)
	}
	return to
}
