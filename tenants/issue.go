package tenants

// Issue is what is stored with an access token before it leaves, all or nothing;
// nil stands for what there is not.
type Issue struct {
	Audit   *AuditEvent
	Opaque  *OpaqueToken  // of a token that is no JWT
	Refresh *RefreshStart // of a refresh token that is the first of its family
}
