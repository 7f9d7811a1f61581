package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// SessionCookie returns the cookie that holds a session of the tenant's, without
// its value. Tenants that are told apart by their path share one origin, where a
// cookie's path is no boundary: so the name holds the tenant's id. On https it
// has the prefix that keeps other hosts from setting it (RFC 6265bis section
// 4.1.3.2).
func SessionCookie(tenant *tenants.Tenant) http.Cookie {
	c := http.Cookie{Name: "gatehouse-" + tenant.ID, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if strings.HasPrefix(tenant.Issuer, "https://") {
		c.Name, c.Secure = "__Host-"+c.Name, true
	}
	return c
}

// SetSession has the browser keep a session of the tenant's, and gives it also
// the cookies from which the tenant's dialects take one; an empty value removes
// them all.
func SetSession(c *gin.Context, value string) {
	x := of(c)
	cookie := SessionCookie(x.tenant)
	cookie.Value = value
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.Writer, &cookie)
	for _, name := range x.cookies {
		cookie.Name = name
		http.SetCookie(c.Writer, &cookie)
	}
}

// Session returns the value of the tenant's session cookie, "" for none. One
// that is sent twice is none.
func Session(r *http.Request, tenant *tenants.Tenant) string {
	cookies := r.CookiesNamed(SessionCookie(tenant).Name)
	if len(cookies) != 1 {
		return ""
	}
	return cookies[0].Value
}

// pages adds the pages below every tenant's issuer.
func (s *Server) pages(router gin.IRouter) {
	for _, prefix := range []string{"", "/t/:slug"} {
		s.Pages(router.Group(prefix, s.deadline, s.requireFresh, s.resolveTenant, s.requireTenant))
	}
}

// browser returns what a browser says of a request to the tenant's own host,
// nothing for one that came by the path or to the shared host.
//
// A dialect may read the session from a cookie of another name; where there is
// none of that name, ours counts.
func (s *Server) browser(c *gin.Context, route *dialects.Route, params oauth.Params) grants.Browser {
	var session string
	if route.ReadsSession() { // elsewhere it is a parameter like any other
		session = params["session"]
		delete(params, "session") // which is nobody's to have, least of all a tenant's endpoint
	}
	tenant := of(c).tenant
	if tenant == nil || c.Param("slug") != "" {
		return grants.Browser{}
	}
	scheme, _, _ := strings.Cut(tenant.Issuer, "://")
	b := grants.Browser{
		Session: Session(c.Request, tenant), FetchSite: c.GetHeader("Sec-Fetch-Site"),
		OwnOrigin: scheme + "://" + strings.ToLower(of(c).host),
		OfDialect: route.ReadsSession(),
	}
	if session != "" {
		b.Session = session
	}
	b.Origin = strings.Join(c.Request.Header.Values("Origin"), ", ")
	return b
}

// share lets the page that asks read the answer, if the client lists its origin
// (Fetch standard, CORS protocol).
func (s *Server) share(c *gin.Context, r *grants.TokenRequest) error {
	allowed, err := s.Grants.AllowsOrigin(c.Request.Context(), r.Tenant, r.Credentials.ClientID(), &r.Browser)
	if err != nil {
		return err
	}
	header := c.Writer.Header()
	header.Add("Vary", "Origin")
	if allowed {
		header.Set("Access-Control-Allow-Origin", r.Browser.Origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	return nil
}

// requireTenant answers 404 on the shared host, where no tenant was named. On a
// tenant's own host it notes the cookies of its dialects: by path there is no
// telling tenants apart for them.
func (s *Server) requireTenant(c *gin.Context) {
	x := of(c)
	if err := needTenant(c); err != nil {
		s.refuse(c, err)
		return
	}
	if c.Param("slug") != "" {
		return
	}
	for _, spec := range s.Dialects.Others() {
		if slices.Contains(x.tenant.Dialects, spec.Name) {
			x.cookies = append(x.cookies, spec.SessionCookies()...)
		}
	}
}

// Tenant returns the tenant that the request is for; nil on the shared host.
func Tenant(c *gin.Context) *tenants.Tenant { return of(c).tenant }

// Host returns the host that the client asked for, as seen behind trusted
// proxies.
func Host(c *gin.Context) string { return of(c).host }
