// Package grants turns a token request into a token: it authenticates the
// client, lets the registered grant say who the token speaks for, decides
// scopes, audience and lifetime, and has the token signed. It knows no HTTP
// and no database.
package grants

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Grant is one way to earn a token.
type Grant interface {
	// Type is the registered grant_type value.
	Type() string
	// Params names the request parameters that the grant reads; it receives
	// only these.
	Params() []string
	// Authorize says who the token speaks for. It may answer *oauth.Error and
	// changes nothing: what it would consume is the Subject's Spend.
	Authorize(ctx context.Context, r *Request) (*Subject, error)
}

// Request is what a grant sees of a token request. Its client has been
// authenticated and may use the grant.
type Request struct {
	Tenant    *tenants.Tenant
	Client    *tenants.Client
	Params    oauth.Params
	Browser   Browser
	Inspector *Inspector // judges access tokens that the request brings
	Address   string     // of the caller
	RequestID string
}

// Subject is who a token speaks for.
type Subject struct {
	ID string // the token's sub
	// User is who the subject is; nil for the client itself. The Service sees
	// to it that the user is active, and that what is issued to people is audited.
	User *tenants.User
	// Expiry bounds the token's life; zero: no bound.
	Expiry time.Time
	// Audience is the only one that the token may be for; empty: any that the
	// client may have.
	Audience string
	// Scopes bounds what is granted; nil: no bound. With KeepScopes a request that
	// asks for none gets all of them that the client still may have, deprecated
	// ones too.
	Scopes     oauth.Scopes
	KeepScopes bool
	// ScopesOf names what bounds the scopes, such as "the API key": clients are told.
	ScopesOf string
	// Decided says that the scopes were asked for and approved before: those that
	// the request for the token names do not count.
	Decided bool
	// Renewable says that a client which may use refresh tokens gets one. It
	// counts for people only.
	Renewable bool
	// EarnedBy is the grant type that the renewed grant was earned by: what a
	// client's use of it requires and how long its tokens live goes on to hold.
	EarnedBy string
	// GrantID names in the token what it was earned by and ends with: a renewed
	// grant, an API key; empty: a new grant, if any.
	GrantID string
	// GrantedAt is when the audience was granted: an API that was made later is
	// another one. Zero: now.
	GrantedAt time.Time
	// SessionID is the session that whatever renews this token ends with; empty: none.
	SessionID string
	// IssuedTokenType is what the answer says of the token (RFC 8693 section 2.2.1);
	// empty: nothing.
	IssuedTokenType string
	// Exchanged are the traces of the tokens that this one is earned by. It is never
	// for the admin API then.
	Exchanged []exchanged
	// RenewUntil is when the last token ends that this one can be renewed to; 0: as
	// the endpoint says.
	RenewUntil int64
	// Record is what the audit log tells of the token beside the usual; nil: nothing.
	// With one, it is audited whomever it is for.
	Record *Record
	// Outside says that somebody outside of this platform decided: such a token
	// is never for the admin API.
	Outside bool
	// Claims are added to the token. They never replace those that the Service
	// decides (RFC 9068 section 2.2).
	Claims map[string]any
	// Spend consumes what the grant was paid with, exactly once: an error
	// keeps the token from leaving. It also stores Issued.Issue, in the same
	// transaction. Nil where nothing is consumed.
	Spend func(ctx context.Context, issued *Issued) error
}

// Record is what a grant adds to the audit event of a token.
type Record struct {
	Action  string         // instead of token.issue
	Actor   string         // as AuditEvent has it
	Details map[string]any // never a secret
}

// Registry is the list of the grants that a server knows.
type Registry struct {
	grants map[string]Grant
	types  []string
}

// NewRegistry makes a Registry. Two grants of the same type are a mistake in
// the program that builds the list, and panic.
func NewRegistry(list ...Grant) *Registry {
	r := &Registry{grants: map[string]Grant{}}
	for _, g := range list {
		if _, twice := r.grants[g.Type()]; twice {
			panic("grants: " + g.Type() + " is registered twice")
		}
		r.grants[g.Type()] = g
		r.types = append(r.types, g.Type())
	}
	return r
}

// Lookup returns the grant of that type, nil for none.
func (r *Registry) Lookup(grantType string) Grant { return r.grants[grantType] }

// Types returns all registered grant types in the order of registration.
func (r *Registry) Types() []string { return r.types }

// Unlisted is a Grant that metadata never names: clients that may use it know.
type Unlisted interface{ Unlisted() }

// Listed returns the grant types that metadata names.
func (r *Registry) Listed() []string {
	return slices.DeleteFunc(slices.Clone(r.types), func(name string) bool {
		_, unlisted := r.grants[name].(Unlisted)
		return unlisted
	})
}

// revokers returns the grants that are Revokers.
func (r *Registry) revokers() []Revoker {
	var list []Revoker
	for _, name := range r.types {
		if revoker, ok := r.grants[name].(Revoker); ok {
			list = append(list, revoker)
		}
	}
	return list
}
