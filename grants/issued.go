package grants

import (
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Issued tells what is about to leave: a signed token that nobody has seen yet.
type Issued struct {
	Tenant    *tenants.Tenant
	Client    *tenants.Client
	Subject   *Subject
	GrantType string
	TokenID   string // the token's jti
	Kid       string // of the key that signed it; empty for an opaque one
	// Opaque is what must be stored before an opaque token leaves; nil for a JWT.
	Opaque  *tenants.OpaqueToken
	GrantID string // of the family or the API key that it belongs to; empty: none
	// RefreshToken goes out with the token; empty: none. Refresh is what must be
	// stored before, where the token is the first of its family.
	RefreshToken string
	Refresh      *tenants.RefreshStart
	Audience     string
	Scopes       oauth.Scopes
	At           time.Time
	Expiry       time.Time
	Address      string // of the caller
	RequestID    string

	proof *Proof // of the client
}

// Issue returns what is stored before the token leaves. Tokens for people, and
// what is consumed for one, are audited.
func (i *Issued) Issue() tenants.Issue {
	issue := tenants.Issue{Opaque: i.Opaque, Refresh: i.Refresh}
	person := i.Subject.User != nil && !i.Subject.User.IsServiceAccount()
	if person || i.Subject.Spend != nil || i.Subject.Record != nil {
		event := i.Audit()
		issue.Audit = &event
	}
	return issue
}

// Audit returns the event that tells of the token. It names the token and never
// holds it.
func (i *Issued) Audit() tenants.AuditEvent {
	details := map[string]any{
		"grant_type": i.GrantType, "jti": i.TokenID, "kid": i.Kid, "audience": i.Audience,
		"scope": i.Scopes.String(), "expires_at": i.Expiry.UTC().Format(time.RFC3339),
	}
	if i.GrantID != "" {
		details["grant_id"] = i.GrantID
	}
	if actor, ok := i.Subject.Claims["act"]; ok {
		details["act"] = actor
	}
	event := tenants.AuditEvent{
		ID: uuid.Must(uuid.NewV7()).String(), TenantID: i.Tenant.ID, At: i.At, Actor: i.Tenant.ClientActor(i.Client.ID),
		Action: "token.issue", Target: i.Subject.ID, Details: details, RequestID: i.RequestID, Address: i.Address,
	}
	if record := i.Subject.Record; record != nil {
		event.Action, event.Actor, details["client_id"] = record.Action, record.Actor, i.Client.ID
		maps.Copy(details, record.Details)
	}
	return event
}
