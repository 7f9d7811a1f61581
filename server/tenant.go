package server

import (
	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/feed"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// resolveTenant finds the tenant by host and path. On the shared host it leaves
// the tenant to the audience.
func (s *Server) resolveTenant(c *gin.Context) {
	x := of(c)
	x.host = s.requestHost(c.Request)
	tenant, err := s.Resolver.Resolve(c.Request.Context(), x.host, c.Param("slug"))
	if err != nil {
		s.refuse(c, err)
		return
	}
	x.tenant = tenant
	c.Next()
}

// published reports whether the operation's answer is a document for everyone.
func published(operation dialects.Operation) bool {
	return operation == dialects.Metadata || operation == dialects.JWKS || operation == dialects.KeySchedule
}

// fromMemory has the request answered by what this node knew last, if the
// database is away: a document that verifiers need is better a little old than
// not to be had.
func (s *Server) fromMemory(c *gin.Context) {
	c.Request = c.Request.WithContext(feed.AcceptLast(c.Request.Context()))
}

// requireFresh refuses to answer from memory that may be too old.
func (s *Server) requireFresh(c *gin.Context) {
	if s.Staleness() > s.MaxStaleness {
		s.refuse(c, stale())
	}
}

// stale is the answer of a node that has not heard of changes for too long.
func stale() error {
	return &oauth.Error{
		Code: oauth.TemporarilyUnavailable, Reason: oauth.ReasonInternal,
		Description: "this node has lost touch with its database, try again", RetryAfter: retryAfter,
	}
}

// needTenant refuses what comes to the shared host without naming a tenant.
func needTenant(c *gin.Context) error {
	if of(c).tenant != nil {
		return nil
	}
	return oauth.Errorf(oauth.UnknownTenant, oauth.ReasonMissing,
		"this host is shared by all tenants: use the tenant's own host or its path /t/{slug}")
}
