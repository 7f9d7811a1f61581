package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// document is a public JSON document as it goes out.
type document struct {
	body []byte
	etag string
}

// providerMetadata is the document of RFC 8414 section 2 and OpenID Connect
// Discovery section 3. It names only what works.
type providerMetadata struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	JWKSURI       string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	// AuthAlgs are for assertions, which two of the methods use.
	AuthAlgs []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`

	IntrospectionEndpoint    string   `json:"introspection_endpoint"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgs    []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationEndpoint       string   `json:"revocation_endpoint"`
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs       []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`

	DeviceAuthorizationEndpoint string `json:"device_authorization_endpoint,omitempty"` // RFC 8628 section 4
	// KeyScheduleURI is our own: where the life of the keys is published.
	KeyScheduleURI string `json:"key_schedule_uri"`
}

// described names a document of metadata.
type described struct {
	tenant *tenants.Tenant
	spec   *dialects.Spec
	grants string // that work there, separated by spaces
}

// discovery answers with the tenant's metadata, by whichever way it was found:
// it always names the stored issuer. A dialect's own endpoints stand in it in
// place of the default ones.
func (s *Server) discovery(c *gin.Context, spec *dialects.Spec) error {
	if err := needTenant(c); err != nil {
		return err
	}
	grants := s.Grants.Offered(c.Request.Context(), of(c).tenant)
	key := described{of(c).tenant, spec, strings.Join(grants, " ")}
	doc, ok := s.metadata.Get(key)
	if !ok {
		var err error
		if doc, err = s.describe(key); err != nil {
			return err
		}
		s.metadata.Add(key, doc)
	}
	s.publish(c, doc.body, doc.etag, s.JWKSMaxAge)
	return nil
}

func (s *Server) describe(d described) (*document, error) {
	base := s.root(d.tenant)
	at := func(o dialects.Operation) string {
		if path := d.spec.Path(o); path != "" {
			return base + path
		}
		return base + s.Dialects.Standard().Path(o)
	}
	offered := strings.Fields(d.grants)
	served, devices := grantsOf(d.spec, offered), ""
	methods := taken(d.spec, s.authMethods(served))
	if slices.Contains(served, oauth.GrantDeviceCode) {
		devices = at(dialects.DeviceAuthorization)
	}
	body, err := json.Marshal(providerMetadata{
		Issuer:        d.tenant.Issuer,
		TokenEndpoint: at(dialects.Token),
		JWKSURI:       at(dialects.JWKS),
		ResponseTypes: []string{}, // required, and there is no authorization endpoint
		GrantTypes:    served,
		AuthMethods:   methods,
		AuthAlgs:      s.algsOf(methods),

		IntrospectionEndpoint:    at(dialects.Introspect),
		IntrospectionAuthMethods: confidential(s.Clients.Methods()),
		IntrospectionAuthAlgs:    s.Clients.Algs(),
		RevocationEndpoint:       at(dialects.Revoke),
		RevocationAuthMethods:    s.authMethods(offered),
		RevocationAuthAlgs:       s.Clients.Algs(),
		KeyScheduleURI:           at(dialects.KeySchedule),

		DeviceAuthorizationEndpoint: devices,
	})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &document{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}, nil
}

// root returns where the tenant's paths begin: at its issuer, or above an issuer
// that lies where one of the tenant's dialects has its metadata.
func (s *Server) root(tenant *tenants.Tenant) string {
	for _, name := range tenant.Dialects {
		if spec := s.Dialects.Lookup(name); spec != nil && spec.Root(tenant.Issuer) != tenant.Issuer {
			return spec.Root(tenant.Issuer)
		}
	}
	return tenant.Issuer
}

// authMethods names none only where one of the grants may be open to public
// clients: a tenant's own, or one that says so.
func (s *Server) authMethods(grants []string) []string {
	public := s.Registry.PublicTypes()
	open := func(grant string) bool { return s.Registry.Lookup(grant) == nil || slices.Contains(public, grant) }
	if slices.ContainsFunc(grants, open) {
		return s.Clients.Methods()
	}
	return confidential(s.Clients.Methods())
}

// taken returns those of some methods that a spec's token endpoint takes.
func taken(spec *dialects.Spec, methods []string) []string {
	return slices.DeleteFunc(slices.Clone(methods), func(method string) bool { return !spec.TakesClient(method) })
}

// algsOf returns the algorithms of assertions, nil where none of the methods has any.
func (s *Server) algsOf(methods []string) []string {
	if slices.Contains(methods, oauth.AuthPrivateKeyJWT) || slices.Contains(methods, oauth.AuthSecretJWT) {
		return s.Clients.Algs()
	}
	return nil
}

// confidential returns the methods by which a client proves anything.
func confidential(methods []string) []string {
	var some []string
	for _, method := range methods {
		if method != oauth.AuthNone {
			some = append(some, method)
		}
	}
	return some
}

// grantsOf returns those of some grants that a spec's token endpoints serve.
func grantsOf(spec *dialects.Spec, grants []string) []string {
	served := []string{}
	for _, grant := range grants {
		if spec.Serves(grant) {
			served = append(served, grant)
		}
	}
	return served
}

// jwks answers with the tenant's public keys (RFC 7517 section 5). Like the
// metadata it is answered from memory when the database is away.
func (s *Server) jwks(c *gin.Context) error {
	if err := needTenant(c); err != nil {
		return err
	}
	doc, err := s.Keys.JWKS(c.Request.Context(), of(c).tenant.ID)
	if err != nil {
		return err
	}
	s.publish(c, doc.Body, doc.ETag, s.JWKSMaxAge)
	return nil
}

// scheduleMaxAge is how long a verifier may not hear of a revoked key.
const scheduleMaxAge = 30 * time.Second

// holds reports whether If-None-Match names what the client would get (RFC 9110
// section 13.1.2). Proxies that compress make weak tags of ours.
func holds(ifNoneMatch, etag string) bool {
	if ifNoneMatch == "" || ifNoneMatch == etag {
		return ifNoneMatch != ""
	}
	for tag := range strings.SplitSeq(ifNoneMatch, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
			return true
		}
	}
	return false
}

// keySchedule answers with the life of the tenant's keys: what signs when, and
// what was revoked.
func (s *Server) keySchedule(c *gin.Context) error {
	if err := needTenant(c); err != nil {
		return err
	}
	tenant := of(c).tenant
	doc, err := s.Keys.Schedule(c.Request.Context(), tenant.ID, tenant.Issuer)
	if err != nil {
		return err
	}
	s.publish(c, doc.Body, doc.ETag, scheduleMaxAge)
	return nil
}

// publish answers with a public JSON document that anyone may keep for a while,
// browsers' scripts from everywhere included.
func (s *Server) publish(c *gin.Context, body []byte, etag string, maxAge time.Duration) {
	of(c).routine = true
	header := c.Writer.Header()
	values := []string{"public, max-age=" + strconv.Itoa(int(maxAge.Seconds())), etag, "*", "application/json"}
	header["Cache-Control"] = values[0:1:1]
	header["Etag"] = values[1:2:2]
	header["Access-Control-Allow-Origin"] = values[2:3:3]
	delete(header, "Content-Security-Policy") // data, which nosniff keeps from being taken for a page
	header["Content-Type"] = values[3:4:4]
	header["Content-Length"] = []string{strconv.Itoa(len(body))}
	s.keep(c, body, etag)
	if holds(c.GetHeader("If-None-Match"), etag) {
		delete(header, "Content-Type")
		delete(header, "Content-Length")
		c.Status(http.StatusNotModified)
		return
	}
	_, _ = c.Writer.Write(body) // what fails is the client's connection
}
