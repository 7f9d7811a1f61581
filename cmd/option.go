package cmd

import (
	"time"

	"github.com/gatehouse-auth/gatehouse/grants"
)

// Option changes the program that Main runs.
type Option func(*further)

// further is what a program has beside its own.
type further struct {
	grants []func(GrantParts) grants.Grant
}

// GrantParts are what a grant may ask. The zero value stands where the program
// only wants to know a grant's Type, Params and whether it is OpenToPublic.
type GrantParts struct {
	// Directory says who and what belongs to which tenant, from memory.
	Directory grants.Directory
	// Log stores what was used once among all nodes, together with what it earned,
	// and what must be there before a token leaves.
	Log grants.AssertionLog
	// Now is the clock of the program.
	Now func() time.Time
}

// WithGrant adds a grant to those of the program. Clients may use it that are
// allowed its type; metadata names it where some client is. A type that the
// program has already panics when a command needs the grants.
func WithGrant(newGrant func(GrantParts) grants.Grant) Option {
	return func(f *further) { f.grants = append(f.grants, newGrant) }
}

// made returns the added grants.
func (f *further) made(p GrantParts) []grants.Grant {
	list := make([]grants.Grant, len(f.grants))
	for i, newGrant := range f.grants {
		list[i] = newGrant(p)
	}
	return list
}
