// Package adminapi serves the use cases of package admin as JSON over HTTP. It
// owns the wire: paths, bodies, entity tags, problem documents and the OpenAPI
// document that describes them. It decides nothing: every rule is in admin.
package adminapi

import (
	"context"
	_ "embed"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/admin"
	"github.com/gatehouse-auth/gatehouse/server"
)

// Prefix is the path below which the admin API is served.
const Prefix = server.AdminPath

//go:embed openapi.yaml
var openAPI []byte

// OpenAPI returns the document that describes this API (OpenAPI 3.0, YAML).
func OpenAPI() []byte { return openAPI }

// api is the use cases behind their routes.
type api struct {
	service *admin.Service
	auth    Authenticator
}

// Mount returns what adds the API to a server.
func Mount(service *admin.Service, auth Authenticator) server.Mount {
	return func(r gin.IRouter) { Register(r, service, auth) }
}

// Register adds the API to r, a router of package server.
func Register(r gin.IRouter, service *admin.Service, auth Authenticator) {
	a := &api{service: service, auth: auth}
	inner := a.router()
	handle := func(c *gin.Context) {
		call := &call{requestID: server.RequestID(c), address: server.Address(c)}
		inner.ServeHTTP(c.Writer, c.Request.WithContext(context.WithValue(c.Request.Context(), callKey{}, call)))
		server.Note(c, call.route, call.actor, call.failure)
	}
	r.Any(Prefix, handle)
	r.Any(Prefix+"/*path", handle)
}

// call is what the server knows of a request, and what it wants to know.
type call struct {
	requestID string
	address   string
	route     string
	actor     string
	failure   error
}

type callKey struct{}

func callOf(c *gin.Context) *call { return c.Request.Context().Value(callKey{}).(*call) }

// router returns an engine of its own: identifiers that are URLs come as one
// escaped segment of a path, and unknown paths are answered as problems.
func (a *api) router() http.Handler {
	router := gin.New()
	router.UseRawPath = true
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	router.Use(func(c *gin.Context) {
		callOf(c).route = c.FullPath()
		c.Header("Cache-Control", "no-store")
	})
	router.NoRoute(func(c *gin.Context) { refuse(c, errNoRoute()) })
	router.NoMethod(func(c *gin.Context) { refuse(c, errNoMethod(c.Writer.Header().Get("Allow"))) })
	group := router.Group(Prefix)
	look := []string{http.MethodGet, http.MethodHead}
	group.Match(look, "/openapi.yaml", func(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", openAPI) })
	for _, route := range a.routes() {
		methods := []string{route.method}
		if route.method == http.MethodGet {
			methods = look
		}
		group.Match(methods, route.path, a.handle(route))
	}
	return router
}

// route is one operation.
type route struct {
	method, path string
	query        []string // the query parameters that it knows
	answer       func(*request) (answer, error)
}

const tenantPath = "/tenants/:tenant"

func (a *api) routes() []route {
	paged := []string{"page_size", "page_token", "q"}
	short := paged[:2:2] // of so few that nobody looks for one by its beginning
	const tenant = tenantPath
	const client = tenant + "/clients/:client"
	const user = tenant + "/users/:user"
	s := a.service
	return slices.Concat([]route{
		{"GET", "/tenants", paged, a.listTenants},
		{"POST", "/tenants", nil, a.createTenant},
		{"GET", tenant, nil, a.showTenant},
		{"PATCH", tenant, nil, a.updateTenant},
		{"DELETE", tenant, nil, a.deleteTenant},
		{"GET", tenant + "/apis", paged, list(s.APIs)},
		{"GET", tenant + "/clients", paged, list(s.Clients)},
		{"GET", client + "/effective", []string{"audience", "grant_type"}, a.effective},
		{"GET", client + "/secrets", short, a.listSecrets},
		{"POST", client + "/secrets", nil, a.addSecret},
		{"DELETE", client + "/secrets/:secret", nil, a.revokeSecret},
		{"GET", client + "/credentials", short, a.listClientCredentials},
		{"GET", client + "/keys", short, a.listClientKeys},
		{"POST", client + "/keys", nil, a.addClientKey},
		{"DELETE", client + "/keys/:key", nil, a.revokeClientKey},
		{"GET", tenant + "/remote-grants", paged, list(s.RemoteGrants)},
		{"GET", tenant + "/trusted-issuers", paged, list(s.TrustedIssuers)},
		{"GET", tenant + "/users", append(slices.Clone(paged), "group"), a.listUsers},
		{"POST", user + "/unlock", nil, a.unlockUser},
		{"GET", user + "/sessions", short, a.listSessions},
		{"DELETE", user + "/sessions", nil, a.revokeSessions},
		{"DELETE", user + "/sessions/:session", nil, a.revokeSession},
		{"GET", user + "/api-keys", paged, a.listAPIKeys},
		{"POST", user + "/api-keys", nil, a.createAPIKey},
		{"GET", user + "/api-keys/:key", nil, a.showAPIKey},
		{"PATCH", user + "/api-keys/:key", nil, a.updateAPIKey},
		{"DELETE", user + "/api-keys/:key", nil, a.deleteAPIKey},
		{"GET", tenant + "/groups", paged, list(s.Groups)},
		{"GET", tenant + "/impersonation-rules", paged, list(s.ImpersonationRules)},
		{"GET", tenant + "/signing-keys", short, list(s.SigningKeys)},
		{"POST", tenant + "/signing-keys/rotate", nil, a.rotateKey},
		{"POST", tenant + "/signing-keys/:kid/revoke", nil, a.revokeKey},
		{"GET", tenant + "/signing-keys/:kid/uses", paged, a.listKeyUses},
		{"DELETE", tenant + "/signing-keys/:kid", nil, a.deleteKey},
		{"POST", tenant + "/tokens/revoke", nil, a.revokeTokens},
		{"GET", tenant + "/legacy-uses", paged, list(s.LegacyUses)},
		{"GET", tenant + "/audit-events", append(slices.Clone(paged), "since"), a.listAuditEvents},
		{"GET", "/audit-events", append(slices.Clone(paged), "since"), a.listAllAuditEvents},
	},
		things("apis", "api", s.CreateAPI, s.API, s.UpdateAPI, s.DeleteAPI),
		things("clients", "client", s.CreateClient, s.Client, s.UpdateClient, s.DeleteClient),
		things("remote-grants", "grant", s.CreateRemoteGrant, s.RemoteGrant, s.UpdateRemoteGrant, s.DeleteRemoteGrant),
		things("trusted-issuers", "issuer", s.CreateTrustedIssuer, s.TrustedIssuer, s.UpdateTrustedIssuer, s.DeleteTrustedIssuer),
		things("users", "user", s.CreateUser, s.User, s.UpdateUser, s.DeleteUser),
		things("groups", "group", s.CreateGroup, s.Group, s.UpdateGroup, s.DeleteGroup),
		things("impersonation-rules", "rule", s.CreateImpersonationRule, s.ImpersonationRule, s.UpdateImpersonationRule, s.DeleteImpersonationRule),
	)
}

// handle authenticates the caller, has the route answer, and writes that.
func (a *api) handle(route route) gin.HandlerFunc {
	return func(c *gin.Context) {
		actor, err := a.actor(c)
		if err != nil {
			refuse(c, err)
			return
		}
		r := &request{Context: c, actor: actor}
		if r.query, err = readQuery(c.Request.URL.RawQuery, route.query); err != nil {
			refuse(c, err)
			return
		}
		answer, err := route.answer(r)
		if err != nil {
			refuse(c, err)
			return
		}
		answer.write(c)
	}
}
