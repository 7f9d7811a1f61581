package admin

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Bounds of what a grant type of a tenant's own is made of.
const (
	maxGrantType = 200 // characters
	maxParams    = 20
	maxParam     = 64 // characters
)

// checkGrantType holds a grant type to an absolute URI (RFC 6749 section 4.5)
// that is nobody else's.
func (s *Service) checkGrantType(grantType string) error {
	u, err := url.Parse(grantType)
	if err != nil || !u.IsAbs() || u.Opaque == "" && u.Host == "" || u.User != nil || strings.ContainsAny(grantType, "#\"\\") ||
		len(grantType) > maxGrantType || strings.ContainsFunc(grantType, func(r rune) bool { return r <= ' ' || r > '~' }) {

		return Errorf(CodeInvalid, "grant_type", "must be an absolute URI of at most %d characters, such as https://acme.example/grants/badge", maxGrantType)
	}
	folded := strings.ToLower(grantType)
	if strings.HasPrefix(folded, "urn:ietf:") || strings.HasPrefix(folded, "urn:gatehouse:") || slices.Contains(s.cfg.Grants, grantType) {
		return Errorf(CodeInvalid, "grant_type", "%s is not the tenant's to define", quoted(grantType))
	}
	return nil
}

// checkRemoteGrant holds to its rules what can be changed. moved tells that the
// endpoint is a new one: where the operator has closed the way to an old one, the
// grant can still be disabled.
func (s *Service) checkRemoteGrant(g *tenants.RemoteGrant, moved bool) error {
	if err := checkName("name", g.Name); err != nil {
		return err
	}
	if err := checkChoice("status", string(g.Status), []string{string(tenants.Active), string(tenants.Disabled)}); err != nil {
		return err
	}
	if moved {
		if strings.Contains(g.Endpoint, "?") {
			return Errorf(CodeInvalid, "endpoint", "must have no query: requests are signed, and URLs are no place for secrets")
		}
		if err := s.cfg.CheckURL(g.Endpoint); err != nil {
			return Errorf(CodeInvalid, "endpoint", "%v", err)
		}
	}
	return checkParams(g.Params)
}

// checkParams refuses names of parameters by which clients prove who they are.
func checkParams(names []string) error {
	if n := len(names); n > maxParams {
		return Errorf(CodeInvalid, "params", "has %d entries, %d are allowed", n, maxParams)
	}
	for i, name := range names {
		field := fmt.Sprintf("params[%d]", i)
		if !only(name, "_.-", 1, maxParam) {
			return Errorf(CodeInvalid, field, "must be 1 to %d of A-Z a-z 0-9 _ . -", maxParam)
		}
		switch strings.ToLower(strings.NewReplacer("_", "", ".", "", "-", "").Replace(name)) {
		case "clientsecret", "clientassertion", "clientassertiontype":
			return Errorf(CodeInvalid, field, "%s is between the client and this platform", quoted(name))
		case "clientid", "granttype":
			return Errorf(CodeInvalid, field, "%s is sent by itself", quoted(name))
		}
		if slices.Contains(names[:i], name) {
			return Errorf(CodeInvalid, field, "%s is given twice", quoted(name))
		}
	}
	return nil
}

// grantTypes returns those that clients of a tenant may have, and those among
// them that public clients may have.
func (s *Service) grantTypes(ctx context.Context, tenantID string) (all, public []string, err error) {
	list, err := s.store.RemoteGrantsOf(ctx, tenantID)
	if err != nil {
		return nil, nil, err
	}
	all, public = slices.Clone(s.cfg.Grants), slices.Clone(s.cfg.PublicGrants)
	for _, g := range list {
		if all = append(all, g.GrantType); g.PublicClients {
			public = append(public, g.GrantType)
		}
	}
	return all, public, nil
}
