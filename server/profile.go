package server

import (
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// profile answers who bears a token with what is known of them.
func (s *Server) profile(c *gin.Context, route *dialects.Route) error {
	token, err := s.bearer(c, route)
	if err != nil {
		return err
	}
	return s.values(c, route, func(name string) any { return known(token.User, name) })
}

// bearer returns the live token of a person that the request brings as its
// parameter token, else invalid_token.
func (s *Server) bearer(c *gin.Context, route *dialects.Route) (*grants.Token, error) {
	_, token, err := s.borne(c, route)
	return token, err
}

// borne is bearer together with the request. Whom the token speaks for must have
// the permission that the route requires.
func (s *Server) borne(c *gin.Context, route *dialects.Route) (*grants.TokenRequest, *grants.Token, error) {
	r, err := s.read(c, route)
	if err != nil {
		return nil, nil, err
	}
	var token *grants.Token
	if s.isStandard(route) { // no client stands behind it: a token of any will do, and may be a client's own
		token, err = s.Grants.Speaker(c.Request.Context(), r.Tenant, r.Params["token"])
	} else {
		token, err = s.Grants.Bearer(c.Request.Context(), r.Tenant, route.Spec().Name, r.Params["token"])
	}
	if err != nil {
		return nil, nil, err
	}
	if needed := r.Profile.RequiredPermission; needed != "" && !token.User.May(needed) {
		return nil, nil, oauth.Errorf(oauth.AccessDenied, oauth.ReasonForbidden, "this needs the permission %s", needed)
	}
	of(c).clientID = token.Client.ID
	return r, token, nil
}

// known returns what is known of a user under a name of the dialects'
// vocabulary, nil for nothing.
func known(u *tenants.User, name string) any {
	switch name {
	case "id":
		return u.ID
	case "username":
		return u.Username
	case "name":
		return u.Name
	case "email":
		return u.Email
	}
	return u.ProfileField(strings.TrimPrefix(name, "profile."))
}
