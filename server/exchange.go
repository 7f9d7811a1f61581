package server

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/dialects"
	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// exchange is what is known of a request while it is answered, for the access
// log and the metrics. It holds nothing secret. It stands in for the request's
// ResponseWriter, which is where every handler finds it.
type exchange struct {
	gin.ResponseWriter

	id       string
	began    time.Time
	heard    uint64 // the changes that this node had heard of then
	address  string // of the client, behind trusted proxies
	host     string // that the client asked for, known once the tenant was looked for
	tenant   *tenants.Tenant
	cookies  []string // from which the tenant's dialects take a session, for its pages
	clientID string   // as claimed
	actor    string   // who was found to ask, as in the audit log
	grant    string
	route    string // the pattern that answered
	routine  bool   // asked again and again by machines, and of no interest if it succeeds
	failure  *oauth.Error
	fields   []zap.Field // room for the line in the access log
	// answeredBy is the route of a spec that the request reached, nil for none.
	answeredBy *dialects.Route
}

// of returns the request's exchange; observe has put it there.
func of(c *gin.Context) *exchange { return c.Writer.(*exchange) }

// observe gives the request an id, lets it be answered, and tells the access
// log and the metrics how that went.
func (s *Server) observe(c *gin.Context) {
	x := s.exchanges.Get().(*exchange)
	defer s.exchanges.Put(x)
	*x = exchange{ResponseWriter: c.Writer, id: newRequestID(), began: s.Now(), heard: s.Heard(), address: s.clientAddress(c.Request), fields: x.fields[:0]}
	c.Writer = x
	defer func() { c.Writer = x.ResponseWriter }()
	header := c.Writer.Header()
	header["X-Request-Id"] = []string{x.id}
	if s.leaving() { // so that clients move to another node
		header.Set("Connection", "close")
	}
	c.Next()
	took := s.Now().Sub(x.began)
	if x.route == "" {
		x.route = c.FullPath()
	}
	s.Metrics.answered(x.route, c.Writer.Status(), took)
	s.log(c, x, took)
}

// log writes the access log: neither queries nor bodies nor header values that
// could hold a secret. Routine answers are on the level debug: verifiers and
// probes ask for them all the time, and the metrics count them.
func (s *Server) log(c *gin.Context, x *exchange, took time.Duration) {
	status := c.Writer.Status()
	level := zap.InfoLevel
	switch {
	case status >= 500:
		level = zap.ErrorLevel
	case x.routine:
		level = zap.DebugLevel
	}
	entry := s.Log.Check(level, "request")
	if entry == nil {
		return
	}
	fields := append(x.fields,
		zap.String("request_id", x.id),
		zap.String("method", c.Request.Method),
		zap.String("route", x.route),
		zap.Int("status", status),
		zap.Int("bytes", max(c.Writer.Size(), 0)),
		zap.Int64("took_us", took.Microseconds()),
		zap.String("address", x.address),
	)
	if x.route == "" {
		fields = append(fields, zap.String("path", clip(c.Request.URL.Path)))
	}
	if x.route == "" || x.failure != nil && x.failure.Code == oauth.UnknownTenant {
		fields = append(fields, zap.String("host", clip(s.requestHost(c.Request))))
	}
	if x.tenant != nil {
		fields = append(fields, zap.String("tenant", x.tenant.Slug))
	}
	if x.answeredBy != nil && !s.isStandard(x.answeredBy) {
		fields = append(fields, zap.String("dialect", x.answeredBy.Spec().Name))
	}
	if x.clientID != "" {
		fields = append(fields, zap.String("client_id", clip(x.clientID)))
	}
	if x.grant != "" {
		fields = append(fields, zap.String("grant_type", clip(x.grant)))
	}
	if x.actor != "" {
		fields = append(fields, zap.String("actor", clip(x.actor)))
	}
	if x.failure != nil {
		fields = append(fields, zap.String("error", string(x.failure.Code)))
		if x.failure.Reason != "" {
			fields = append(fields, zap.String("reason", string(x.failure.Reason)))
		}
		if x.failure.Err != nil {
			fields = append(fields, zap.NamedError("cause", x.failure.Err))
		}
	}
	entry.Write(fields...)
}

// clip bounds what a client may write into the log.
func clip(s string) string { return s[:min(len(s), 200)] }

// newRequestID returns 128 bits that do not repeat. They are no secret.
func newRequestID() string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return hex.EncodeToString(id[:])
}

// RequestID returns the id that the request's answer and log line carry.
func RequestID(c *gin.Context) string { return of(c).id }

// Address returns the client's address as seen behind trusted proxies.
func Address(c *gin.Context) string { return of(c).address }

// Note tells the access log which route of a router of its own answered whom, if
// that was found out, and what failed here; nil for nothing.
func Note(c *gin.Context, route, actor string, failure error) {
	x := of(c)
	x.route, x.actor = route, actor
	if failure != nil {
		x.failure = AsFailure(failure)
	}
}
