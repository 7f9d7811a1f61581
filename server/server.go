// Package server is the front of the house: it turns HTTP into calls of the
// other rooms and their answers into HTTP. Requests are logged here, once, and
// nowhere else. It decides nothing about tokens and never sees the database.
package server

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/grants"
	"github.com/gatehouse-auth/gatehouse/keys"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// Limits of a request. They hold on every route.
const (
	MaxBody   = 64 << 10
	MaxHeader = 16 << 10
)

// Config is what an operator decides about the front.
type Config struct {
	PublicURL      *url.URL
	TrustedProxies []netip.Prefix
	MaxStaleness   time.Duration
	JWKSMaxAge     time.Duration
	RequestTimeout time.Duration   // what a handler may take; 0: 5 s
	Draining       <-chan struct{} // closed when the server is about to stop
}

// Parts are the rooms behind the front.
type Parts struct {
	Resolver  *tenants.Resolver
	Grants    *grants.Service
	Registry  *grants.Registry
	Clients   *grants.Authenticator
	Keys      *keys.Rings
	Dialects  *dialects.Set                          // nil: those that come with the program
	Staleness func() time.Duration                   // of what the caches hold
	Heard     func() uint64                          // how many changes the caches have taken in; nil: any moment may bring one
	Ready     map[string]func(context.Context) error // the checks of /readyz, by name
	Admin     Mount                                  // adds the admin API; nil: it is served elsewhere
	Legacy    *LegacyLog                             // of who uses dialects; nil: nobody wants to know
	Sessions  *grants.Sessions                       // of browsers
	APIKeys   KeyMaker                               // for people
	Devices   *grants.Devices                        // that people authorize
	Rules     *grants.Impersonations                 // who may become whom
	Pages     Mount                                  // adds the pages for people, with a tenant; nil: none
	Metrics   *Metrics
	Log       *zap.Logger
	Now       func() time.Time // nil: time.Now
}

// Mount adds routes to a router of this package.
type Mount func(gin.IRouter)

// Server answers HTTP requests.
type Server struct {
	Config
	Parts
	headers   http.Header
	exchanges sync.Pool // of *exchange
	routes    places
	metadata  *lru.Cache[described, *document]
	documents *documents
	unheard   sync.Once // the warning of forwarded addresses that do not count
}

// New makes a Server.
func New(config Config, parts Parts) *Server {
	metadata, err := lru.New[described, *document](1000)
	if err != nil {
		panic(err) // the size is a constant
	}
	documents, err := lru.New[question, *answer](10_000)
	if err != nil {
		panic(err)
	}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = 5 * time.Second
	}
	if parts.Now == nil {
		parts.Now = time.Now
	}
	if parts.Heard == nil {
		parts.Heard = new(changes).next
	}
	if parts.Dialects == nil {
		parts.Dialects = dialects.Builtin()
	}
	s := &Server{Config: config, Parts: parts, headers: headersOf(config), metadata: metadata, documents: documents}
	s.exchanges.New = func() any { return &exchange{fields: make([]zap.Field, 0, 16)} }
	s.routes = s.places()
	return s
}

// Handler returns the handler of the public listener.
func (s *Server) Handler() http.Handler {
	router := s.router()
	if s.Admin != nil {
		s.Admin(router.Group("", s.deadline, s.requireFresh))
	}
	s.health(router)
	s.mount(router)
	if s.Pages != nil {
		s.pages(router)
	}
	// RFC 8414 section 3.1 puts the well-known part before the issuer's path.
	inserted := router.Group("", s.fromMemory, s.resolveTenant)
	for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
		inserted.Match(look(), "/.well-known/"+name+"/t/:slug", func(c *gin.Context) { s.discovery(c, s.Dialects.Standard()) })
	}
	return s.again(router)
}

// AdminHandler returns the handler of a listener of its own for the admin API.
func (s *Server) AdminHandler(admin Mount) http.Handler {
	router := s.router()
	admin(router.Group("", s.deadline, s.requireFresh))
	s.health(router)
	return router
}

// router returns an engine with everything that holds on every route.
func (s *Server) router() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	router.ForwardedByClientIP = false // clientAddress knows the trusted proxies
	router.Use(s.observe, s.recover, s.guard)
	router.NoRoute(s.noRoute)
	router.NoMethod(s.noMethod)
	return router
}

// HTTPServer returns an http.Server with the time and size limits of the house.
func HTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:        handler,
		ReadTimeout:    10 * time.Second, // of the header, too
		WriteTimeout:   15 * time.Second,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: MaxHeader,
	}
}
