package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// place is a route of a spec with what answers it.
type place struct {
	route  *dialects.Route
	answer gin.HandlerFunc
}

// places are the routes of all specs by method and path, the default spec's first.
type places map[string][]place

func (s *Server) places() places {
	all := places{}
	for _, spec := range append([]*dialects.Spec{s.Dialects.Standard()}, s.Dialects.Others()...) {
		for _, route := range spec.Routes {
			if route.Operation.Reserved() {
				continue
			}
			for _, key := range route.Keys() {
				if n := len(all[key]); n > 0 && all[key][n-1].route.Spec() == spec {
					continue // the first route of a spec decodes for those beside it
				}
				all[key] = append(all[key], place{route, s.operation(route)})
			}
		}
	}
	return all
}

// mount adds the routes of all specs at the root and below tenants' paths.
func (s *Server) mount(router gin.IRouter) {
	asked := map[string]bool{} // paths that answer what browsers ask before
	for key, candidates := range s.routes {
		method, path, _ := strings.Cut(key, " ")
		find, methods := gin.HandlersChain{s.resolveTenant}, []string{method}
		if !slices.ContainsFunc(candidates, func(p place) bool { return !published(p.route.Operation) }) {
			find = gin.HandlersChain{s.fromMemory, s.resolveTenant}
			methods = look()
		}
		for _, prefix := range []string{"", "/t/:slug"} {
			router.Group(prefix, find...).Match(methods, path, func(c *gin.Context) { s.dispatch(c, candidates) })
		}
		if asked[path] || !slices.ContainsFunc(candidates, func(p place) bool { return p.route.OpenToPages() }) {
			continue
		}
		asked[path] = true
		for _, prefix := range []string{"", "/t/:slug"} {
			router.Group(prefix, s.resolveTenant).OPTIONS(path, s.preflight(path))
		}
	}
}

// look returns the methods of what only shows something (RFC 9110 section 9.3.2).
// What a dialect does by GET may act, and is not there for HEAD.
func look() []string { return []string{http.MethodGet, http.MethodHead} }

// dispatch lets the spec answer that the tenant speaks, or that has the route
// on the shared host. Nothing there is said of a dialect that the tenant has
// not switched on.
func (s *Server) dispatch(c *gin.Context, candidates []place) {
	x := of(c)
	for i := range candidates {
		route := candidates[i].route
		if x.tenant == nil && !route.SharedHost && !s.isStandard(route) || x.tenant != nil && !s.speaks(x.tenant, route) {
			continue
		}
		x.answeredBy = route
		if x.tenant != nil {
			dress(c, route)
			if _, err := s.shareWithListed(c, route); err != nil {
				s.refuse(c, err)
				return
			}
		}
		candidates[i].answer(c)
		return
	}
	s.noRoute(c)
}

// dress gives the answer the headers of the route's spec.
func dress(c *gin.Context, route *dialects.Route) {
	for name, value := range route.Spec().Headers {
		c.Writer.Header().Set(name, value)
	}
}

func (s *Server) isStandard(route *dialects.Route) bool { return route.Spec() == s.Dialects.Standard() }

// speaks reports whether the route is one of the tenant's.
func (s *Server) speaks(tenant *tenants.Tenant, route *dialects.Route) bool {
	return s.isStandard(route) || slices.Contains(tenant.Dialects, route.Spec().Name)
}

// noRoute answers 404.
func (s *Server) noRoute(c *gin.Context) {
	s.refuse(c, &oauth.Error{Code: oauth.NotFound, Reason: oauth.ReasonUnknown, Description: "there is nothing at this path"})
}

// noMethod answers 405 with the methods that there are, or 404 where the path
// is only a dialect's: its tenants are not told apart here.
func (s *Server) noMethod(c *gin.Context) {
	path := c.Request.URL.Path
	if rest, ok := strings.CutPrefix(path, "/t/"); ok {
		_, path, _ = strings.Cut(rest, "/")
		path = "/" + path
	}
	standard := false
	for _, route := range s.Dialects.Standard().Routes {
		standard = standard || route.Path == path
	}
	for key := range s.routes {
		if !standard && strings.HasSuffix(key, " "+path) {
			c.Writer.Header().Del("Allow")
			s.noRoute(c)
			return
		}
	}
	s.refuse(c, &oauth.Error{
		Code: oauth.MethodNotAllowed, Reason: oauth.ReasonMalformed,
		Description: "this path answers only to: " + c.Writer.Header().Get("Allow"),
	})
}

// operation returns what answers a route.
func (s *Server) operation(route *dialects.Route) gin.HandlerFunc {
	switch route.Operation {
	case dialects.Token:
		return s.bounded(func(c *gin.Context) { s.token(c, route) })
	case dialects.Metadata:
		return s.refusing(func(c *gin.Context) error { return s.discovery(c, route.Spec()) })
	case dialects.JWKS:
		return s.refusing(s.jwks)
	case dialects.KeySchedule:
		return s.refusing(s.keySchedule)
	}
	acts := map[dialects.Operation]func(*gin.Context, *dialects.Route) error{
		dialects.Introspect: s.introspect, dialects.Profile: s.profile, dialects.SignIn: s.signIn, dialects.APIKeyCreate: s.createAPIKey,
		dialects.Revoke: s.revoke, dialects.DeviceAuthorization: s.authorizeDevice, dialects.Impersonatees: s.impersonatees,
		dialects.SessionProof: s.sessionProof,
	}
	act, ok := acts[route.Operation]
	if !ok {
		panic("server: no such operation: " + string(route.Operation))
	}
	return s.bounded(s.refusing(func(c *gin.Context) error { return act(c, route) }))
}

// refusing answers with what the operation returns.
func (s *Server) refusing(operation func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := operation(c); err != nil {
			s.refuse(c, err)
		}
	}
}

// values answers with what the operation holds, as the route writes it.
func (s *Server) values(c *gin.Context, route *dialects.Route, value func(name string) any) error {
	body, err := route.EncodeValues(value)
	if err != nil {
		return err
	}
	s.served(c, route)
	c.Data(route.Status, route.ContentType, body)
	return nil
}
