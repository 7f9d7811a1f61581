package server

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
)

// authorizeDevice answers the device authorization endpoint (RFC 8628 section 3.1).
func (s *Server) authorizeDevice(c *gin.Context, route *dialects.Route) error {
	r, err := s.read(c, route)
	if err == nil {
		err = s.findTenant(c, route, r)
	}
	if err != nil {
		return err
	}
	a, err := s.Grants.AuthorizeDevice(c.Request.Context(), s.Devices, r, s.root(r.Tenant)+grants.DevicePath)
	if err != nil {
		return err
	}
	return s.values(c, route, func(name string) any { return deviceValue(a, name) })
}

// deviceValue returns what stands behind a name of the operation's answer (RFC
// 8628 section 3.2), nil for nothing.
func deviceValue(a *oauth.DeviceAuthorization, name string) any {
	switch name {
	case "device_code":
		return a.DeviceCode
	case "user_code":
		return a.UserCode
	case "verification_uri":
		return a.VerificationURI
	case "verification_uri_complete":
		return a.VerificationURIComplete
	case "expires_in":
		return a.ExpiresIn
	case "interval":
		return a.Interval
	}
	return nil
}

// wireProof is what a page needs to exchange its browser's session.
type wireProof struct {
	SessionProof string `json:"session_proof"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
}

// sessionProof answers pages that want to exchange their browser's session.
func (s *Server) sessionProof(c *gin.Context, route *dialects.Route) error {
	if err := needTenant(c); err != nil {
		return err
	}
	r, err := s.read(c, route)
	if err != nil {
		return err
	}
	if err := s.share(c, r); err != nil {
		return err
	}
	proof, err := s.Grants.SessionProof(c.Request.Context(), s.Sessions, r)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, wireProof{SessionProof: proof, ExpiresIn: int64(grants.ProofLife.Seconds())})
	return nil
}
