package server

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/zap"

	"github.com/gatehouse-auth/gatehouse/oauth"
	"github.com/gatehouse-auth/gatehouse/tenants"
)

// exchange is what is known of a request while it is answered, for the access
// log and the metrics. It holds nothing secret.
type exchange struct {
	id       string
	began    time.Time
	address  string // of the client, behind trusted proxies
	tenant   *tenants.Tenant
	clientID string // as claimed
	grant    string
	route    string // the pattern that answered
	failure  *oauth.Error
	fields   [14]zap.Field // room for the line in the access log
}

const exchangeKey = "gatehouse.exchange"

// of returns the request's exchange; observe has put it there.
func of(c *gin.Context) *exchange { return c.MustGet(exchangeKey).(*exchange) }

// observe gives the request an id, lets it be answered, and tells the access
// log and the metrics how that went.
func (s *Server) observe(c *gin.Context) {
	x := s.exchanges.Get().(*exchange)
	defer s.exchanges.Put(x)
	*x = exchange{id: newRequestID(), began: time.Now(), address: s.clientAddress(c.Request)}
	c.Set(exchangeKey, x)
	header := c.Writer.Header()
	header["X-Request-Id"] = []string{x.id}
	select {
	case <-s.Draining: // so that clients move to another node
		header.Set("Connection", "close")
	default:
	}
	c.Next()
	took := time.Since(x.began)
	if x.route == "" {
		x.route = c.FullPath()
	}
	s.Metrics.answered(x.route, c.Writer.Status(), took)
	s.log(c, x, took)
}

// log writes the access log: neither queries nor bodies nor header values that
// could hold a secret.
func (s *Server) log(c *gin.Context, x *exchange, took time.Duration) {
	status := c.Writer.Status()
	fields := append(x.fields[:0],
		zap.String("request_id", x.id),
		zap.String("method", c.Request.Method),
		zap.String("route", x.route),
		zap.Int("status", status),
		zap.Int("bytes", max(c.Writer.Size(), 0)),
		zap.Int64("took_us", took.Microseconds()),
		zap.String("address", x.address),
	)
	if x.route == "" {
		fields = append(fields, zap.String("path", clip(c.Request.URL.Path)), zap.String("host", clip(c.Request.Host)))
	}
	if x.tenant != nil {
		fields = append(fields, zap.String("tenant", x.tenant.Slug))
	}
	if x.clientID != "" {
		fields = append(fields, zap.String("client_id", clip(x.clientID)))
	}
	if x.grant != "" {
		fields = append(fields, zap.String("grant_type", clip(x.grant)))
	}
	if x.failure != nil {
		fields = append(fields, zap.String("error", string(x.failure.Code)), zap.String("reason", string(x.failure.Reason)))
		if x.failure.Err != nil {
			fields = append(fields, zap.NamedError("cause", x.failure.Err))
		}
	}
	if status >= 500 {
		s.Log.Error("request", fields...)
		return
	}
	s.Log.Info("request", fields...)
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

// Note tells the access log which route of a router of its own answered, and
// what failed here; nil for nothing.
func Note(c *gin.Context, route string, failure error) {
	x := of(c)
	x.route = route
	if failure != nil {
		x.failure = asFailure(failure)
	}
}
